// Deleting a rotated file while another process rotates: what that one does is tried between every
// two calls of the file system.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parseName } from '../../lib/directory/names.ts'
import { asideName } from '../../lib/directory/retention.ts'
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
