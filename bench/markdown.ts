// Results as Markdown: a table per measure and variant, a line per subject, `median (min–max)` per
// figure.

import type { Measure } from './measure.ts'
import { measures } from './measures/catalog.ts'
import { isNoise, type Results, type Row } from './results.ts'
import { groupBy, spreadOf } from './statistics.ts'
import { subjects, type SubjectInfo, type SubjectName } from './subjects/catalog.ts'

/** Everything, or the tables of some measures. */
export function tablesOf(results: Results, only?: ReadonlySet<string>): string {
  const parts = measures
    .filter(({ name }) => only === undefined || only.has(name))
    .map((measure) => measureTables(measure, results))
    .filter((text) => text !== '')
  return [conditionsOf(results), ...parts].join('\n\n')
}

/**
 * Each measure from the first of the runs that has it; the tables of a run below its conditions.
 */
export function tablesOfRuns(runs: readonly Results[]): string {
  const shown = new Set<string>()
  const parts = runs.flatMap((results) => {
    const measured = new Set(
      [...results.rows.map(({ measure }) => measure), ...Object.keys(results.skipped)].filter(
        (measure) => !shown.has(measure),
      ),
    )
    for (const measure of measured) shown.add(measure)
    return measured.size === 0 ? [] : [tablesOf(results, measured)]
  })
  return parts.join('\n\n')
}

/** What README says, most telling first; a run has some of them. */
const headlines: readonly (readonly [
  title: string,
  measure: string,
  variant: string,
  metric: string,
])[] = [
  ['processor time of an entry, µs: 1 000 turns a second × 1', 'rates', 'entry', 'cpu_1000x1_us'],
  ['the same: 1 000 turns a second × 5', 'rates', 'entry', 'cpu_1000x5_us'],
  ['a call, 100 a turn, the making of its context included, ns', 'mixed', 'entry', 'mean_100_ns'],
  ['99 of 100 calls return within, ns', 'tail', 'entry', 'p99_ns'],
  ['processor time of an entry as fast as it goes, µs', 'disk', 'entry', 'entry_cpu_us'],
  [
    'memory that a call leaves to the garbage collector, bytes',
    'allocation',
    'entry',
    'call_bytes',
  ],
]
const headlineSubjects: readonly SubjectName[] = ['ringlog-typed', 'ringlog-untyped', 'pino-async']

/** The three figures of README, for ours and for the quickest of the known ones. */
export function headlineOf(results: Results): string {
  const lines = headlines
    .map(([title, measure, variant, metric]) => [
      title,
      ...headlineSubjects.map((subject) => {
        const row = results.rows.find(
          (each) =>
            each.subject === subject &&
            each.measure === measure &&
            each.variant === variant &&
            each.metric === metric,
        )
        return medianCellOf(row)
      }),
    ])
    .filter(([, ...figures]) => figures.some((text) => text !== ''))
    .slice(0, 3)
  const { machine, date } = results
  return [
    [
      lineOf(['', ...headlineSubjects.map(titleOf)]),
      lineOf(['---', ...headlineSubjects.map(() => '---:')]),
      ...lines.map(lineOf),
    ].join('\n'),
    `An entry with 17 values. Node ${machine.node.slice(1)}, ${machine.cpu}, ${machine.cores} cores, ${date.slice(0, 10)}.`,
  ].join('\n\n')
}

/** On what, with which versions. */
export function conditionsOf(results: Results): string {
  const { machine, versions } = results
  const others = Object.entries(versions).filter(([name]) => name !== 'ringlog')
  return [
    `ringlog ${versions['ringlog'] ?? ''} (${results.commit}) on Node ${machine.node.slice(1)}, ${machine.cpu}, ` +
      `${machine.cores} cores, ${machine.os}, ${machine.file_system}, ${results.date.slice(0, 10)}; against ` +
      `${others.map(([name, version]) => `${name} ${version}`).join(', ')}.`,
    results.rounds === 1
      ? 'One round: figures for a look, without a spread.'
      : `Each configuration in a process of its own, ${results.rounds} rounds, interleaved: median (min–max). ` +
        "V8's young generation has grown to its full size before, as in a process that has run for a while. " +
        'A line whose entries are not all in the files, valid, in order and once says so and has no figures.',
  ].join('\n')
}

