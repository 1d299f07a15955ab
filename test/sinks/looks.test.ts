// What a batch asks of the system, of one line as of a thousand: after a pause each look takes 20
// to 70 µs, much of what an entry costs a program that logs little.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { type TestContext, describe, test } from 'node:test'
import { DirectoryLock } from '../../lib/directory/lock.ts'
import { FileSink } from '../../lib/sinks/file-sink.ts'
import { freeClaim, logDirectory } from '../log-directory.ts'

const names = [
  ...(['lstatSync', 'fstatSync', 'statSync', 'statfsSync', 'readSync', 'openSync'] as const),
  ...(['readdirSync', 'writeSync', 'ftruncateSync', 'renameSync', 'fdatasync'] as const),
]

/** Counts the synchronous calls from now on. */
function counted(t: TestContext): () => Readonly<Record<string, number>> {
  const mocks = names.map((name) => [name, t.mock.method(fs, name)] as const)
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
  return () => {
    const counts = mocks.map(([name, { mock }]) => [name, mock.callCount()] as const)
    return Object.fromEntries(counts.filter(([, count]) => count > 0))
  }
}

const nothing = (): void => {}

describe('FileSink.write()', () => {
  for (const lines of [1, 1000]) {
    test(`looks at the file before and after a batch of ${lines} lines, once each`, async (t) => {
      const directory = logDirectory(t)
      let written = nothing
      const sink = new FileSink(
        {
          directory,
          name: 'a.log',
          limitBytes: 1 << 20,
          keep: 1,
          synced: false,
          claim: freeClaim(directory),
        },
        {
          written: () => written(),
          failed: nothing,
          fault: nothing,
          recovered: nothing,
          rotated: nothing,
          torn: nothing,
          refused: nothing,
          late: nothing,
        },
      )
      const write = (text: string): Promise<void> =>
        new Promise((resolve) => {
          written = resolve
          sink.write(Buffer.from(text))
        })
      sink.open()
      await write('opens it\n')
      const calls = counted(t)
      await write('line\n'.repeat(lines))
      assert.deepEqual(calls(), { fstatSync: 1, lstatSync: 1 })
      await sink.close()
    })
  }
})

describe('DirectoryLock.check()', () => {
  test('looks at the file that bears the name of the lock, and at nothing else', (t) => {
    const directory = logDirectory(t)
    const lock = new DirectoryLock({ directory, taken: nothing, now: () => 0, wall: () => 0 })
    lock.hold()
    const calls = counted(t)
    assert.equal(lock.check(), true)
    assert.deepEqual(calls(), { lstatSync: 1 })
    lock.release({ max_files: 1, compress: false, seq: {}, files: {} })
  })
})
