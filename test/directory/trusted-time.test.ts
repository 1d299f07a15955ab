// Which clock retention believes, with clocks that are set and years that pass in no time.

import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { dayMs } from '../../lib/directory/retention.ts'
import {
  type TimeRecord,
  TrustedTime,
  asTimeRecord,
  heldBack,
  lastChange,
} from '../../lib/directory/trusted-time.ts'
import { logDirectory } from '../log-directory.ts'

const start = Date.UTC(2026, 0, 1)
const hourMs = 3_600_000

/** Clocks that are set by hand: what passes is lived, what is set is not. */
class Clocks {
  wall = start
  lived = 0
  readonly wallMs = (): number => this.wall
  readonly monotonicMs = (): number => this.lived

  pass(ms: number): void {
    this.wall += ms
    this.lived += ms
  }
}

function days(ms: number): number {
  return Math.round((ms - start) / dayMs)
}

describe('TrustedTime.now()', () => {
  test('is the clock, as long as it goes on from what has been seen', () => {
    const clocks = new Clocks()
    const time = new TrustedTime({ seen: start - dayMs }, undefined, clocks)
    for (let hour = 0; hour < 24 * 400; hour++) {
      assert.equal(time.now(), clocks.wall)
      clocks.pass(hourMs)
    }
    assert.deepEqual(time.record, { seen: clocks.wall - hourMs })
  })

  test('does not follow a clock that is years ahead at the start, nor at the next starts', () => {
    const clocks = new Clocks()
    let record: TimeRecord = { seen: start }
    clocks.wall = start + 4000 * dayMs
    for (let run = 0; run < 100; run++) {
      const time = new TrustedTime(record, clocks.wall, clocks)
      assert.equal(days(time.now()), 0, `run ${run}`)
      clocks.pass(60_000)
      assert.equal(days(time.now()), 0)
      record = time.record
    }
    // It is put right.
    clocks.wall = start + dayMs
    const time = new TrustedTime(record, undefined, clocks)
    assert.deepEqual([days(time.now()), time.isDoubted], [1, false])
  })

  test('follows it when it has gone on for a day, in one run or over many', () => {
    const clocks = new Clocks()
    clocks.wall = start + 100 * dayMs
    const inOne = new TrustedTime({ seen: start }, undefined, clocks)
    let record: TimeRecord = { seen: start }
    const believed: number[][] = []
    for (let hour = 0; hour <= 24; hour++) {
      const run = new TrustedTime(record, undefined, clocks)
      believed.push([days(inOne.now()), days(run.now())])
      record = run.record
      clocks.pass(hourMs)
    }
    assert.deepEqual(believed[0], [0, 0])
    assert.deepEqual(believed[23], [1, 0])
    assert.deepEqual(believed[24], [101, 101])
  })

  test('does not take a second jump for the day that has to pass', () => {
    const clocks = new Clocks()
    const time = new TrustedTime({ seen: start }, undefined, clocks)
    for (const jump of [100, 2000, 300, 4000]) {
      clocks.wall = start + jump * dayMs
      assert.equal(days(time.now()), 0)
      assert.equal(time.isDoubted, true)
    }
  })

  test('follows one that is set again when it has gone on from there for a day', () => {
    const clocks = new Clocks()
    const time = new TrustedTime({ seen: start }, undefined, clocks)
    for (const jump of [100, 2000, 300]) {
      clocks.wall = start + jump * dayMs
      assert.equal(days(time.now()), 0)
    }
    clocks.pass(dayMs)
    assert.deepEqual([days(time.now()), time.isDoubted], [301, false])
  })

  test('is never more than the clock shows, and not misled when that was behind', () => {
    const clocks = new Clocks()
    clocks.wall = 1000
    const time = new TrustedTime({ seen: start }, undefined, clocks)
    assert.equal(time.now(), 1000)
    clocks.wall = start + hourMs
    assert.deepEqual([time.now(), time.isDoubted], [clocks.wall, false])
  })

  test('takes the last change of the files where nothing is written down', () => {
    const clocks = new Clocks()
    clocks.wall = start + 100 * dayMs
    assert.equal(new TrustedTime(undefined, start, clocks).now(), start)
    assert.equal(new TrustedTime(undefined, clocks.wall - dayMs, clocks).now(), clocks.wall)
    assert.equal(new TrustedTime(undefined, undefined, clocks).now(), clocks.wall)
  })

  test('doubts a machine that has slept for days until a day has passed', () => {
    const clocks = new Clocks()
    const time = new TrustedTime({ seen: start }, undefined, clocks)
    time.now()
    clocks.wall += 5 * dayMs
    assert.equal(days(time.now()), 0)
    clocks.pass(dayMs)
    assert.equal(days(time.now()), 6)
  })
})

describe('asTimeRecord()', () => {
  test('takes no other thing for one', () => {
    for (const value of [undefined, null, 7, {}, { seen: '1' }, { seen: -1 }, { seen: 1e300 }]) {
      assert.equal(asTimeRecord(value), undefined)
    }
    assert.deepEqual(asTimeRecord({ seen: 5, doubted: 'x', other: 1 }), { seen: 5 })
    assert.deepEqual(asTimeRecord({ seen: 5, doubted: 6 }), { seen: 5, doubted: 6 })
  })
})

describe('lastChange()', () => {
  test('is that of the log, backdated files too, not of strangers', (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    const bases = new Set(['system.log'])
    assert.equal(lastChange(directory, bases), undefined)
    const before = Date.now() - 1000
    writeFileSync(join(directory, 'other.log'), '')
    assert.equal(lastChange(directory, bases), undefined)
    writeFileSync(join(directory, 'system.log.3'), '')
    utimesSync(join(directory, 'system.log.3'), 1, 1)
    chmodSync(join(directory, 'system.log.3'), 0o600)
    assert.ok(lastChange(directory, bases)! >= before)
  })
})

describe('heldBack()', () => {
  test('names what only the clock calls too old', (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    for (const [name, age] of [
      ['system.log', 500],
      ['system.log.1', 40],
      ['system.log.2.gz', 10],
    ] as const) {
      writeFileSync(join(directory, name), '')
      const at = new Date(Date.now() - age * dayMs)
      utimesSync(join(directory, name), at, at)
    }
    const bases = new Set(['system.log'])
    const doubting = new TrustedTime({ seen: Date.now() - 50 * dayMs }, undefined)
    doubting.now()
    const [held, ...others] = heldBack(directory, bases, 30 * dayMs, doubting)
    assert.deepEqual([held?.file, others], ['system.log.1', []])
    assert.match(held!.reason, /^not deleted: the clock is \d+ days ahead of the log/)
    // Where it is written down what has been seen, the times of files change nothing.
    assert.match(held!.reason, /a logger that writes here for a day will believe it$/)
    const fromFiles = new TrustedTime(undefined, Date.now() - 50 * dayMs)
    fromFiles.now()
    const [other] = heldBack(directory, bases, 30 * dayMs, fromFiles)
    assert.match(other!.reason, /touch a file of the log$/)
    const sure = new TrustedTime({ seen: Date.now() }, undefined)
    assert.deepEqual(heldBack(directory, bases, 30 * dayMs, sure), [])
  })
})
