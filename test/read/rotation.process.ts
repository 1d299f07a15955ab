// A real writer in another process, which rotates dozens of times a second, and a follower beside
// it. All files are kept, so that on a machine which gives the follower no turn for a while a lost
// line is still a fault of ours.

import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { join } from 'node:path'
import { test } from 'node:test'
import { type LoggerStats, streamLogs } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'
import { extension, loader } from '../loader.ts'

const entries = 10_000
const fixture = join(import.meta.dirname, `../fixtures/rotating${extension}`)

test('streamLogs({ follow }) sees 10 000 lines through 20 rotations, each once and in order', async (t) => {
  const log_path = logDirectory(t)
  const args = [...loader, fixture, log_path, String(entries), '2100', '100']
  const writer = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const stats = text(writer.stdout)
  const ended = once(writer, 'exit')
  const signal = AbortSignal.timeout(60_000)
  let next = 0
  const files = new Set<string>()
  for await (const { entry, raw, file } of streamLogs({ log_path, follow: true, signal })) {
    assert.equal(entry?.message, `n${next}`, `line ${next}: ${raw.slice(0, 100)}`)
    assert.equal(entry?.seq, next + 1)
    files.add(file)
    if (++next === entries) break
  }
  assert.equal(next, entries)
  assert.deepEqual(await ended, [0, null])
  const { rotations, accepted } = JSON.parse(await stats) as LoggerStats
  assert.equal(accepted, entries)
  assert.ok(rotations >= 20, `${rotations} rotations`)
  t.diagnostic(`${rotations} rotations; opened as ${[...files].join(' ')}`)
})
