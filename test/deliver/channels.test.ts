// What happens to the files, as subscribers of diagnostics channels hear it.

import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createLogger } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'

type Heard = Record<string, unknown>

/** What a channel says until the test has ended. */
function heardOn(t: TestContext, event: string): Heard[] {
  const heard: Heard[] = []
  const listen = (message: unknown): void => {
    heard.push(message as Heard)
  }
  subscribe(`ringlog:${event}`, listen)
  t.after(() => unsubscribe(`ringlog:${event}`, listen))
  return heard
}

test('ringlog:failed and ringlog:recovered name the file, the reason and how long it took', async (t) => {
  const directory = logDirectory(t)
  const [failed, recovered] = [heardOn(t, 'failed'), heardOn(t, 'recovered')]
  mkdirSync(join(directory, 'audit.log'), { recursive: true })
  const log = createLogger({ log_path: directory, console: 'off' })
  log.audit.info('m')
  await assert.rejects(log.flush())
  assert.deepEqual(
    failed.map(({ file }) => file),
    ['audit.log'],
  )
  assert.match(failed[0]!['reason'] as string, /audit\.log/)
  assert.deepEqual(recovered, [])
  rmSync(join(directory, 'audit.log'), { recursive: true })
  while (recovered.length === 0) await new Promise(setImmediate)
  assert.equal(recovered[0]!['file'], 'audit.log')
  assert.equal(typeof recovered[0]!['seconds'], 'number')
  await log.close()
})

test('ringlog:dropped counts by level', async (t) => {
  const dropped = heardOn(t, 'dropped')
  const buffer = { entries: 64, on_full: 'drop_new' } as const
  const log = createLogger({ log_path: logDirectory(t), buffer })
  for (let i = 0; i < 100; i++) log.system.info('m')
  await log.close()
  assert.deepEqual(dropped, [{ dropped: { INFO: 36 }, diverted: 0 }])
})

test('ringlog:rotated names the file', async (t) => {
  const rotated = heardOn(t, 'rotated')
  const log = createLogger({ log_path: logDirectory(t), rotation: { max_size_mb: 1 } })
  for (let i = 0; i < 30; i++) log.system.info('x'.repeat(50_000))
  await log.close()
  assert.deepEqual(rotated, [{ file: 'system.log' }])
})

test('ringlog:waiting tells once of each file that waits for its turn', async (t) => {
  const directory = logDirectory(t)
  const waiting = heardOn(t, 'waiting')
  const first = createLogger({ log_path: directory })
  const second = createLogger({ log_path: directory, console: 'off' })
  second.system.info('m')
  assert.ok(waiting.some(({ file }) => file === 'system.log'))
  assert.equal(new Set(waiting.map(({ file }) => file)).size, waiting.length)
  await first.close()
  await second.close()
})
