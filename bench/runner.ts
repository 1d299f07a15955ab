// Runs one job: a fresh directory, a process of its own, the check of its lines, and all of it
// cleared away.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkLines } from './lines.ts'
import type { Job, Outcome } from './measure.ts'
import { delayingCommand } from './slow-disk.ts'
import { type SubjectInfo, subjects } from './subjects/catalog.ts'

const child = fileURLToPath(new URL('./child.js', import.meta.url))
/**
 * A process that has said nothing for so long hangs; the longest job, 10⁷ entries, takes about a
 * minute.
 */
const timeoutMs = 300_000
/** Lines of stderr that are told when a process fails. */
const complaintLines = 3

/** What a run of a job came to. */
export interface Run {
  readonly metrics: Readonly<Record<string, number>>
  readonly intervals: NonNullable<Outcome['intervals']>
  /** Why it does not count. */
  readonly fault: string | undefined
}

/** Runs a job below `parent`, an existing directory on the disk that is to be measured. */
export async function runJob(job: Job, parent: string): Promise<Run> {
  const directory = mkdtempSync(join(parent, 'ringlog-bench-'))
  try {
    const outcome = await spawnChild(job, directory)
    if (typeof outcome === 'string') return { metrics: {}, intervals: {}, fault: outcome }
    const { metrics, intervals = {}, logged, fault } = outcome
    if (fault !== undefined) return { metrics, intervals, fault }
    if (logged === undefined || subjects[job.subject].kind === 'limit') {
      return { metrics, intervals, fault: undefined }
    }
    const numbered = job.variant !== 'message'
    const { contextOf }: SubjectInfo = subjects[job.subject]
    const { fault: found } = checkLines(directory, logged, numbered, contextOf)
    return { metrics, intervals, fault: found }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** @returns the outcome, or what went wrong, in words. */
function spawnChild(job: Job, directory: string): Promise<Outcome | string> {
  const command = commandOf(job, directory)
  const [file = '', ...words] = command
  return new Promise((resolve) => {
    // A group of its own, so that a process that hangs can be ended together with what it started.
    const started = spawn(file, words, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    let timedOut = false
    started.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    started.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(0, 10_000)
    })
    const timeout = setTimeout(() => {
      timedOut = true
      if (started.pid !== undefined) process.kill(-started.pid, 'SIGKILL')
    }, timeoutMs)
    started.once('error', (error) => {
      clearTimeout(timeout)
      resolve(`cannot start: ${error.message}`)
    })
    started.once('close', (code, signal) => {
      clearTimeout(timeout)
      const outcome = outcomeIn(stdout)
      if (code === 0 && outcome !== undefined) resolve(outcome)
      else if (timedOut) resolve(`no end after ${timeoutMs / 1000} s`)
      else resolve(`ended with ${signal ?? `exit code ${code}`}: ${complaintIn(stderr)}`)
    })
  })
}

function commandOf(job: Job, directory: string): string[] {
  const node = [process.execPath, ...(job.flags ?? []), child, JSON.stringify(job), directory]
  if (job.writeDelayMs === undefined) return node
  const file = join(directory, subjects[job.subject].file)
  // strace finds a file by the name it has when it is traced; it need be there for that.
  if (subjects[job.subject].kind !== 'ours') writeFileSync(file, '')
  return [...delayingCommand([file], job.writeDelayMs), ...node]
}

function outcomeIn(stdout: string): Outcome | undefined {
  const last = stdout.trimEnd().split('\n').at(-1) ?? ''
  try {
    return JSON.parse(last) as Outcome
  } catch {
    // The process ended before it could say anything; the caller tells how.
    return undefined
  }
}

/** What a person would read first: the line with the error, not the stack. */
function complaintIn(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '')
  const error = lines.findIndex((line) => /error/i.test(line))
  return (
    lines.slice(Math.max(error, 0), Math.max(error, 0) + complaintLines).join(' ') ||
    'no word on stderr'
  )
}
