// The two programs of docs/coming-from-winston.md, with the real winston: what they write is the
// same but for what the document says.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { linesOf, logDirectory } from '../log-directory.ts'
import { recipe, root } from './documents.ts'

/** Runs a program in a directory of its own, and returns where its logs are. */
function run(t: TestContext, name: string, end = ''): string {
  const directory = dirname(logDirectory(t))
  // Below the project, so that its packages are found.
  const program = join(root, 'build', `${process.pid}-${directory.slice(-6)}-${name}`)
  mkdirSync(dirname(program), { recursive: true })
  writeFileSync(program, `${recipe(name)}\n${end}`)
  t.after(() => rmSync(program))
  const { status, stderr } = spawnSync(process.execPath, [program], {
    cwd: directory,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  return join(directory, 'logs')
}

interface WinstonLine {
  readonly level: string
  readonly message: string
  readonly [field: string]: unknown
}

function winstonLines(directory: string, file: string): WinstonLine[] {
  const text = readFileSync(join(directory, file), 'utf8')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as WinstonLine)
}

describe('coming from winston', () => {
  it('both programs write the same levels, messages and fields, but for what is said', (t) => {
    const theirs = winstonLines(run(t, 'with-winston.mjs'), 'orders.log')
    const directory = run(t, 'with-ringlog.mjs')
    const ours = linesOf(directory, 'orders.log')

    const words = { warn: 'WARNING' } as Readonly<Record<string, string>>
    assert.deepEqual(
      ours.map(({ level, message }) => [level, message]),
      theirs.map(({ level, message }) => {
        return [words[level] ?? level.toUpperCase(), message.replace(/ rejected$/, '')]
      }),
    )
    assert.deepEqual(
      ours.map(({ context }) => context),
      theirs.map(({ level, message, timestamp, stack, cause, ...fields }) => {
        assert.ok(timestamp)
        assert.equal(level === 'error', stack !== undefined)
        assert.deepEqual(cause, level === 'error' ? {} : undefined)
        assert.ok(message)
        return 'password' in fields ? { ...fields, password: '[REDACTED]' } : fields
      }),
    )
    assert.equal(theirs[0]?.['password'], 'hunter2')
    assert.equal(theirs[2]?.message, 'Order failed rejected')
    assert.doesNotMatch(JSON.stringify(theirs), /no margin/)
    assert.equal(ours[2]?.exception?.type, 'RangeError')
    assert.equal(ours[2].exception.cause?.message, 'no margin')
    assert.deepEqual(
      linesOf(directory, 'error.log').map(({ message }) => message),
      ['Order failed'],
    )
  })

  it('behind process.exit() the files of winston are empty, ours are not', (t) => {
    const directory = run(t, 'with-winston.mjs', 'process.exit()')
    const file = join(directory, 'orders.log')
    assert.equal(existsSync(file) ? readFileSync(file, 'utf8') : '', '')
    assert.equal(linesOf(run(t, 'with-ringlog.mjs', 'process.exit()'), 'orders.log').length, 4)
  })
})
