// The file of a run: what was measured, where, with which versions. Everything else — tables,
// pictures, comparisons — is made from such a file, never from memory.

import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import { join } from 'node:path'
import type { Scale } from './measure.ts'
import { repository } from './repository.ts'
import { spreadOf } from './statistics.ts'
import { subjectNames, subjects, type SubjectInfo, type SubjectName } from './subjects/catalog.ts'

/** One figure of one subject: a value per round. */
export interface Row {
  readonly measure: string
  readonly variant: string
  readonly subject: SubjectName
  readonly metric: string
  readonly better: 'lower' | 'higher'
  /** In the order of the rounds. Empty when there is a fault. */
  readonly values: readonly number[]
  /** The interval of each value, where it has one. */
  readonly intervals?: readonly (readonly [low: number, high: number])[]
  /** Why the row does not count. */
  readonly fault?: string
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memory_gb: number
  readonly os: string
  readonly file_system: string
  readonly node: string
  readonly v8: string
}

export interface Results {
  readonly format: 1
  readonly date: string
  /** With `+` behind it when the tree had changes that are not committed. */
  readonly commit: string
  readonly scale: Scale
  readonly rounds: number
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  /** Measures left out, and why. */
  readonly skipped: Readonly<Record<string, string>>
  readonly rows: readonly Row[]
}

export const resultsDirectory: string = join(repository, 'bench', 'results')
export const latestFile: string = join(resultsDirectory, 'latest.json')

/**
 * Whether a figure cannot be told from nothing: in none of the rounds is all of its interval above
 * zero. The end of the intervals is all that is known then.
 */
export function isNoise({ intervals = [], values }: Row): boolean {
  if (intervals.length === 0) return false
  return intervals.every(([low]) => low <= 0) || spreadOf(values).median <= 0
}

/** What the machine is, as far as figures depend on it. */
export function machineOf(directory: string): Machine {
  const cpus = os.cpus()
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memory_gb: Math.round(os.totalmem() / 1e9),
    os: `${os.type()} ${os.release()}`,
    file_system: fileSystemOf(directory),
    node: process.version,
    v8: process.versions.v8,
  }
}

/** The type of the file system by /proc/mounts, by its number elsewhere. */
function fileSystemOf(directory: string): string {
  try {
    const mounts = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([, point = '']) => directory === point || directory.startsWith(withSlash(point)))
      .toSorted(([, a = ''], [, b = '']) => b.length - a.length)
    const type = mounts[0]?.[2]
    if (type !== undefined) return type
  } catch {
    // Not Linux: the number below has to do.
  }
  return `type 0x${statfsSync(directory).type.toString(16)}`
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`
}

/** The versions of ringlog and of all rivals, from what is installed. */
export function versionsOf(): Record<string, string> {
  const modules = subjectNames.flatMap((name) => {
    const { module }: SubjectInfo = subjects[name]
    return module === undefined ? [] : [module]
  })
  return Object.fromEntries([...new Set(modules)].map((module) => [module, versionOf(module)]))
}

/** Not every package exports its package.json, so it is looked for above its entry point. */
function versionOf(module: string): string {
  if (module === 'ringlog') return versionIn(join(repository, 'package.json'))
  const paths = createRequire(import.meta.url).resolve.paths(module) ?? []
  const file = paths
    .map((path) => join(path, module, 'package.json'))
    .find((path) => existsSync(path))
  return file === undefined ? 'not installed' : versionIn(file)
}

function versionIn(file: string): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

function git(...words: string[]): string {
  return execFileSync('git', words, { cwd: repository, encoding: 'utf8', stdio: 'pipe' }).trim()
}

/** What figures come from: not documents, tests and results. */
const sources = ['lib', 'bench', 'package.json', ':!bench/results', ':!bench/README.md']

/**
 * The commit that was measured: the last one that changed what figures come from, so that measures
 * before and after a change to the documents join.
 */
export function commitOf(): string {
  try {
    const changed = git('status', '--porcelain', '--', ...sources) !== ''
    const commit = git('log', '-1', '--format=%h', '--abbrev=10', '--', ...sources)
    return `${commit}${changed ? '+' : ''}`
  } catch {
    // A copy without its history.
    return 'unknown'
  }
}

/**
 * Writes `<date>-<commit>.json` and `latest.json`; a quick run is for a look and replaces neither,
 * but `quick.json`. One that cannot join another of its day and commit gets a number behind it.
 *
 * @returns the file.
 */
export function writeResults(results: Results, directory: string = resultsDirectory): string {
  mkdirSync(directory, { recursive: true })
  const fileOf = (name: string): string => join(directory, `${name}.json`)
  const write = (file: string, written: Results): string => {
    writeFileSync(file, `${JSON.stringify(written, undefined, 1)}\n`)
    return file
  }
  if (results.scale === 'quick') return write(fileOf('quick'), results)
  const latest = existsSync(fileOf('latest')) ? readResults(fileOf('latest')) : undefined
  const whole = latest === undefined ? results : joined(latest, results)
  write(fileOf('latest'), whole)
  const name = `${results.date.slice(0, 10)}-${results.commit.replace('+', '-changed')}`
  const isOther = (file: string): boolean =>
    existsSync(file) && (whole === results || readResults(file).date !== latest?.date)
  let file = fileOf(name)
  for (let n = 2; isOther(file); n++) file = fileOf(`${name}-${n}`)
  return write(file, whole)
}

/**
 * A run of some measures joins the others of the same commit, machine and rounds; otherwise it
 * stands alone.
 */
export function joined(before: Results, after: Results): Results {
  const same = (key: 'commit' | 'rounds' | 'machine' | 'versions'): boolean =>
    JSON.stringify(before[key]) === JSON.stringify(after[key])
  if (!same('commit') || !same('rounds') || !same('machine') || !same('versions')) return after
  const measured = new Set([
    ...after.rows.map(({ measure }) => measure),
    ...Object.keys(after.skipped),
  ])
  const kept = Object.entries(before.skipped).filter(([measure]) => !measured.has(measure))
  return {
    ...after,
    skipped: { ...Object.fromEntries(kept), ...after.skipped },
    rows: [...before.rows.filter(({ measure }) => !measured.has(measure)), ...after.rows],
  }
}

/** All runs that are stored, the newest first; of one date and commit only one. */
export function storedResults(): Results[] {
  const all = readdirSync(resultsDirectory)
    .filter((name) => /^(?:latest|\d{4}-.*)\.json$/.test(name))
    .map((name) => readResults(join(resultsDirectory, name)))
    .toSorted((a, b) => b.date.localeCompare(a.date))
  return all.filter(({ date }, index) => all.findIndex((each) => each.date === date) === index)
}

/** @throws {Error} when the file is none of ours. */
export function readResults(file: string): Results {
  const results = JSON.parse(readFileSync(file, 'utf8')) as Results
  if (results.format !== 1) {
    throw new Error(
      `Cannot read ${file}: expected results of format 1, got ${String(results.format)}`,
    )
  }
  // JSON knows no NaN, by which a job says that it has left a figure out.
  const rows = results.rows.map((row) => ({
    ...row,
    values: row.values.map((value: number | null) => value ?? Number.NaN),
  }))
  return { ...results, rows }
}
