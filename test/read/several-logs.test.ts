// Several logs as one: given one by one, or found below a parent as they come and go.

import { strict as assert } from 'node:assert'
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { type LogLine, type StreamOptions, streamLogs } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'

const timeout = 60_000
const start = Date.parse('2025-10-17T14:00:00Z')

function line(second: number, lsn: number, message: string): string {
  const timestamp = new Date(start + second * 1000).toISOString().replace('Z', '+00:00')
  const entry = { timestamp, level: 'INFO', category: 'system', message, seq: lsn, lsn }
  return `${JSON.stringify(entry)}\n`
}

function write(parent: string, instance: string, text: string): void {
  mkdirSync(join(parent, instance), { recursive: true })
  appendFileSync(join(parent, instance, 'system.log'), text)
}

async function read(options: StreamOptions): Promise<LogLine[]> {
  const lines: LogLine[] = []
  for await (const each of streamLogs(options)) lines.push(each)
  return lines
}

/** Two instances, of which the second one began with the same numbers. */
function twoLogs(t: TestContext): string {
  const parent = logDirectory(t)
  write(parent, '0', line(1, 1, 'a1') + line(3, 2, 'a2') + line(5, 3, 'a3'))
  write(parent, '1', line(2, 1, 'b1') + line(4, 2, 'b2'))
  return parent
}

const messages = (lines: readonly LogLine[]): string[] => lines.map(({ entry }) => entry!.message)

test('streamLogs({ log_path }) merges the logs below a parent by time, and says of which each line is', async (t) => {
  const log_path = twoLogs(t)
  const lines = await read({ log_path })
  assert.deepEqual(messages(lines), ['a1', 'b1', 'a2', 'b2', 'a3'])
  assert.deepEqual(
    lines.map(({ file }) => file),
    ['0', '1', '0', '1', '0'].map((instance) => `${instance}/system.log`),
  )
  assert.deepEqual(messages(await read({ log_path, lines: 2 })), ['b2', 'a3'])
  assert.deepEqual(
    messages(await read({ log_path: join(log_path, '{instance}') })),
    messages(lines),
  )
  const several = [join(log_path, '1'), join(log_path, '0')]
  assert.deepEqual(messages(await read({ log_path: several })), messages(lines))
  const [one] = await read({ log_path: several[0]! })
  assert.equal(one!.file, 'system.log', 'one alone is called by no name')
})

test('streamLogs({ log_path }) passes over what is no log below a parent', async (t) => {
  const log_path = twoLogs(t)
  write(log_path, 'other', 'Oct 17 14:00:00 host program: not ours\n')
  write(log_path, '.hidden', line(1, 1, 'hidden'))
  writeFileSync(join(log_path, 'notes.txt'), 'no log')
  assert.equal((await read({ log_path })).length, 5)
})

test('streamLogs({ after }) goes on exactly behind each line of several logs', async (t) => {
  const log_path = twoLogs(t)
  const lines = await read({ log_path })
  for (const [i, { cursor }] of lines.entries()) {
    const rest = await read({ log_path, after: cursor })
    assert.deepEqual(messages(rest), messages(lines).slice(i + 1), `behind ${i}`)
  }
})

test(
  'streamLogs({ follow }) shows instances that come while it follows, and outlives those that go',
  { timeout },
  async (t) => {
    const log_path = twoLogs(t)
    const iterator = streamLogs({ log_path, follow: true })[Symbol.asyncIterator]()
    t.after(() => iterator.return?.())
    const next = async (count: number): Promise<string[]> => {
      const found: LogLine[] = []
      while (found.length < count) found.push((await iterator.next()).value as LogLine)
      return messages(found)
    }
    assert.deepEqual(await next(5), ['a1', 'b1', 'a2', 'b2', 'a3'])
    write(log_path, '2', line(6, 1, 'c1') + line(7, 2, 'c2'))
    assert.deepEqual(await next(2), ['c1', 'c2'])
    write(log_path, '2', line(8, 3, 'c3'))
    assert.deepEqual(await next(1), ['c3'])
    rmSync(join(log_path, '1'), { recursive: true })
    write(log_path, '0', line(9, 4, 'a4'))
    assert.deepEqual(await next(1), ['a4'])
    write(log_path, '1', line(10, 1, 'd1'))
    assert.deepEqual(await next(1), ['d1'])
  },
)

test('streamLogs({ after }) gives what came behind a clock that was set back in another log', async (t) => {
  const parent = logDirectory(t)
  write(parent, '0', line(7, 1, 'a1'))
  write(parent, '1', line(6, 1, 'b1') + line(10, 2, 'b2') + line(11, 5, 'b5'))
  // Its file holds times in front of the line, which is no reason to leave them out.
  writeFileSync(join(parent, '1', 'audit.log'), line(4, 3, 'b3') + line(5, 4, 'b4'))
  const lines = await read({ log_path: parent })
  const all = messages(lines)
  assert.deepEqual(all, ['b1', 'a1', 'b2', 'b3', 'b4', 'b5'])
  for (const [i, { cursor: after }] of lines.entries()) {
    assert.deepEqual(messages(await read({ log_path: parent, after })), all.slice(i + 1))
    const [last = ''] = all.slice(i + 1).slice(-1)
    const one = messages(await read({ log_path: parent, after, lines: 1 }))
    assert.deepEqual(one, last === '' ? [] : [last])
  }
})
