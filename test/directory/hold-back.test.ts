// Rotated files that stay because something of them is not shipped: what notes say, and where the
// bounds are.

import assert from 'node:assert/strict'
import {
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import {
  isShippedNote,
  noteShipped,
  shippedLsn,
  unshippedIn,
} from '../../lib/directory/hold-back.ts'
import { logIdOf, stateOf } from '../../lib/directory/lock-files.ts'
import { filesByBase } from '../../lib/directory/names.ts'
import { beyondTotal, doomedAmong } from '../../lib/directory/retention.ts'
import { cleanLogs, createLogger, verifyLogs } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'

const id = 'a'.repeat(32)

function made(t: TestContext): string {
  const directory = logDirectory(t)
  mkdirSync(directory)
  return directory
}

function linesOf(...lsns: readonly number[]): string {
  return lsns.map((lsn) => `{"message":"m","seq":${lsn},"lsn":${lsn}}\n`).join('')
}

/** Files of a base, three numbers in each, and what of them is unshipped. */
function unshipped(directory: string): string[] {
  const isUnshipped = unshippedIn(directory, id)
  const files = filesByBase(readdirSync(directory)).get('system.log')!
  return files.filter((file) => isUnshipped(file, files)).map(({ name }) => name)
}

describe('noteShipped()', () => {
  test('leaves a file alone that has been linked to where it writes', (t) => {
    const directory = made(t)
    noteShipped(directory, 'e', { log_id: id, lsn: 1 }, 0o600)
    const [name] = readdirSync(directory)
    const victim = join(directory, 'victim')
    writeFileSync(victim, 'precious')
    linkSync(victim, join(directory, `${name}.tmp`))
    noteShipped(directory, 'e', { log_id: id, lsn: 2 }, 0o600)
    assert.equal(readFileSync(victim, 'utf8'), 'precious')
    assert.equal(shippedLsn(directory, id), 2)
  })
})

describe('shippedLsn()', () => {
  test('is that of the engine that is furthest behind, of this log alone', (t) => {
    const directory = made(t)
    assert.equal(shippedLsn(directory, id), 0)
    noteShipped(directory, 'nats://a/LOGS h', { log_id: id, lsn: 9 }, 0o640)
    noteShipped(directory, 'postgres://b/logs h', { log_id: id, lsn: 7 }, 0o600)
    noteShipped(directory, 'postgres://c/logs h', { log_id: 'b'.repeat(32), lsn: 3 }, 0o600)
    assert.equal(shippedLsn(directory, id), 7)
    assert.equal(shippedLsn(directory, 'c'.repeat(32)), 0)
    assert.equal(shippedLsn(directory, undefined), 0)
    const names = readdirSync(directory)
    assert.ok(names.length === 3 && names.every(isShippedNote), names.join())
    assert.equal(
      statSync(
        join(
          directory,
          names.find((name) => statSync(join(directory, name)).mode & 0o040)!,
        ),
      ).mode & 0o777,
      0o640,
    )
  })

  test('believes nothing that is no note', (t) => {
    const directory = made(t)
    const name = (digit: string): string =>
      join(directory, `ringlog.shipped.${digit.repeat(16)}.lock`)
    const texts = ['', '{', 'null', '[]', `{"log_id":"${id}"}`, `{"log_id":"${id}","lsn":-1}`]
    for (const [i, text] of [...texts, `{"log_id":"${id}","lsn":1e300}`].entries()) {
      writeFileSync(name(String(i)), text)
    }
    writeFileSync(join(directory, 'elsewhere'), `{"log_id":"${id}","lsn":5}`)
    symlinkSync(join(directory, 'elsewhere'), name('a'))
    mkdirSync(name('b'))
    assert.equal(shippedLsn(directory, id), 0)
  })
})

describe('unshippedIn()', () => {
  test('holds a file until all before the next one is shipped, compressed or not', (t) => {
    const directory = made(t)
    writeFileSync(join(directory, 'system.log.3.gz'), gzipSync(linesOf(1, 2, 3)))
    writeFileSync(join(directory, 'system.log.2'), linesOf(4, 5, 6))
    writeFileSync(join(directory, 'system.log.1'), linesOf(7, 8, 9))
    writeFileSync(join(directory, 'system.log'), '')
    const at = (lsn: number): string[] => {
      noteShipped(directory, 'e', { log_id: id, lsn }, 0o600)
      return unshipped(directory).filter((name) => name !== 'system.log')
    }
    const all = ['system.log.3.gz', 'system.log.2', 'system.log.1']
    assert.deepEqual(at(0), all)
    assert.deepEqual(at(2), all)
    assert.deepEqual(at(3), all.slice(1))
    assert.deepEqual(at(8), all.slice(2), 'the last one ends with its own last line')
    assert.deepEqual(at(9), [])
  })

  test('looks at the end of a file where the next one begins much later', (t) => {
    const directory = made(t)
    writeFileSync(join(directory, 'system.log.1'), linesOf(1, 2, 3))
    writeFileSync(join(directory, 'system.log'), linesOf(900))
    noteShipped(directory, 'e', { log_id: id, lsn: 3 }, 0o600)
    assert.deepEqual(unshipped(directory), ['system.log'])
  })
})

test('doomedAmong() holds a hundred files of a base, and none that is too old', (t) => {
  const directory = made(t)
  for (const index of [1, 2, 100, 101]) writeFileSync(join(directory, `system.log.${index}`), 'x\n')
  const files = filesByBase(readdirSync(directory)).get('system.log')!
  const doomed = (retentionMs: number): unknown[] =>
    doomedAmong(directory, files, {
      keep: 1,
      retentionMs,
      now: Date.now() + 1000,
      isUnshipped: ({ index }) => index !== 2,
    }).map(({ name, reason, isUnshipped }) => [name, reason, isUnshipped])
  assert.deepEqual(doomed(60_000), [
    ['system.log.101', 'count', true],
    ['system.log.2', 'count', false],
  ])
  assert.equal(doomed(0).length, 4)
})

test('beyondTotal() takes first what is shipped, whatever it is of', (t) => {
  const directory = made(t)
  for (const name of ['audit.log.1', 'system.log.1', 'system.log.2']) {
    writeFileSync(join(directory, name), 'x'.repeat(10))
  }
  const limits = { keep: 9, retentionMs: Infinity, now: Date.now(), totalBytes: 5 }
  const series = filesByBase(readdirSync(directory))
  const isUnshipped = ({ name }: { readonly name: string }): boolean => name === 'system.log.2'
  const order = (more: object): string[] =>
    beyondTotal(directory, series, { ...limits, ...more }).map(({ name }) => name)
  assert.deepEqual(order({}), ['system.log.2', 'system.log.1', 'audit.log.1'])
  assert.deepEqual(order({ isUnshipped }), ['system.log.1', 'audit.log.1', 'system.log.2'])
})

describe('createLogger({ rotation: { keep_unshipped } })', () => {
  const rotation = { max_size_mb: 1, max_files: 1, keep_unshipped: true }
  const text = 'x'.repeat(30_000)

  /** Logs so many mebibytes. */
  async function write(directory: string, mebibytes: number, more: object = {}): Promise<void> {
    const log = createLogger({
      log_path: directory,
      console: 'off',
      rotation: { ...rotation, ...more },
    })
    for (let i = 0; i < mebibytes * 34; i++) {
      log.system.info('m', { text })
      if (i % 17 === 0) await log.flush()
    }
    await log.close()
    await cleanLogs({ log_path: directory })
  }

  function rotated(directory: string): number {
    return readdirSync(directory).filter((name) => /^system\.log\.\d+$/.test(name)).length
  }

  test('keeps files until a note says that they are shipped, and clean does the same', async (t) => {
    const directory = logDirectory(t)
    await write(directory, 5)
    const { checkpoint } = stateOf(directory)
    assert.equal(checkpoint!.keep_unshipped, true)
    const count = rotated(directory)
    assert.ok(count >= 4, `${count}`)
    const note = { log_id: logIdOf(directory)!, lsn: checkpoint!.lsn! }
    noteShipped(directory, 'e', note, 0o600)
    assert.deepEqual((await verifyLogs({ log_path: directory })).faults, [])
    await cleanLogs({ log_path: directory })
    assert.equal(rotated(directory), 1)
    await write(directory, 3)
    assert.ok(rotated(directory) >= 2)
    noteShipped(directory, 'e', { ...note, lsn: stateOf(directory).checkpoint!.lsn! }, 0o600)
    await write(directory, 0)
    assert.equal(rotated(directory), 1)
  })

  test('deletes them where all together come to more, and says so', async (t) => {
    const directory = logDirectory(t)
    await write(directory, 6, { max_total_mb: 3 })
    assert.ok(rotated(directory) <= 3, `${rotated(directory)}`)
    const live = readFileSync(join(directory, 'system.log'), 'utf8')
    const rest = readdirSync(directory)
      .filter((name) => name.startsWith('system.log.'))
      .map((name) => readFileSync(join(directory, name), 'utf8'))
    assert.match([live, ...rest].join(''), /"Rotated files deleted that were not shipped"/)
  })

  test('is off where nobody asks for it', async (t) => {
    const directory = logDirectory(t)
    await write(directory, 4, { keep_unshipped: false })
    assert.equal(rotated(directory), 1)
    assert.equal(stateOf(directory).checkpoint!.keep_unshipped, undefined)
  })
})
