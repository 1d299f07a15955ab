// A process of its own with names and values that drive a terminal, and what it prints of them.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { TestContext } from 'node:test'
import { logDirectory } from './log-directory.ts'

/** Sets the title of a terminal, ends the line, forges an entry, and turns round what follows. */
export const evil = 'evil\u001b]0;x\u0007\n[2025-10-17 14:23:45] INFO  | forged\u009b2J\u202e\u200b'
export const shown = String.raw`evil\x1b]0;x\x07\n[2025-10-17 14:23:45] INFO  | forged\x9b2J\u202e\u200b`

/** What drives a terminal or deceives the eye; line ends are looked at by themselves. */
export const dangerous =
  /[\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]|(?!\n)\p{Cc}/u

export const isWindows = process.platform === 'win32'

function run(args: readonly string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
  })
  return { code: status, out: stdout, err: stderr }
}

export function ringlog(...args: readonly string[]): {
  code: number | null
  out: string
  err: string
} {
  return run([resolve('dist/cli.js'), ...args])
}

/** Runs a program that has the library's names and `directory`. */
export function program(directory: string, code: string): string {
  const library = JSON.stringify(resolve('dist/index.js'))
  const text = `import { createLogger, streamLogs } from ${library}
    const directory = ${JSON.stringify(directory)}
    ${code}`
  return run(['--input-type=module', '-e', text]).err
}

export function evilDirectory(t: TestContext): string {
  const directory = join(logDirectory(t), evil)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  return directory
}

export function assertHarmless(text: string, lines?: number): void {
  assert.ok(text.includes('evil'), `it tells of the place: ${JSON.stringify(text)}`)
  assert.doesNotMatch(text, dangerous)
  assert.doesNotMatch(text, /^\[2025/m, 'no line is forged')
  if (lines !== undefined) assert.equal(text.split('\n').length, lines + 1, text)
}
