// The units of docs/deployment.md and docs/shipping.md, judged by systemd itself.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { logDirectory } from '../log-directory.ts'
import { lacks, recipe } from './documents.ts'

const unit = recipe('risk-manager.service', { '/usr/bin/node': process.execPath })

/** What systemd-analyze says of a unit. */
function remarksOn(t: TestContext, text: string): string {
  const file = join(dirname(logDirectory(t)), 'risk-manager.service')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  const { stdout, stderr, status } = spawnSync('systemd-analyze', ['verify', file], {
    encoding: 'utf8',
    env: { ...process.env, SYSTEMD_LOG_TARGET: 'console' },
  })
  return `${stdout}${stderr}${status === 0 ? '' : `ended with ${status}`}`
}

describe('ringlog-ship.service', { skip: lacks(['systemd-analyze']) }, () => {
  it('is understood by systemd, every line of it', (t) => {
    const text = recipe('ringlog-ship.service', { '/usr/bin/node': process.execPath })
    assert.equal(remarksOn(t, text), '')
  })
})

describe('risk-manager.service', { skip: lacks(['systemd-analyze']) }, () => {
  it('is understood by systemd, every line of it', (t) => {
    assert.equal(remarksOn(t, unit), '')
    assert.match(remarksOn(t, unit.replace('TimeoutStopSec', 'TimeoutStopSecs')), /Unknown key/)
  })
})
