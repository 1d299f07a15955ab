// rsyslog takes the files of a logger to another rsyslog, with both configurations of
// docs/collectors.md, while they are written and rotated.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createLogger } from '../../lib/index.ts'
import { logDirectory, type Line, seqFaults } from '../log-directory.ts'
import { freePort, until } from './application.ts'
import { lacks, recipe } from './documents.ts'

const hasRelp = ['x86_64', 'aarch64'].some((machine) => {
  return existsSync(`/usr/lib/${machine}-linux-gnu/rsyslog/omrelp.so`)
})
const skip = lacks(['rsyslogd'], true) || (!hasRelp && 'needs rsyslog-relp')

/** Starts one with a configuration, below a directory of its own. */
function rsyslog(t: TestContext, directory: string, name: string, text: string): ChildProcess {
  const file = join(directory, `${name}.conf`)
  const work = join(directory, name)
  mkdirSync(work)
  writeFileSync(file, `global(workDirectory="${work}")\n${text}`)
  const { stderr, status } = spawnSync('rsyslogd', ['-N1', '-f', file], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  const args = ['-n', '-f', file, '-i', join(directory, `${name}.pid`)]
  const child = spawn('rsyslogd', args, { stdio: 'inherit' })
  t.after(() => child.kill('SIGKILL'))
  return child
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

describe('rsyslog', { skip }, () => {
  it('brings every entry once, in order, copies left out', { timeout: 60_000 }, async (t) => {
    const directory = logDirectory(t)
    const parent = dirname(directory)
    const arrived = join(parent, 'arrived.log')
    const port = String(await freePort())
    const place = { '/var/log/risk-manager': directory, '20514': port, 'logs.example': '127.0.0.1' }
    const there = { '20514': port, '/var/log/risk-manager/all.log': arrived }
    const receiver = rsyslog(t, parent, 'receiver', recipe('receiver.conf', there))
    const sender = rsyslog(t, parent, 'sender', recipe('sender.conf', place))

    const log = createLogger({
      log_path: directory,
      rotation: { max_size_mb: 1, max_files: 20 },
    })
    for (let i = 0; i < 3000; i++) {
      log.system.info('filler', { text: 'x'.repeat(500), other: 'é \u202e € \\ " %msg%' })
      log.sdk.error('copied', new Error('with a stack'))
      log.error.error('its own')
      if (i % 100 === 0) await delay(10)
    }
    log.system.info('large', { text: 'y'.repeat(100_000) })
    await log.close()
    const { accepted, rotations } = log.stats()
    assert.ok(rotations >= 2, `${rotations} rotations`)

    const textOf = (): string => (existsSync(arrived) ? readFileSync(arrived, 'utf8') : '')
    const count = (): number => textOf().split('\n').length - 1
    await until(() => count() >= accepted, t.signal)
    await stop(sender)
    await stop(receiver)
    const lines = textOf().trimEnd().split('\n')
    const entries = lines.map((line) => JSON.parse(line) as Line)
    for (const category of ['system', 'sdk', 'error']) {
      const own = entries.filter((entry) => entry.category === category)
      assert.deepEqual(seqFaults(own).slice(0, 3), [], category)
    }
    assert.equal(entries.length, accepted)
    const large = entries.find(({ message }) => message === 'large')
    assert.equal(large?.context?.['text'], 'y'.repeat(100_000))
  })
})
