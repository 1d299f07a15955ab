// PM2, with the file of docs/deployment.md: two instances, a reload under requests, the end.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { streamLogs, verifyLogs } from '../../lib/index.ts'
import { answerOf, application, freePort } from './application.ts'
import { recipe } from './documents.ts'

const run = promisify(execFile)

describe('ecosystem.config.cjs', { skip: process.platform === 'win32' && 'needs a Unix' }, () => {
  it('two instances, reloaded, have written every entry, once', { timeout: 120_000 }, async (t) => {
    const directory = application(t, () => pm2('kill'))
    const port = await freePort()
    writeFileSync(join(directory, 'ecosystem.config.cjs'), recipe('ecosystem.config.cjs'))
    const env = {
      ...process.env,
      PM2_HOME: join(directory, '.pm2'),
      PORT: String(port),
      NODE_TEST_CONTEXT: undefined,
    }
    const cli = createRequire(import.meta.url).resolve('pm2/bin/pm2')
    const pm2 = async (...args: string[]): Promise<string> => {
      const { stdout } = await run(process.execPath, [cli, ...args], { cwd: directory, env })
      return stdout
    }
    await pm2('start', 'ecosystem.config.cjs')
    let answered = 0
    const ask = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) {
        await answerOf(`http://localhost:${port}/${answered++}`, t.signal)
      }
    }
    await ask(40)
    await pm2('reload', 'risk-manager')
    await ask(40)
    await pm2('stop', 'risk-manager')

    const logs = join(directory, 'logs')
    const urls: unknown[] = []
    const messages = new Map<string, number>()
    for await (const { entry } of streamLogs({ log_path: logs })) {
      if (entry === undefined) continue
      if (entry.message === 'Request') urls.push(entry.context?.['url'])
      else messages.set(entry.message, (messages.get(entry.message) ?? 0) + 1)
    }
    assert.equal(urls.length, answered)
    assert.equal(new Set(urls).size, answered)
    assert.deepEqual(
      ['Started', 'Stopping', 'Stopped'].map((message) => messages.get(message)),
      [4, 4, 4],
    )
    assert.deepEqual((await verifyLogs({ log_path: logs })).faults, [])
  })
})
