// A program that logs to standard output, run by a shell that decides what that is.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { LoggerStats, LoggingConfig } from '../../lib/index.ts'
import { type Line, logDirectory } from '../log-directory.ts'
import { extension, loader } from '../loader.ts'

const fixture = join(import.meta.dirname, `../fixtures/printing${extension}`)
export const isLinux = process.platform === 'linux'
export const onLinux = { skip: isLinux ? false : 'a shell and /proc of Linux are needed' }

interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly stats: LoggerStats
  readonly lines: Line[]
}

/** Where a program leaves its counters. */
export function reportOf(t: TestContext): { logs: string; report: string } {
  const logs = logDirectory(t)
  return { logs, report: join(dirname(logs), 'stats.json') }
}

/** Runs the program by a shell; `$RUN` in its script starts it. */
export function runIn(
  shell: string,
  config: LoggingConfig,
  count: number,
  end: string,
  report: string,
): Promise<Run> {
  const args = [...loader, fixture, JSON.stringify(config), String(count), end, report]
  const quoted = [process.execPath, ...args].map((arg) => `'${arg}'`).join(' ')
  const child = spawn('bash', ['-c', shell.replaceAll('$RUN', quoted)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  return new Promise((resolve) => {
    child.on('close', (code) => {
      const stats = JSON.parse(readFileSync(report, 'utf8')) as LoggerStats
      const lines = stdout.startsWith('{') ? parsed(stdout) : []
      resolve({ code, stdout, stderr, stats, lines })
    })
  })
}

function parsed(text: string): Line[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

export function isBalanced({ accepted, written, queued, diverted, dropped }: LoggerStats): boolean {
  return accepted === written + queued + diverted + dropped.total
}

/** The reader of a pipe has gone, and the program ends. */
export function testGoneReader(end: string): void {
  test(`a reader that has gone, ${end}: no crash, told once, and all is accounted for`, async (t) => {
    const { report } = reportOf(t)
    const shell = 'set -o pipefail; $RUN | head -c 1 >/dev/null'
    const run = await runIn(shell, { log_path: null, stdout: 'json' }, 3000, end, report)
    assert.equal(run.code, end === 'exit' ? 3 : 0, run.stderr)
    assert.equal(run.stderr.match(/cannot write stdout/g)?.length, 1, run.stderr)
    assert.ok(isBalanced(run.stats), JSON.stringify(run.stats))
    assert.equal(run.stats.queued, 0)
    // ERROR and CRITICAL are shown where a person may see them.
    assert.match(run.stderr, /Position closed/)
    assert.ok(run.stats.diverted + run.stats.dropped.total > 0)
  })
}
