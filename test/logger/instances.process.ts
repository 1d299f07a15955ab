// `{instance}`: each of several that run the same program has a directory of its own, and all of
// them are one log.

import { strict as assert } from 'node:assert'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createLogger, streamLogs, verifyLogs } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'
import { extension, loader } from '../loader.ts'

const fixture = join(import.meta.dirname, `../fixtures/instances${extension}`)
const count = 500

/** Whether everything of so many writers is there once, in the order in which each logged it. */
async function assertWhole(log_path: string, names: readonly RegExp[]): Promise<void> {
  const instances = readdirSync(log_path).toSorted()
  assert.equal(instances.length, names.length)
  for (const [i, name] of names.entries()) assert.match(instances[i]!, name)
  const seen = new Map<string, number>()
  for await (const { entry, file } of streamLogs({ log_path })) {
    const [instance = ''] = file.split('/')
    const n = entry!.context!['n'] as number
    assert.equal(n, (seen.get(instance) ?? 0) + 1)
    assert.equal(entry!.lsn, n)
    seen.set(instance, n)
  }
  assert.deepEqual(
    instances.map((instance) => seen.get(instance)),
    instances.map(() => count),
  )
  const { faults, entries } = await verifyLogs({ log_path })
  assert.deepEqual(faults, [])
  assert.equal(entries, count * instances.length)
}

async function run(way: string, log_path: string): Promise<void> {
  const child = spawn(process.execPath, [...loader, fixture, way, log_path, String(count)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  assert.deepEqual(await once(child, 'exit'), [0, null])
}

test('workers of a cluster have a log each by {instance} alone', async (t) => {
  const log_path = logDirectory(t)
  await run('cluster', log_path)
  await assertWhole(log_path, [/^0$/, /^1$/, /^2$/, /^3$/])
})

test('worker threads have a log each by {instance} alone, and do not take that of the main thread', async (t) => {
  const log_path = logDirectory(t)
  await run('threads', log_path)
  // A loader may have a thread of its own.
  await assertWhole(log_path, [/^0$/, /^[1-9]$/, /^[1-9]$/, /^[1-9]$/])
})

test('threads of cluster workers have a log each', async (t) => {
  const log_path = logDirectory(t)
  await run('threads of a cluster', log_path)
  await assertWhole(log_path, [/^1$/, /^1-\d$/, /^2$/, /^2-\d$/])
})

test('NODE_APP_INSTANCE names the instance, as PM2 does, and leads nowhere else', (t) => {
  const log_path = logDirectory(t)
  for (const [given, name] of [
    ['7', '7'],
    ['../x', '__x'],
    ['', '0'],
  ]) {
    const { status, stderr } = spawnSync(
      process.execPath,
      [...loader, fixture, 'one', log_path, '1'],
      { encoding: 'utf8', env: { ...process.env, NODE_APP_INSTANCE: given } },
    )
    assert.equal(status, 0, stderr)
    assert.ok(existsSync(join(log_path, name!, 'system.log')), name)
  }
})

test('{host} and {pid} are filled in, and the configuration tells what it was given', async (t) => {
  const parent = logDirectory(t)
  const log = createLogger({ log_path: join(parent, '{host}', 'p{pid}') })
  log.system.info('here')
  await log.close()
  const host = hostname().replaceAll(/[^\w.-]/g, '_')
  assert.ok(existsSync(join(parent, host, `p${process.pid}`, 'system.log')))
})
