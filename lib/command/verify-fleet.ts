// `ringlog verify --from URL`: what an engine has of each host, log and category, and what is
// missing.

import { visible } from '../entry/visible-text.ts'
import { LogFinder } from '../directory/log-finder.ts'
import type { SeqStretch } from '../ship/engine.ts'
import { PatientReader, readPatienceMs } from '../ship/patient-reader.ts'
import {
  type ReportedLoss,
  type SeriesReport,
  reportedLosses,
  verifyFleet,
} from '../ship/fleet-audit.ts'
import { counted } from './count.ts'
import type { Io } from './io.ts'
import { engineOf } from './tail-fleet.ts'
import { type DirectoryOptions, placeOf } from './target-directory.ts'

/** Stretches of one series that are listed. */
const stretchesMax = 20

/**
 * Verifies.
 *
 * @param options Directories whose entries have to be there as well; without any, none.
 * @returns the exit code: 1 when anything is missing, or there is nothing.
 * @throws {UsageError} when the URL is none. What the engine says.
 */
export async function verifyEngine(
  url: string,
  options: DirectoryOptions,
  io: Io,
): Promise<number> {
  const isNamed = options.directory !== undefined || options.config !== undefined
  const directories = isNamed
    ? new LogFinder((await placeOf(options)).directories).find().map(({ directory }) => directory)
    : []
  const remark = (text: string): void => {
    io.progress.clear()
    io.remark(text)
  }
  const place = await engineOf(url, remark)
  const patience = { patienceMs: readPatienceMs, tell: remark, signal: io.out.closed }
  const reader = new PatientReader(place.reader(), patience)
  io.progress.repeat((seconds) => `verifying, ${seconds} s`)
  let reports: readonly SeriesReport[]
  let losses: readonly ReportedLoss[]
  try {
    reports = await verifyFleet(reader, directories)
    losses = await reportedLosses(reader)
  } finally {
    io.progress.clear()
    await reader.close()
  }
  for (const report of reports) await io.out.write(`${lineOf(report)}\n`)
  for (const { host, log_id, entries: lost } of losses) {
    const what = `${counted(lost, 'entry')} as lost, or only on the console`
    io.remark(`${visible(host)} ${visible(log_id)}: the logger itself has reported ${what}`)
  }
  if (reports.length === 0) {
    io.remark(`no log in ${visible(place.name)}`)
    return 1
  }
  const entries = reports.reduce((sum, { count }) => sum + count, 0)
  const missing = reports.reduce((sum, report) => sum + numbersIn(report.missing), 0)
  const disordered = reports.reduce((sum, report) => sum + numbersIn(report.disordered), 0)
  const hosts = new Set(reports.map(({ host }) => host)).size
  const of = `${counted(reports.length, 'category')} of ${counted(hosts, 'host')}`
  const what = `${counted(entries, 'entry')} of ${of}`
  const twice = disordered === 0 ? '' : `, ${disordered} twice or out of order`
  await io.out.write(`${what}, ${missing === 0 ? 'none' : missing} missing${twice}\n`)
  return missing === 0 && disordered === 0 ? 0 : 1
}

function lineOf(report: SeriesReport): string {
  const { host, log_id, category, there, missing, held, disordered } = report
  const name = [host === '' ? '(no host)' : host, log_id, category].map(visible).join(' ')
  const what = there === undefined ? 'nothing is there' : `${there[0]} to ${there[1]}`
  const parts = [
    `${name}: ${what}`,
    // No fault by itself: it may be too old for the engine, or was for the files when it was sent.
    ...(there !== undefined && there[0] > 1 && !missing.some(([, to]) => to === there[0] - 1)
      ? [`nobody has ${listOf([[1, there[0] - 1]])}`]
      : []),
    ...(missing.length > 0 ? [`${numbersIn(missing)} missing: ${listOf(missing)}`] : []),
    ...(held.length > 0 ? [`the host still holds ${listOf(held)}`] : []),
    ...(disordered.length > 0 ? [`twice or out of order: ${listOf(disordered)}`] : []),
  ]
  return parts.join('; ')
}

function listOf(stretches: readonly SeqStretch[]): string {
  const more = stretches.length - stretchesMax
  const texts = stretches
    .slice(0, stretchesMax)
    .map(([from, to]) => (from === to ? String(from) : `${from} to ${to}`))
  return texts.join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function numbersIn(stretches: readonly SeqStretch[]): number {
  return stretches.reduce((sum, [from, to]) => sum + to - from + 1, 0)
}
