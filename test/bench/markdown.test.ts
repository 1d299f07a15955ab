import assert from 'node:assert/strict'
import { test } from 'node:test'
import { betweenMarkers, figure, headlineOf, tablesOf, tablesOfRuns } from '../../bench/markdown.ts'
import { latencyPicture, ratePicture, throughputPicture } from '../../bench/pictures.ts'
import type { Row } from '../../bench/results.ts'
import { resultsWith, rowWith } from './results-file.ts'

const results = resultsWith(
  [
    rowWith([83, 80, 95]),
    rowWith([8300, 8000, 9500], { subject: 'pino-async' }),
    rowWith([], { subject: 'winston', fault: 'expected 3 lines,\ngot 2 | 1' }),
    ...(['entries_per_s', 'entry_cpu_us', 'rss_mb'] as const).map((metric) =>
      rowWith([1, 2, 3], { measure: 'disk', metric }),
    ),
    rowWith([70], { measure: 'tail', metric: 'p50_ns' }),
    rowWith([9], { measure: 'rates', metric: 'cpu_1000x5_us' }),
    rowWith([Number.NaN], { measure: 'rates', metric: 'cpu_100x5_us' }),
  ],
  { skipped: { slow: 'strace cannot be started' } },
)

test('tablesOf() shows median and spread, keeps rows that do not count, and says what was left out', () => {
  const text = tablesOf(results)
  assert.match(text, /\| \*\*ringlog, typed event\*\* \| 83\.0 \(80\.0–95\.0\) \|/)
  assert.match(text, /\| pino, asynchronous \| 8 300 \(8 000–9 500\) \|/)
  assert.match(text, /\| winston \| does not count: expected 3 lines, got 2 \\\| 1 \|/)
  assert.doesNotMatch(text, /NaN/, 'what a quick run leaves out')
  assert.match(text, /Not measured: strace cannot be started\./)
  assert.match(text, /Some CPU, 2 cores, Linux 6\.1, ext4, 2026-11-23; against pino 10\.4\.0\./)
})

test('headlineOf() shows three figures at most, of the measures that a run has', () => {
  const pick = (measure: string, metric: string) => [
    rowWith([1], { measure, metric }),
    rowWith([20], { measure, metric, subject: 'pino-async' }),
  ]
  const some = headlineOf(resultsWith(pick('tail', 'p99_ns')))
  assert.match(some, /\| 99 of 100 calls return within, ns \| 1\.00 \| {2}\| 20\.0 \|/)
  assert.match(some, /Some CPU, 2 cores, 2026-11-23\./)
  const all = headlineOf(
    resultsWith([
      ...pick('allocation', 'call_bytes'),
      ...pick('disk', 'entry_cpu_us'),
      ...pick('tail', 'p99_ns'),
      ...pick('rates', 'cpu_1000x5_us'),
    ]),
  )
  assert.equal(all.split('\n').filter((line) => line.endsWith('| 20.0 |')).length, 3)
  assert.doesNotMatch(all, /garbage collector/)
})

test('a figure that may as well be nothing is noise, and its end is all that is shown of it', () => {
  const metric = 'cpu_1000x5_us'
  const rate = (values: readonly number[], intervals: Row['intervals'], more: Partial<Row> = {}) =>
    rowWith(values, { measure: 'rates', metric, intervals: intervals!, ...more })
  const above = [2, 6] as const
  const around = [-4, 5] as const
  const [typed, untyped, pino, winston] = (
    ['ringlog-typed', 'ringlog-untyped', 'pino-async', 'winston'] as const
  ).map((subject) => ({ subject }))
  const rows = [
    rate([-1, 3], [around, around], typed),
    rate([-3, 2], [around, above], untyped),
    rate([8, 10], [above, [7, 12]], pino),
    rate([1, 4], [around, above], winston),
  ]
  const text = tablesOf(resultsWith(rows))
  assert.match(text, /typed event\*\* .*\| noise \(< 5\.00\) \|/)
  assert.match(text, /untyped\*\* .*\| noise \(< 6\.00\) \|/, 'less than nothing in the middle')
  assert.match(text, /pino, asynchronous .*\| 9\.00 \(2\.00–12\.0\) \|/)
  assert.match(text, /winston .*\| 2\.50 \(-4\.00–6\.00\) \|/, 'one of two rounds knows')
  assert.match(headlineOf(resultsWith(rows)), /\| noise \| noise \| 9\.00 \|/)
  const picture = ratePicture(resultsWith(rows))
  assert.match(picture, /pino/)
  assert.doesNotMatch(picture, /typed event/)
})

test('tablesOf() has a table for each group of figures', () => {
  const figures = ['cpu_1000x5_us', 'loop_1000x5_us']
  const text = tablesOf(
    resultsWith(figures.map((metric) => rowWith([9], { measure: 'rates', metric }))),
  )
  assert.match(text, /\*\*Processor time\*\*[^]*\*\*Time of the event loop\*\*/)
  assert.equal(text.match(/\| 9\.00 \|/g)?.length, 2)
})

test('tablesOf() shows the measures asked for', () => {
  const text = tablesOf(results, new Set(['disk']))
  assert.match(text, /Until it is in the files/)
  assert.doesNotMatch(text, /What a call costs/)
})

test('tablesOfRuns() shows each measure of the first run that has it, below its conditions', () => {
  const only = (measure: string, date: string) => ({
    ...results,
    date,
    skipped: {},
    rows: results.rows.filter((row) => row.measure === measure),
  })
  const disk = only('disk', '2026-12-01T00:00:00.000Z')
  const text = tablesOfRuns([disk, disk, { ...results, date: '2026-11-01T00:00:00.000Z' }])
  assert.equal(text.split('### Until it is in the files').length, 2)
  assert.equal(text.split('2026-12-01').length, 2)
  assert.ok(text.indexOf('2026-12-01') < text.indexOf('2026-11-01'))
})

test('tablesOf() makes rows as wide as their head', () => {
  for (const table of tablesOf(results)
    .split('\n\n')
    .filter((part) => part.startsWith('|'))) {
    const widths = table
      .split('\n')
      .map((line) => line.replaceAll(String.raw`\|`, '').split('|').length)
    assert.equal(new Set(widths).size, 1, table)
  }
})

test('figure() shows the digits that matter', () => {
  assert.deepEqual([1234567, 100, 12.34, 1.234, 0].map(figure), [
    '1 234 567',
    '100',
    '12.3',
    '1.23',
    '0',
  ])
})

test('betweenMarkers() replaces what stands there, again and again, and nothing else', () => {
  const text = 'a\n<!-- bench -->\nold\n<!-- /bench -->\nb\n'
  const once = betweenMarkers(text, 'bench', 'new')
  assert.equal(once, 'a\n<!-- bench -->\n\nnew\n\n<!-- /bench -->\nb\n')
  assert.equal(betweenMarkers(once, 'bench', 'new'), once)
  assert.throws(() => betweenMarkers('a', 'bench', 'new'), /expected <!-- bench -->/)
})

test('the pictures are SVG and name the subjects that count', () => {
  const throughput = throughputPicture(results)
  assert.match(throughput, /^<svg /)
  assert.match(throughput, /ringlog, typed event/)
  assert.doesNotMatch(throughput, /winston/)
  assert.match(latencyPicture(results), /Some CPU/)
  assert.match(ratePicture(results), /ringlog, typed event/)
})
