// The end of the demo: what was written, what it cost, whether everything promised was kept, and
// what to try next. Every number is measured in the run that has just ended.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DaemonReport } from './daemon.ts'
import type { FileGroup, Findings } from './log-files.ts'
import type { Screen } from './screen.ts'
import type { StreamCount } from './stream-count.ts'

/** One promise and whether it was kept. */
export interface Check {
  readonly name: string
  readonly passed: boolean
  readonly found: string
}

/** Holds what was found against what was promised. */
export function checksOf(
  report: DaemonReport,
  findings: Findings,
  count: StreamCount,
  fileBytesMax: number,
): Check[] {
  const { stats, cost } = report
  const { lines, copies, valid, lastSeq, largestBytes, leaks, faults } = findings
  const numbered = [...lastSeq.values()].reduce((sum, seq) => sum + seq, 0)
  const rotatedCount = findings.groups.reduce((sum, group) => sum + group.rotatedCount, 0)
  const strayed = count.missing() + count.repeated + count.late
  const lost = stats.dropped.total + stats.diverted + stats.queued
  return [
    {
      name: 'nothing lost',
      passed: stats.written === stats.accepted && lost === 0 && stats.accepted >= cost.calls,
      found: `${grouped(stats.accepted)} accepted, ${grouped(stats.written)} written, ${lost} dropped`,
    },
    {
      name: 'on disk',
      passed: lines === stats.accepted + copies && copies > 0,
      found: `${grouped(lines)} lines = accepted + ${grouped(copies)} copies in error.log`,
    },
    {
      name: 'in order',
      passed: numbered === stats.accepted && faults.length === 0,
      found: `seq of ${lastSeq.size} categories, each from 1 without a gap`,
    },
    {
      name: 'valid',
      passed: valid === lines,
      found: `${grouped(valid)} lines pass the JSON Schema (ajv, draft-07)`,
    },
    {
      name: 'followed',
      passed: count.entries === stats.accepted && strayed === 0,
      found: `${grouped(count.entries)} entries came through the stream, each once, in order`,
    },
    {
      name: 'rotated',
      passed: rotatedCount > 0 && stats.rotations === rotatedCount && largestBytes <= fileBytesMax,
      found: `${rotatedCount} times, no file above ${grouped(fileBytesMax)} bytes`,
    },
    {
      name: 'secret kept',
      passed: leaks.length === 0,
      found:
        leaks.length === 0
          ? 'the API key given to the log is in no file'
          : `the API key given to the log is in ${leaks.join(', ')}`,
    },
  ]
}

/** Prints the summary; returns whether every check passed. */
export function printSummary(
  screen: Screen,
  directory: string,
  report: DaemonReport,
  findings: Findings,
  count: StreamCount,
  checks: readonly Check[],
): boolean {
  const { stats, cost, days, seconds, secondsWanted } = report
  const row = (name: string, text: string): void => {
    screen.print(`  ${screen.paint('cyan', name.padEnd(12))} ${text}`)
  }
  const section = (title: string): void => {
    screen.print()
    screen.print(screen.paint('bold', title))
  }

  section(`Files in ${directory}`)
  const largestFirst = findings.groups.toSorted((a, b) => bytesOf(b) - bytesOf(a))
  for (const group of largestFirst) row(group.name.replace('.log', ''), fileText(group))

  section('This run')
  const rate = grouped(Math.round(stats.accepted / seconds))
  row('entries', `${grouped(stats.accepted)} for ${grouped(days)} days, ${bytesText(stats.bytes)}`)
  row('shown', `${grouped(count.shown)} (INFO and above); the rest is DEBUG, in the files only`)
  const pace = secondsWanted > 0 ? 'paced for the eye; --seconds 0 is unpaced' : 'trading included'
  row('time', `${seconds.toFixed(1)} s, ${rate} entries/s (${pace})`)
  const mean = screen.paint('bold', `${microsText(cost.meanNs)} per call`)
  const days99 = `99 % of days below ${microsText(cost.p99Ns)}`
  row('cost', `${mean} on average; median day ${microsText(cost.p50Ns)}, ${days99}`)
  row('', `${grouped(cost.calls)} calls, clocked with hrtime around all calls of each day`)

  section('Checked')
  for (const { name, passed, found } of checks) {
    const mark = passed ? screen.paint('green', '✓') : screen.paint('red', '✗')
    screen.print(`  ${mark} ${screen.paint('cyan', name.padEnd(13))} ${found}`)
  }
  for (const fault of findings.faults) screen.print(`    ${screen.paint('red', fault)}`)
  if (stats.last_error !== undefined) row('last error', stats.last_error)

  section('Try')
  for (const command of commands(directory)) screen.print(`  ${command}`)
  return checks.every(({ passed }) => passed)
}

function fileText({ liveBytes, rotatedCount, rotatedBytes }: FileGroup): string {
  const live = bytesText(liveBytes).padStart(10)
  if (rotatedCount === 0) return live
  return `${live}  and ${rotatedCount} rotated, ${bytesText(rotatedBytes)}`
}

function bytesOf({ liveBytes, rotatedBytes }: FileGroup): number {
  return liveBytes + rotatedBytes
}

/** Three commands that work here and now, on the files of this run. */
function commands(directory: string): string[] {
  const at = (name: string): string => shellWord(join(directory, name))
  const root = new URL('.', import.meta.resolve('ringlog/package.json'))
  const manifest = readFileSync(new URL('package.json', root), 'utf8')
  const { bin } = JSON.parse(manifest) as { readonly bin?: { readonly [name: string]: string } }
  const cli = bin?.['ringlog'] === undefined ? undefined : new URL(bin['ringlog'], root)
  const first =
    cli !== undefined && existsSync(cli)
      ? `node ${shellWord(fileURLToPath(cli))} tail -d ${shellWord(directory)} -n 30 -l warning -x`
      : `tail -n 5 ${at('enforcement.log')}`
  const bench = existsSync(new URL('build/bench/run.js', root))
  const last = bench ? 'npm run bench' : `less ${at('system.log.1')}`
  return [first, `jq -c 'select(.level == "CRITICAL") | .context' ${at('error.log')}`, last]
}

/** A word for a shell: as it is where that is safe, quoted where it is not. */
function shellWord(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** `41,203` */
export function grouped(count: number): string {
  return count.toLocaleString('en-US')
}

/** `1.0 MB`, in units of 1024. */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`
}

function microsText(ns: number): string {
  return `${(ns / 1000).toFixed(2)} µs`
}
