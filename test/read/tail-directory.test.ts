import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { Descriptors } from '../../lib/read/descriptors.ts'
import { Follower } from '../../lib/read/tail-directory.ts'
import { Remarks } from '../../lib/read/remark.ts'
import { logDirectory } from '../log-directory.ts'
import { extension, loader } from '../loader.ts'

const fixture = join(import.meta.dirname, `../fixtures/following${extension}`)
const everything = { hasBase: () => true, sieve: undefined }

function newFollower(directory: string): Follower {
  const remarks = new Remarks(({ text }) => assert.fail(text))
  return new Follower(directory, everything, new Descriptors(), remarks)
}

function line(message: string, category = 'system', second = 0): string {
  const timestamp = `2025-10-17T14:00:0${second}.000+00:00`
  return `${JSON.stringify({ timestamp, level: 'INFO', category, message })}\n`
}

for (const how of ['leave', 'abandon']) {
  test(
    `streamLogs({ follow }) keeps the process alive while it is awaited, and not after: ${how}`,
    { timeout: 30_000 },
    async (t) => {
      const directory = logDirectory(t)
      mkdirSync(directory)
      const path = join(directory, 'system.log')
      writeFileSync(path, line('ready'))
      const args = [...loader, fixture, directory, how]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      t.after(() => child.kill('SIGKILL'))
      const exit = once(child, 'exit')
      const output = createInterface(child.stdout)[Symbol.asyncIterator]()
      assert.equal((await output.next()).value, 'ready')
      // Two polls long there is nothing but the wait that could keep it alive.
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 600)), exit])
      assert.equal(child.exitCode, null)
      appendFileSync(path, line('stop'))
      assert.equal((await output.next()).value, 'stop')
      assert.deepEqual(await exit, [0, null])
    },
  )
}

test('Follower.lines() merges what is there, and a file that grows without end does not hold up another', async (t) => {
  const directory = logDirectory(t)
  mkdirSync(directory)
  const busy = join(directory, 'busy.log')
  writeFileSync(busy, line('b', 'busy', 1).repeat(10_000))
  writeFileSync(join(directory, 'audit.log'), line('a0', 'audit', 0) + line('a2', 'audit', 2))
  const follower = newFollower(directory)
  t.after(() => follower.close())
  const seen: string[] = []
  for await (const lines of follower.lines()) {
    for (const { line: each } of lines) seen.push(each.entry!.message)
    // Grows by as much as has been read.
    appendFileSync(busy, line('b', 'busy', 1).repeat(lines.length))
    if (seen.includes('a2')) break
  }
  assert.equal(seen[0], 'a0')
  assert.equal(seen.indexOf('a2'), 10_001)
})

test('Follower.close() ends a wait that is under way', async (t) => {
  const directory = logDirectory(t)
  const follower = newFollower(directory)
  t.after(() => follower.close())
  mkdirSync(directory)
  writeFileSync(join(directory, 'a.log'), line('one'))
  const lines = follower.lines()
  assert.equal((await lines.next()).value![0]!.line.raw, line('one').trimEnd())
  const ended = lines.next()
  await new Promise(setImmediate)
  follower.close()
  assert.equal((await ended).done, true)
})