/**
 * Replaces what stands between `<!-- name -->` and `<!-- /name -->`.
 *
 * @throws {Error} when the markers are not there.
 */
export function betweenMarkers(text: string, name: string, replacement: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const start = text.indexOf(open)
  const end = text.indexOf(close, start)
  if (start === -1 || end === -1) {
    throw new Error(
      `Cannot place the tables: expected ${open} and ${close}, got a text without them`,
    )
  }
  return `${text.slice(0, start + open.length)}\n\n${replacement}\n\n${text.slice(end)}`
}

function measureTables(measure: Measure, results: Results): string {
  const rows = results.rows.filter((row) => row.measure === measure.name)
  const skipped = results.skipped[measure.name]
  if (skipped !== undefined) return `### ${measure.title}\n\nNot measured: ${skipped}.`
  if (rows.length === 0) return ''
  const shared = measure.name === 'growth' || measure.name === 'event-log'
  const tables = shared
    ? [variantsTable(measure, rows)]
    : [...groupBy(rows, ({ variant }) => variant)].flatMap(([variant, ofVariant]) =>
        [...groupBy(measure.metrics, (metric) => metric.table)].map(([title, metrics]) => {
          const text = subjectsTable({ ...measure, metrics }, ofVariant)
          return `**${title ?? measure.variantTitle(variant)}**\n\n${text}`
        }),
      )
  return [`### ${measure.title}`, measure.about, ...tables].join('\n\n')
}

/** A line per subject. */
function subjectsTable(measure: Measure, rows: readonly Row[]): string {
  const lines = [...groupBy(rows, ({ subject }) => subject)].map(
    ([subject, ofSubject]): [string, readonly Row[]] => [titleOf(subject), ofSubject],
  )
  return table(measure, '', lines)
}

/** A line per variant, for a measure of one subject. */
function variantsTable(measure: Measure, rows: readonly Row[]): string {
  const lines = [...groupBy(rows, ({ variant }) => variant)].map(
    ([variant, ofVariant]): [string, readonly Row[]] => [measure.variantTitle(variant), ofVariant],
  )
  return table(measure, '', lines)
}

function table(measure: Measure, corner: string, lines: [string, readonly Row[]][]): string {
  const metrics = measure.metrics.filter(({ hidden }) => hidden !== true)
  const cells = lines.map(([title, rows]) => {
    const fault = rows.find((row) => row.fault !== undefined)?.fault
    if (fault !== undefined) {
      return [title, `does not count: ${escaped(fault)}`, ...metrics.slice(1).map(() => '')]
    }
    return [title, ...metrics.map(({ name }) => cellOf(rows.find((row) => row.metric === name)))]
  })
  return [
    lineOf([corner, ...metrics.map(({ title }) => title)]),
    lineOf(['---', ...metrics.map(() => '---:')]),
    ...cells.map(lineOf),
  ].join('\n')
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function escaped(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll(/\s+/g, ' ')
}

/** `83 (80–95)`; one value alone without a spread; `noise (< 95)`. */
function cellOf(row: Row | undefined): string {
  const median = medianCellOf(row)
  if (row === undefined || median === '') return ''
  const ends = row.intervals?.flat() ?? row.values
  if (ends.length === 1) return median
  const { min, max } = spreadOf(ends)
  return isNoise(row) ? `${median} (< ${figure(max)})` : `${median} (${figure(min)}–${figure(max)})`
}

/** `83`, `noise`. */
function medianCellOf(row: Row | undefined): string {
  // A quick run leaves some out.
  if (row === undefined || row.values.length === 0 || row.values.some(Number.isNaN)) return ''
  return isNoise(row) ? 'noise' : figure(spreadOf(row.values).median)
}

/** Three digits that matter; thousands apart. */
export function figure(value: number): string {
  const size = Math.abs(value)
  if (size >= 100) return Math.round(value).toLocaleString('en').replaceAll(',', ' ')
  if (size >= 10) return value.toFixed(1)
  return size === 0 ? '0' : value.toFixed(2)
}

export function titleOf(subject: SubjectName): string {
  const info: SubjectInfo = subjects[subject]
  return info.kind === 'ours' ? `**${info.title}**` : info.title
}
