// What a cleaning that was killed has left; `npm run test:processes` has one amid the rotations of
// another process.

import assert from 'node:assert/strict'
import {
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { asideName } from '../../lib/directory/retention.ts'
import { cleanLogs, createLogger } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'

describe('emptyAside()', () => {
  test('deletes what a killed cleaning was about to delete, and gives another its name back', async (t) => {
    const log_path = logDirectory(t)
    const aside = join(log_path, asideName)
    mkdirSync(aside, { recursive: true })
    const at = (name: string): string => join(log_path, name)
    const put = (name: string, inode: bigint | undefined): void => {
      writeFileSync(at('x'), `${name}\n`)
      const { ino } = statSync(at('x'), { bigint: true })
      renameSync(at('x'), join(aside, `${name}.${inode ?? ino}`))
    }
    put('system.log.3', undefined)
    put('system.log.1', 7n)
    put('system.log.5.gz', 7n)
    writeFileSync(at('system.log.2.gz'), 'the next number, compressed')
    // It was killed in the middle of this, and another was killed after it had given the name back.
    put('error.log.1', 0n)
    linkSync(join(aside, 'error.log.1.0'), at('error.log.4'))
    put('stranger.log.1', 7n)
    writeFileSync(at('system.log.1'), 'used since\n')

    await cleanLogs({ log_path, dry_run: true })
    assert.equal(readdirSync(aside).length, 5)
    const { deleted, failed } = await cleanLogs({ log_path })
    assert.deepEqual([deleted, failed], [[], []])
    assert.deepEqual(readdirSync(aside), ['stranger.log.1.7'])
    const texts = readdirSync(log_path)
      .filter((name) => name !== asideName)
      .map((name) => [name, readFileSync(at(name), 'utf8')])
    assert.deepEqual(texts, [
      ['error.log.4', 'error.log.1\n'],
      ['system.log.1', 'used since\n'],
      ['system.log.2.gz', 'the next number, compressed'],
      ['system.log.3', 'system.log.1\n'],
      ['system.log.5.gz', 'system.log.5.gz\n'],
    ])
  })

  test('leaves alone what a link of its name leads to', async (t) => {
    const log_path = logDirectory(t)
    const other = `${log_path}.other`
    mkdirSync(log_path)
    mkdirSync(other)
    writeFileSync(join(other, 'system.log.1'), 'precious\n')
    writeFileSync(join(other, 'system.log.2'), 'linked\n')
    linkSync(join(other, 'system.log.2'), join(other, 'backup'))
    symlinkSync(other, join(log_path, asideName))
    await cleanLogs({ log_path })
    const log = createLogger({ log_path })
    await log.close()
    assert.deepEqual(readdirSync(other), ['backup', 'system.log.1', 'system.log.2'])
  })
})
