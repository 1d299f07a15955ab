// The report: what the runs under each fault came to, as Markdown.

import type { Run } from './scenario.ts'

/** All runs under one fault. */
export interface Row {
  readonly title: string
  readonly runs: readonly Run[]
  /** Why there are none. */
  readonly skipped?: string
}

const heads = [
  'fault',
  'runs',
  'accepted',
  'on disk',
  'lost',
  'duplicated',
  'torn',
  'out of order',
  'dropped and counted',
  'time to recover',
  'holds',
]

/** What the columns of the tables mean. */
export const howToRead = `Each row is a fault, put under the library in so many runs, each a process of its own. A judge that knows nothing of the library then
counts what is in the files.

- **accepted**: by the logger's own count; where it was killed, what a call or \`flush()\` had acknowledged before.
- **on disk**: entries found afterwards. There may be more than were acknowledged, and fewer where a fault takes files away.
- **lost**: entries that were promised and are neither on disk nor counted. **dropped and counted**: those that the logger itself reports.
- **time to recover**: from the end of the fault until everything that waited is written; the median and the longest.
- **holds**: the promise of [guarantees](guarantees.md) for that fault, under every run.

The second table does the same to bare rotating-file-stream: a fault that does not bite there would prove nothing.`

/** The table of the library: each row must hold. */
export function tableOf(rows: readonly Row[]): string {
  return markdown([
    heads,
    ...rows.map(({ title, runs, skipped }) => {
      if (skipped !== undefined)
        return [title, `not injected: ${skipped}`, ...heads.slice(2).map(() => '')]
      if (isNeverMet(runs)) return [title, 'the call is not made', ...heads.slice(2).map(() => '')]
      const broken = runs.filter(({ complaints }) => complaints.length > 0).length
      return [
        title,
        ...figuresOf(runs),
        number(total(runs, 'counted')),
        recoveryOf(runs),
        broken === 0 ? 'yes' : `**no**: ${broken} runs`,
      ]
    }),
  ])
}

/** The table of the known-bad writer: each fault must be seen to bite. */
export function controlTableOf(rows: readonly Row[]): string {
  return markdown([
    [...heads.slice(0, 8), 'bites'],
    ...rows
      .filter(({ skipped, runs }) => skipped === undefined && !isNeverMet(runs))
      .map(({ title, runs }) => [title, ...figuresOf(runs), biteOf(runs)]),
  ])
}

/** Whether a row of the known-bad writer shows damage, and what else broke. */
export function biteOf(runs: readonly Run[]): string {
  const bitten = runs.filter(({ complaints }) => complaints.length > 0)
  const first = bitten[0]?.complaints[0]
  return first === undefined ? '**no**' : `${bitten.length} runs: ${first.slice(0, 60)}`
}

/** Whether no process came to the fault, because it does without that call. */
export function isNeverMet(runs: readonly Run[]): boolean {
  return runs.every(({ isMet, complaints }) => isMet === false && complaints.length === 0)
}

/** Below the table: figures that belong to one fault, and every promise that was broken. */
export function remarksOf(rows: readonly Row[]): string {
  const remarks = rows.flatMap(({ title, runs }) =>
    runs.flatMap(({ remark }) => (remark === undefined ? [] : [`- ${title}: ${remark}`])),
  )
  const broken = rows.flatMap(({ title, runs }) => {
    const kinds = new Map<string, Run[]>()
    for (const run of runs) {
      for (const complaint of run.complaints) {
        // Runs that break in the same way are told once.
        const kind = complaint.replaceAll(/\d+/g, '#')
        kinds.set(kind, [...(kinds.get(kind) ?? []), run])
      }
    }
    return [...kinds].map(([kind, ofKind]) => {
      const { label, complaints } = ofKind[0]!
      const first = complaints.find((text) => text.replaceAll(/\d+/g, '#') === kind)
      return `- ${title}, ${label}: ${first}${ofKind.length > 1 ? ` (and ${ofKind.length - 1} more such runs)` : ''}`
    })
  })
  return [
    ...(remarks.length > 0 ? ['', ...remarks] : []),
    ...(broken.length > 0 ? ['', '**Broken:**', '', ...broken] : []),
  ].join('\n')
}

function figuresOf(runs: readonly Run[]): string[] {
  return [
    number(runs.length),
    number(total(runs, 'accepted')),
    number(total(runs, 'onDisk')),
    number(total(runs, 'lost')),
    number(total(runs, 'duplicated')),
    number(total(runs, 'torn')),
    number(total(runs, 'disordered')),
  ]
}

function total(
  runs: readonly Run[],
  figure: 'accepted' | 'onDisk' | 'lost' | 'duplicated' | 'torn' | 'disordered' | 'counted',
): number {
  return runs.reduce((sum, run) => sum + run[figure], 0)
}

/** Median and longest. */
function recoveryOf(runs: readonly Run[]): string {
  const times = runs
    .flatMap(({ recoveredMs }) => (recoveredMs === undefined ? [] : [recoveredMs]))
    .toSorted((a, b) => a - b)
  if (times.length === 0) return '–'
  const ms = (time: number): string => `${Math.round(time)} ms`
  return `${ms(times[times.length >> 1]!)}, longest ${ms(times.at(-1)!)}`
}

function number(value: number): string {
  return value.toLocaleString('en').replaceAll(',', ' ')
}

function markdown(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [
    line(head),
    `| ${head.map((_, i) => (i > 0 && i < 9 ? '---:' : '---')).join(' | ')} |`,
    ...body.map(line),
  ].join('\n')
}
