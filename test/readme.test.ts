// README's example runs as it stands, and writes the lines that README shows.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Line, linesOf, logDirectory } from './log-directory.ts'

const root = process.cwd()
const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** The first fenced block of a language. */
function block(language: string): string {
  const match = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(readme)
  assert.ok(match, `README has a block of ${language}`)
  return match[1]!
}

/** A line without what differs from run to run. */
function constant({ exception, ...line }: Line): unknown {
  return {
    ...line,
    timestamp: '',
    exception: exception && { ...exception, stack_trace: '', cause: exception.cause?.message },
  }
}

test('the example of README runs, and writes the lines shown', (t) => {
  const directory = logDirectory(t)
  const code = block('ts')
  assert.ok(code.includes("'./logs'"))
  // Its types are left to inference, so it is JavaScript as well.
  execFileSync(
    process.execPath,
    ['--input-type=module', '-e', code.replace("'./logs'", JSON.stringify(directory))],
    { cwd: root },
  )
  const written = ['system.log', 'enforcement.log', 'error.log'].flatMap((file) =>
    linesOf(directory, file),
  )
  const shown = block('json')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
  const byMessage = (a: Line, b: Line): number => (a.message < b.message ? -1 : 1)
  assert.deepEqual(
    written.toSorted(byMessage).map(constant),
    shown.toSorted(byMessage).map(constant),
  )
})
