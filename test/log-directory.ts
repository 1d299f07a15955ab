// A log directory for a test, and what a reader who knows nothing of the library finds in it.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Claim } from '../lib/directory/lock.ts'
import { makeDirectory } from '../lib/directory/open.ts'
import type { LoggerStats } from '../lib/index.ts'

/** A parsed line. */
export interface Line {
  readonly timestamp: string
  readonly level: string
  readonly category: string
  readonly account_id?: string
  readonly message: string
  readonly event?: string
  readonly context?: Record<string, unknown>
  readonly exception?: {
    type: string
    message: string
    stack_trace: string
    cause?: Line['exception']
  }
  readonly seq: number
  readonly lsn: number
}

/** A directory that does not exist yet, in one that is removed after the test. */
export function logDirectory(t: TestContext): string {
  const parent = mkdtempSync(join(tmpdir(), 'ringlog-test-'))
  t.after(() => rmSync(parent, { recursive: true, force: true }))
  return join(parent, 'logs')
}

/** A right to a directory that nobody else wants. */
export function freeClaim(directory: string): Claim {
  return {
    tenure: 1,
    hold: () => makeDirectory(directory),
    check: () => true,
    checkAfter: () => true,
    boundOf: () => Infinity,
  }
}

/** The names of a file and its rotated ones, oldest first. */
export function filesOf(directory: string, name: string): string[] {
  const index = (file: string): number => (file === name ? 0 : Number(file.slice(name.length + 1)))
  return readdirSync(directory)
    .filter(
      (file) => file === name || (/^\.\d+$/.test(file.slice(name.length)) && file.startsWith(name)),
    )
    .toSorted((a, b) => index(b) - index(a))
}

/**
 * All lines of a file and its rotated ones, oldest first. Throws when one is not whole or not JSON.
 */
export function linesOf(directory: string, name: string): Line[] {
  return filesOf(directory, name).flatMap((file) => {
    const text = readFileSync(join(directory, file), 'utf8')
    if (text !== '' && !text.endsWith('\n')) throw new Error(`${file} does not end in a line end`)
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line)
  })
}

/** Permission bits. */
export function modeOf(path: string): number {
  return statSync(path).mode & 0o777
}

/** What is wrong with the numbers of a category: they must go on by one. Empty when nothing is. */
export function seqFaults(lines: readonly Line[], first = 1): string[] {
  return lines.flatMap(({ seq, message }, i) =>
    seq === first + i
      ? []
      : [`line ${i}: expected seq ${first + i}, got ${seq} (${message.slice(0, 40)})`],
  )
}

/** All that was accepted is somewhere: written, waiting, dropped, folded, or on the console. */
export function assertBalanced(stats: LoggerStats): void {
  const { accepted, written, queued, dropped, diverted, folded } = stats
  assert.equal(accepted, written + queued + dropped.total + diverted + folded)
}
