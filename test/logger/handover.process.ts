// Processes that end while another one holds their directory.

import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { library, loader } from '../loader.ts'
import { logDirectory } from '../log-directory.ts'
import { Other } from './other-holder.ts'

describe('lock_wait_s', () => {
  test('close() waits for the directory, too, and keeps the process alive for that', async (t) => {
    const directory = logDirectory(t)
    const other = new Other(directory)
    const child = program(directory, 'await log.close(); console.log(log.stats().written)', 30)
    const out = text(child.stdout)
    await once(child.stderr, 'data')
    other.sign(true)
    assert.deepEqual(await once(child, 'exit'), [0, null])
    assert.equal(await out, '5\n')
  })
})

/** A program that logs five entries, says `logged`, and ends in the way that is given. */
function program(directory: string, end: string, waitS: number): ChildProcessWithoutNullStreams {
  const script = `import(${JSON.stringify(library)}).then(async ({ createLogger }) => {
    const log = createLogger({ log_path: ${JSON.stringify(directory)}, lock_wait_s: ${waitS} })
    for (let i = 0; i < 5; i++) log.system.info('brief ' + i)
    ${end}
  })`
  return spawn(process.execPath, [...loader, '-e', script])
}

describe('a process that ends while another one holds its directory', () => {
  for (const [how, end] of [
    ['close()', `console.log('logged'); await log.close()`],
    ['process.exit()', `console.log('logged'); process.exit(1)`],
  ] as const) {
    test(`${how} waits no longer than it has to, and shows everything`, async (t) => {
      const directory = logDirectory(t)
      const other = new Other(directory)
      const child = program(directory, end, 1)
      const stderr = text(child.stderr)
      await once(child.stdout, 'data')
      const ended = once(child, 'exit')
      const signs = setInterval(() => other.sign(false), 50)
      assert.deepEqual(await ended, [1, null])
      clearInterval(signs)
      const shown = (await stderr).match(/INFO .* brief \d/g)
      assert.deepEqual(
        shown?.map((line) => line.slice(-1)),
        ['0', '1', '2', '3', '4'],
      )
      assert.equal(readdirSync(directory).includes('system.log'), false)
    })
  }
})
