// rotating-file-stream on a file that we hold: three events, each once, on that file alone.

import assert from 'node:assert/strict'
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { AppendFile } from '../../lib/sinks/append-file.ts'
import { FileStream } from '../../lib/sinks/file-stream.ts'
import { freeClaim, logDirectory } from '../log-directory.ts'

interface Rig {
  readonly directory: string
  readonly path: string
  readonly file: AppendFile
}

function rig(t: TestContext): Rig {
  const directory = logDirectory(t)
  mkdirSync(directory, { recursive: true })
  const file = new AppendFile(directory, 'a.log', freeClaim(directory))
  file.open(false)
  t.after(() => file.close())
  return { directory, path: join(directory, 'a.log'), file }
}

/** A stream and what it tells, each as a promise. */
function streamOf({ file, path }: Rig): {
  readonly stream: FileStream
  readonly opened: Promise<string>
  readonly ended: Promise<Error | undefined>
  readonly told: string[]
} {
  const told: string[] = []
  let stream!: FileStream
  let opened!: Promise<string>
  const ended = new Promise<Error | undefined>((end) => {
    opened = new Promise((open) => {
      stream = new FileStream(file, path, {
        opened: () => {
          told.push('opened')
          open('opened')
        },
        ended: (error) => {
          told.push('ended')
          end(error)
        },
      })
    })
  })
  return { stream, opened, ended, told }
}

/** How many descriptors of a file the process has, also of one that is removed by now. */
function openings(path: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path)
    } catch {
      // That of the list itself, which is closed again.
      return false
    }
  }).length
}

const written = (stream: FileStream, text: string): Promise<void> =>
  new Promise((resolve) => stream.write(Buffer.from(text), resolve))

describe('FileStream', () => {
  test('opens, writes each piece, and ends once', async (t) => {
    const it = rig(t)
    const { stream, opened, ended, told } = streamOf(it)
    await opened
    await written(stream, 'one\n')
    assert.equal(readFileSync(it.path, 'utf8'), 'one\n')
    await written(stream, 'two\n')
    stream.end()
    stream.end()
    assert.equal(await ended, undefined)
    assert.equal(readFileSync(it.path, 'utf8'), 'one\ntwo\n')
    assert.deepEqual(told, ['opened', 'ended'])
  })

  test('writes to the file that is held, whatever bears its name by then', async (t) => {
    const it = rig(t)
    if (it.file.ownName === undefined) return t.skip('the system gives descriptors no names')
    renameSync(it.path, `${it.path}.1`)
    writeFileSync(it.path, 'other\n')
    const { stream, opened, ended } = streamOf(it)
    await opened
    await written(stream, 'one\n')
    stream.end()
    await ended
    assert.deepEqual(
      [it.path, `${it.path}.1`].map((path) => readFileSync(path, 'utf8')),
      ['other\n', 'one\n'],
    )
  })

  test('ends with an error when it has opened another file than the one that is held', async (t) => {
    const it = rig(t)
    Object.defineProperty(it.file, 'ownName', { get: () => undefined })
    renameSync(it.path, `${it.path}.1`)
    writeFileSync(it.path, 'other\n')
    const { ended, told } = streamOf(it)
    assert.match(String(await ended), /another file was in its place/)
    assert.deepEqual(told, ['ended'])
    assert.equal(readFileSync(it.path, 'utf8'), 'other\n')
  })

  test('end() before it is open: it never tells that it is', async (t) => {
    const { stream, ended, told } = streamOf(rig(t))
    stream.end()
    assert.equal(await ended, undefined)
    assert.deepEqual(told, ['ended'])
  })

  test('a write that fails is the end, and nothing is told behind it', async (t) => {
    const it = rig(t)
    const { stream, opened, ended, told } = streamOf(it)
    await opened
    stream.end()
    stream.write(Buffer.from('late\n'), () => told.push('written'))
    assert.equal(((await ended) as NodeJS.ErrnoException).code, 'ERR_STREAM_WRITE_AFTER_END')
    stream.write(Buffer.from('later\n'), () => told.push('written'))
    await new Promise(setImmediate)
    assert.deepEqual(told, ['opened', 'ended'])
    assert.equal(readFileSync(it.path, 'utf8'), '')
  })

  test('lets go of the held descriptor when it is open, and when it never was', async (t) => {
    if (process.platform !== 'linux') return t.skip('needs /proc')
    const it = rig(t)
    assert.equal(openings(it.path), 1)
    const { stream, opened, ended } = streamOf(it)
    await opened
    it.file.close()
    stream.end()
    await ended
    assert.equal(openings(it.path), 0)
    it.file.open(false)
    const never = streamOf(it)
    never.stream.end()
    it.file.close()
    await never.ended
    assert.equal(openings(it.path), 0)
    it.file.open(false)
    Object.defineProperty(it.file, 'ownName', { get: () => undefined })
    rmSync(it.path)
    mkdirSync(it.path)
    const refused = streamOf(it)
    it.file.close()
    assert.ok((await refused.ended) instanceof Error)
    assert.deepEqual(refused.told, ['ended'])
    assert.equal(openings(it.path), 0)
  })

  test('takes nothing for an option that all objects inherit, and leaves it to them', async (t) => {
    const it = rig(t)
    const added = { teeToStdout: true, immutable: true, emitClose: false, interval: '1s' }
    const properties = Object.entries(added).map(([key, value]) => {
      const property = { value, enumerable: true, configurable: true, writable: true }
      Reflect.defineProperty(Object.prototype, key, property)
      return [key, property] as const
    })
    try {
      const { stream, opened, ended } = streamOf(it)
      for (const [key, property] of properties) {
        assert.deepEqual(Reflect.getOwnPropertyDescriptor(Object.prototype, key), property)
      }
      await opened
      await written(stream, 'one\n')
      stream.end()
      assert.equal(await ended, undefined)
    } finally {
      for (const key of Object.keys(added)) Reflect.deleteProperty(Object.prototype, key)
    }
    assert.deepEqual(readdirSync(it.directory), ['a.log'])
  })
})
