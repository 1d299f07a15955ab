// A cluster of three NATS servers that has just lost one: what is there is read all the same, each
// line once, at once behind the loss and when it comes amid the reading.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { createLogger, streamLogs } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'
import { expectedOf, hostLogs, shipAll, writeTo } from './hosts.ts'
import { type Servers, natsBinaries, startNats } from './servers.ts'

/** Lines of the long log, 20 MB: more than is on its way at a time. */
const longLines = 10_000
const note = 'x'.repeat(2000)

async function ringlog(...args: readonly string[]): Promise<readonly [number | null, string]> {
  const command = [resolve('dist/cli.js'), ...args]
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += String(chunk)))
  let err = ''
  child.stderr.on('data', (chunk: Buffer) => (err += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  return code === 0 ? [code, out] : [code, err]
}

/** Resolves when each server has all that the others have. */
async function whole({ url }: Servers): Promise<void> {
  for (;;) {
    try {
      const nc = await connect({ servers: new URL(url.replace(/,.*\//, '/')).host })
      const jsm = await jetstreamManager(nc)
      const { cluster } = await jsm.streams.info('LOGS')
      await nc.close()
      const { leader = '', replicas = [] } = cluster ?? {}
      if (leader !== '' && replicas.length === 2 && replicas.every(({ current }) => current)) return
    } catch {
      // It is not back yet.
    }
    await sleep(200)
  }
}

/** Each of them takes a minute. */
const binaries = natsBinaries().slice(0, process.env['CI'] === undefined ? undefined : 1)

for (const { path, version } of binaries) {
  // Each test has a cluster of its own, and waits for it nearly all the time.
  describe(`three servers of NATS ${version}`, { timeout: 240_000, concurrency: 2 }, () => {
    const start = async (t: TestContext): Promise<Servers> => {
      const servers = await startNats(path, 3)
      t.after(() => servers.close())
      return servers
    }

    test('tail and verify --from answer at once behind the loss of any of them', async (t) => {
      const servers = await start(t)
      const logs = hostLogs(t)
      await writeTo(logs, 211)
      await shipAll(servers.url, logs)
      const all = expectedOf(logs).map(({ raw }) => `${raw}\n`)
      for (const node of servers.nodes) {
        await node.kill()
        const from = ['--from', servers.url]
        const [tail, verify] = await Promise.all([
          ringlog('tail', '--json', '-n', 'all', ...from),
          ringlog('verify', ...from),
        ])
        assert.deepEqual(tail, [0, all.join('')], node.name)
        assert.match(verify[1], /^633 entries .*, none missing$/m)
        node.start()
        await whole(servers)
      }
    })

    test('streamLogs({ from }) gives each line once when one is lost amid it', async (t) => {
      const servers = await start(t)
      const directory = logDirectory(t)
      const log = createLogger({
        log_path: directory,
        console: 'off',
        buffer: { on_full: 'block' },
      })
      for (let i = 0; i < longLines; i++) log.sdk.info(String(i), { note })
      await log.close()
      await shipAll(servers.url, [{ host: 'long', directory }])
      for (const node of servers.nodes) {
        let count = 0
        for await (const { entry } of streamLogs({ from: servers.url, categories: ['sdk'] })) {
          if (entry!.context?.['note'] !== note) continue
          assert.equal(entry!.message, String(count++))
          if (count === 1000) await node.kill()
        }
        assert.equal(count, longLines)
        node.start()
        await whole(servers)
      }
    })
  })
}
