import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { daysBetween, parseBars, pathOf, stepsPerBar } from '../../scripts/demo/bars.ts'

const csvFile = 'scripts/demo/sp500-2000.csv'
const header = 'date,open,high,low,close,adjclose,volume'

describe('parseBars', () => {
  it('reads every row of the S&P 500 file', () => {
    const csv = readFileSync(csvFile, 'utf8')
    const bars = parseBars(csv)
    assert.equal(bars.length, csv.trimEnd().split('\n').length - 1)
    assert.deepEqual(bars[0], {
      date: '2000-01-03',
      open: 1469.25,
      high: 1478,
      low: 1438.359985,
      close: 1455.219971,
      volume: 931_800_000,
    })
    assert.equal(bars.at(-1)?.date, '2020-04-17')
  })

  it('names the header it expected', () => {
    assert.throws(() => parseBars('day,price\n'), /expected the header date,open,.*, got day,price/)
  })

  for (const [fault, rows] of [
    ['a price that is no number', '2000-01-03,1,2,x,1.5,1.5,10'],
    ['a missing volume', '2000-01-03,1,2,1,1.5'],
    ['a close above the high', '2000-01-03,1,2,1,2.5,2.5,10'],
    ['an open below the low', '2000-01-03,0.5,2,1,1.5,1.5,10'],
    ['another way to write a date', '03.01.2000,1,2,1,1.5,1.5,10'],
    ['an empty row', ''],
  ] as const) {
    it(`refuses ${fault}, with the line`, () => {
      const csv = [header, '1999-12-31,1,2,1,1.5,1.5,10', rows, '2000-01-04,1,2,1,1.5,1.5,10']
      assert.throws(
        () => parseBars(csv.join('\n')),
        (error) => error instanceof RangeError && error.message.includes('line 3'),
      )
    })
  }

  it('refuses a day that is not after the one before', () => {
    const day = '2000-01-03,1,2,1,1.5,1.5,10'
    assert.throws(() => parseBars([header, day, day].join('\n')), /line 3/)
  })
})

describe('pathOf', () => {
  const bar = { date: '2000-01-03', open: 100, high: 110, low: 90, close: 105, volume: 1 }

  it('visits the low first on a day that closed higher', () => {
    const path = pathOf(bar, 0.25)
    assert.equal(path.length, stepsPerBar)
    assert.deepEqual([path[0], path[4], path[8], path[12]], [100, 90, 110, 105])
  })

  it('visits the high first on a day that closed lower', () => {
    const path = pathOf({ ...bar, close: 95 }, 0.25)
    assert.deepEqual([path[0], path[4], path[8], path[12]], [100, 110, 90, 95])
  })

  it('stays on the grid of the contract and within the day', () => {
    for (const day of parseBars(readFileSync(csvFile, 'utf8'))) {
      for (const price of pathOf(day, 0.25)) {
        assert.equal((price * 4) % 1, 0)
        assert.ok(price >= day.low - 0.125 && price <= day.high + 0.125, `${day.date}: ${price}`)
      }
    }
  })
})

describe('daysBetween', () => {
  it('counts calendar days, over a change of the clocks too', () => {
    assert.equal(daysBetween('2001-09-10', '2001-09-17'), 7)
    assert.equal(daysBetween('2008-03-07', '2008-03-10'), 3)
  })
})
