// Every example of README and of docs/ that imports something runs as it stands; those with lines
// of JSON behind them write these lines.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type Line, linesOf, logDirectory } from './log-directory.ts'

const root = resolve(import.meta.dirname, '..').replace(/[\\/]build$/, '')

interface Example {
  readonly file: string
  readonly code: string
  /** The lines it writes; none where the text shows none. */
  readonly shown: readonly Line[]
}

/** The fenced blocks of TypeScript that are whole programs, each with the lines that follow. */
function examplesIn(file: string): Example[] {
  const text = readFileSync(join(root, file), 'utf8')
  const blocks = [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
  return blocks.flatMap(([, language, code = ''], at): Example[] => {
    if (language !== 'ts' || !code.startsWith('import ')) return []
    const [, next, lines = ''] = blocks[at + 1] ?? []
    const shown =
      next === 'json' && lines.startsWith('{"timestamp"') ? lines.trim().split('\n') : []
    return [{ file, code, shown: shown.map((line) => JSON.parse(line) as Line) }]
  })
}

/** A line without what differs from run to run. */
function constant({ exception, ...line }: Line): unknown {
  return {
    ...line,
    timestamp: '',
    exception: exception && { ...exception, stack_trace: '', cause: exception.cause?.message },
  }
}

/** Runs an example in a directory of its own, where `ringlog` is found as a user has it. */
function run(t: TestContext, code: string): string {
  const directory = dirname(logDirectory(t))
  // Below the project, so that its packages are found, and ringlog by its own name.
  const program = join(root, 'build', `example-${process.pid}-${directory.slice(-6)}.ts`)
  mkdirSync(dirname(program), { recursive: true })
  writeFileSync(program, code)
  t.after(() => rmSync(program))
  mkdirSync(join(directory, 'logs'), { mode: 0o700 })
  const tsx = import.meta.resolve('tsx')
  execFileSync(process.execPath, ['--import', tsx, program], { cwd: directory, stdio: 'pipe' })
  return join(directory, 'logs')
}

const files = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
const examples = files.filter((name) => name.endsWith('.md')).flatMap(examplesIn)

describe('the examples of README and docs/', () => {
  it('are found', () => {
    assert.equal(
      examples.filter(({ file, shown }) => file === 'README.md' && shown.length > 0).length,
      2,
    )
    assert.ok(examples.length >= 5, `${examples.length} examples`)
  })

  examples.forEach(({ file, code, shown }, at) => {
    it(`${file}, example ${at + 1}, runs${shown.length > 0 ? ' and writes the lines shown' : ''}`, (t) => {
      const directory = run(t, code)
      if (shown.length === 0) return
      const written = readdirSync(directory)
        .filter((name) => name.endsWith('.log'))
        .flatMap((name) => linesOf(directory, name))
      const byMessage = (a: Line, b: Line): number => (a.message < b.message ? -1 : 1)
      assert.deepEqual(
        written.toSorted(byMessage).map(constant),
        shown.toSorted(byMessage).map(constant),
      )
    })
  })
})
