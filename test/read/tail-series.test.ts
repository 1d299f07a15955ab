import { strict as assert } from 'node:assert'
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { filesByBase, nameOf } from '../../lib/directory/names.ts'
import { rotateSync } from '../../lib/directory/rotate.ts'
import { Descriptors } from '../../lib/read/descriptors.ts'
import { Remarks } from '../../lib/read/remark.ts'
import { Tail } from '../../lib/read/tail-series.ts'
import { logDirectory } from '../log-directory.ts'
import { runs } from '../runs.ts'

const base = 'system.log'

function tailed(
  t: TestContext,
  nulWaitMs?: number,
): { tail: Tail; path: string; directory: string } {
  const directory = logDirectory(t)
  mkdirSync(directory)
  const remarks = new Remarks(({ text }) => assert.fail(text))
  const tail = new Tail(directory, base, new Descriptors(), remarks, undefined, nulWaitMs)
  t.after(() => tail.close())
  return { tail, path: join(directory, base), directory }
}

/** A rotation that moves compressed files too. */
function rotate(directory: string): void {
  for (const { name, index, compressed } of filesByBase(readdirSync(directory)).get(base)!) {
    renameSync(join(directory, name), join(directory, nameOf(base, index + 1, compressed)))
  }
}

/** Compresses the newest rotated file, if it is plain; for a moment both forms are there. */
function compress(directory: string, between: () => void): void {
  const path = join(directory, `${base}.1`)
  if (!existsSync(path)) return
  writeFileSync(`${path}.gz.tmp`, gzipSync(readFileSync(path)))
  renameSync(`${path}.gz.tmp`, `${path}.gz`)
  between()
  rmSync(path)
}

async function read(tail: Tail): Promise<string[]> {
  const found: string[] = []
  for await (const { lines } of tail.available()) found.push(...lines.map(({ raw }) => raw))
  return found
}

test('Tail gives each line once and in order, whatever happens between two looks', async (t) => {
  const step = fc.constantFrom(
    'write',
    'write half',
    'rotate',
    'rotate',
    'compress',
    'look',
    'read',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { tail, path, directory } = tailed(t)
      const found: string[] = []
      let written = 0
      let torn = ''
      const end = (): void => {
        if (torn !== '') appendFileSync(path, `${torn}\n`)
        torn = ''
      }
      for (const each of steps) {
        if (each === 'write') {
          end()
          appendFileSync(path, `line ${written++}\n`)
        } else if (each === 'write half') {
          end()
          appendFileSync(path, 'line ')
          torn = String(written++)
        } else if (each === 'rotate') {
          end()
          appendFileSync(path, '')
          rotate(directory)
        } else if (each === 'compress') {
          compress(directory, () => tail.look())
        } else if (each === 'look') tail.look()
        else found.push(...(await read(tail)))
      }
      end()
      appendFileSync(path, 'last\n')
      found.push(...(await read(tail)))
      const expected = Array.from({ length: written }, (_, i) => `line ${i}`)
      assert.deepEqual(found, [...expected, 'last'])
      tail.close()
    }),
    { numRuns: runs(80) },
  )
})

test('Tail.look() holds what is removed before it is read', async (t) => {
  const { tail, path, directory } = tailed(t)
  for (let n = 0; n < 30; n++) {
    writeFileSync(path, `line ${n}\n`)
    tail.look()
    rotateSync(directory, base, 2)
  }
  assert.deepEqual(
    await read(tail),
    Array.from({ length: 30 }, (_, i) => `line ${i}`),
  )
})

test('Tail.pass() takes a file as read, also when it comes again compressed', async (t) => {
  const { tail, path, directory } = tailed(t)
  writeFileSync(path, 'old\n')
  assert.deepEqual(await read(tail), ['old'])
  rotateSync(directory, base, 10)
  writeFileSync(path, 'new\n')
  assert.deepEqual(await read(tail), ['new'])
  writeFileSync(`${path}.1.gz`, gzipSync('old\n'))
  rmSync(`${path}.1`)
  rmSync(path)
  writeFileSync(path, 'newest\n')
  assert.deepEqual(await read(tail), ['newest'])
})

test('Tail gives the torn line of a file that is finished', async (t) => {
  const { tail, path, directory } = tailed(t)
  writeFileSync(path, 'one\ntorn')
  assert.deepEqual(await read(tail), ['one'])
  rotateSync(directory, base, 10)
  assert.deepEqual(await read(tail), [])
  writeFileSync(path, 'two\n')
  assert.deepEqual(await read(tail), ['torn', 'two'])
})

test('Tail is not deceived by an inode that is used again', async (t) => {
  const { tail, path } = tailed(t)
  for (let n = 0; n < 20; n++) {
    writeFileSync(path, `line ${n} ${'x'.repeat(20 - n)}\n`)
    assert.deepEqual(await read(tail), [`line ${n} ${'x'.repeat(20 - n)}`])
    rmSync(path)
  }
})

test('Tail waits for NULs that become data', async (t) => {
  const { tail, path } = tailed(t)
  const long = 'one'.repeat(500)
  writeFileSync(path, `${long}\n`)
  assert.deepEqual(await read(tail), [long])
  // The file is longer first, as a network file system may show it; then the bytes come, not all at
  // once.
  const at = long.length + 1
  truncateSync(path, at + 11)
  assert.deepEqual(await read(tail), [])
  const fd = openSync(path, 'r+')
  t.after(() => closeSync(fd))
  writeSync(fd, 'e\n', at + 9)
  assert.deepEqual(await read(tail), [])
  writeSync(fd, 'two\n', at)
  assert.deepEqual(await read(tail), ['two'])
  writeSync(fd, '\nthr', at + 4)
  assert.deepEqual(await read(tail), [''])
  writeSync(fd, 'e', at + 8)
  assert.deepEqual(await read(tail), ['three'])
})

test('Tail gives NULs that stay, once something stands behind them, and never room taken in advance', async (t) => {
  const { tail, path, directory } = tailed(t, 0)
  writeFileSync(path, `one\n`)
  truncateSync(path, 10_000)
  assert.deepEqual(await read(tail), ['one'])
  assert.deepEqual(await read(tail), [])
  appendFileSync(path, '{"two":2}\n')
  assert.deepEqual(await read(tail), ['[9996 NUL bytes]', '{"two":2}'])
  truncateSync(path, 20_000)
  assert.deepEqual(await read(tail), [])
  rotateSync(directory, base, 10)
  writeFileSync(path, 'three\n')
  assert.deepEqual(await read(tail), ['[9990 NUL bytes]', 'three'])
})

test('Tail does not give a file again that was compressed into several members', async (t) => {
  const { tail, path, directory } = tailed(t)
  writeFileSync(path, 'old\n'.repeat(100))
  assert.equal((await read(tail)).length, 100)
  rotateSync(directory, base, 10)
  writeFileSync(path, 'new\n')
  assert.deepEqual(await read(tail), ['new'])
  const { atime, mtime } = statSync(`${path}.1`)
  const half = gzipSync('old\n'.repeat(50))
  writeFileSync(`${path}.1.gz`, Buffer.concat([half, half]))
  utimesSync(`${path}.1.gz`, atime, mtime)
  rmSync(`${path}.1`)
  rmSync(path)
  writeFileSync(path, 'newest\n')
  assert.deepEqual(await read(tail), ['newest'])
})
