// Deleting a rotated file while another process rotates: what that one does is tried between every
// two calls of the file system.

import assert from 'node:assert/strict'
import {
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parseName } from '../../lib/directory/names.ts'
import { asideName } from '../../lib/directory/retention.ts'
import { cleanLogs } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'
import { SteppedWorker } from '../stepped-worker.ts'

/** An old file, and a younger one that is live. */
function fill(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory)
  writeFileSync(join(directory, 'a.log.1'), 'old')
  utimesSync(join(directory, 'a.log.1'), 1, 1)
  writeFileSync(join(directory, 'a.log'), 'young 0')
}

function contents(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => parseName(name) !== undefined)
  return names.map((name) => readFileSync(join(directory, name), 'utf8')).toSorted()
}

describe('discard()', () => {
  test('deletes no other file, whenever two rotations of another process come in between', (t) => {
    const directory = logDirectory(t)
    fill(directory)
    const deleting = new SteppedWorker(t, 'discard', directory)
    const rotating = new SteppedWorker(t, 'rotate', directory)

    let schedules = 0
    // The file is looked at, rotations begin; it is taken, they go on; it is put back, they end.
    for (let begun = 1; begun <= 2; begun++) {
      for (let rotated = 1, isWhole = false; !isWhole; rotated++) {
        for (let taken = 1, isLast = false; !isLast; taken += 2) {
          for (let between = 0; ; between += 3) {
            fill(directory)
            deleting.begin()
            deleting.steps(begun)
            rotating.begin()
            rotating.steps(rotated)
            isWhole ||= rotating.isIdle
            deleting.steps(taken)
            isLast = deleting.isIdle
            rotating.steps(between)
            const isEnd = rotating.isIdle
            deleting.steps(Infinity)
            rotating.steps(Infinity)
            assert.ok(deleting.isIdle && rotating.isIdle)
            schedules++
            const left = contents(directory).filter((text) => text !== 'old')
            assert.deepEqual(
              left,
              ['young 0', 'young 1', 'young 2'],
              JSON.stringify({ begun, rotated, taken, between }),
            )
            assert.ok(!readdirSync(directory).includes(asideName))
            if (isEnd) break
          }
        }
      }
    }
    t.diagnostic(`${schedules} orders`)
  })
})

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
})
