// A batch on its way into a file that nobody else writes to; contested-file.test.ts has those that
// another writer has.

import assert from 'node:assert/strict'
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { AppendFile } from '../../lib/sinks/append-file.ts'
import { WriteProgress } from '../../lib/sinks/write-progress.ts'
import { freeClaim, logDirectory } from '../log-directory.ts'

const text = 'one\ntwo\nthree\n'

interface Rig {
  readonly path: string
  readonly file: AppendFile
  readonly progress: WriteProgress
  /** Has the stream given so many of the first bytes, of which as many come to the file. */
  readonly give: (handed: number, come: number) => void
  readonly places: () => readonly [written: number, handed: number, synced: number]
}

function rig(t: TestContext, before = ''): Rig {
  const directory = logDirectory(t)
  mkdirSync(directory, { recursive: true })
  const path = join(directory, 'a.log')
  writeFileSync(path, before)
  const file = new AppendFile(directory, 'a.log', freeClaim(directory))
  file.open(false)
  t.after(() => file.close())
  const progress = new WriteProgress(Buffer.from(text))
  return {
    path,
    file,
    progress,
    give: (handed, come) => {
      appendFileSync(path, text.slice(progress.written, come))
      progress.handed = handed
    },
    places: () => [progress.written, progress.handed, progress.synced],
  }
}

describe('WriteProgress.advance()', () => {
  test('takes for written what has come to the file, and no more than was handed over', (t) => {
    const { path, file, progress, give, places } = rig(t, 'before\n')
    assert.equal(progress.advance(file), false, 'nothing is pending')
    give(8, 3)
    assert.deepEqual([progress.isPending, progress.pending], [true, 8])
    assert.equal(progress.advance(file), true)
    assert.deepEqual(places(), [3, 8, 0])
    assert.equal(progress.advance(file), false, 'no more has come')
    appendFileSync(path, '\ntwo\nothers')
    assert.equal(progress.advance(file), true)
    assert.deepEqual([places(), file.growth()], [[8, 8, 0], 'others'.length])
  })

  test('finds the piece at the end of a file that has been truncated under us', (t) => {
    const { path, file, progress, give, places } = rig(t, 'before that\n')
    give(8, 0)
    truncateSync(path, 0)
    assert.equal(progress.advance(file), false)
    assert.deepEqual(places(), [0, 8, 0])
    appendFileSync(path, 'one\ntwo\n')
    assert.equal(progress.advance(file), true)
    assert.deepEqual([places(), file.size], [[8, 8, 0], 8])
  })
})

describe('WriteProgress.verify()', () => {
  test('is true when all of the piece is in the file of that name', (t) => {
    const { file, progress, give, places } = rig(t)
    give(14, 14)
    assert.equal(progress.verify(file), true)
    assert.deepEqual([places(), file.growth(), progress.isWhole], [[14, 14, 0], 0, true])
    assert.equal(progress.verify(file), true, 'nothing is pending')
  })

  test('counts no more than the piece, where others have added to the file', (t) => {
    const { path, file, progress, give, places } = rig(t)
    give(14, 14)
    appendFileSync(path, 'others\n')
    assert.equal(progress.verify(file), true)
    assert.deepEqual([places(), file.growth()], [[14, 14, 0], 0])
  })

  test('takes a short write for what it is', (t) => {
    const { file, progress, give, places } = rig(t)
    give(14, 5)
    assert.equal(progress.verify(file), false)
    assert.deepEqual([places(), progress.isWhole], [[5, 5, 0], false])
  })

  test('knows a piece that went to a truncated file', (t) => {
    const { path, file, progress, give, places } = rig(t, 'before\n')
    give(8, 0)
    truncateSync(path, 0)
    appendFileSync(path, text.slice(0, 8))
    assert.equal(progress.verify(file), true)
    assert.deepEqual([places(), file.size], [[8, 8, 0], 8])
  })

  test('is false in a file that bears another name by now, though all is written', (t) => {
    const { path, file, progress, give, places } = rig(t)
    give(8, 8)
    renameSync(path, `${path}.1`)
    assert.equal(progress.verify(file), false)
    assert.deepEqual(places(), [8, 8, 0])
  })

  test('takes back all that is in a file which has been removed, what is on the device as well', (t) => {
    const { path, file, progress, give, places } = rig(t)
    give(8, 8)
    progress.verify(file)
    progress.synced = 8
    progress.moveOn(false, false)
    give(14, 14)
    progress.verify(file)
    progress.synced = 14
    rmSync(path)
    assert.equal(progress.verify(file), false)
    assert.deepEqual(places(), [8, 8, 8], 'but not what is in files before')
  })
})

describe('WriteProgress.settle()', () => {
  test('takes what is in the file for written, and gives up the rest of the piece', (t) => {
    const { file, progress, give, places } = rig(t)
    give(14, 5)
    progress.settle(file)
    assert.deepEqual(places(), [5, 5, 0])
    assert.equal(progress.inLine, true)
  })

  test('believes nothing of a file that has been removed', (t) => {
    const { path, file, progress, give, places } = rig(t)
    give(14, 14)
    rmSync(path)
    progress.settle(file)
    assert.deepEqual(places(), [0, 0, 0])
  })

  test('finds the whole piece at the end, though the file was truncated and has grown again', (t) => {
    const { path, file, progress, give, places } = rig(t, 'before\n')
    give(8, 0)
    truncateSync(path, 0)
    appendFileSync(path, `others\n${text.slice(0, 8)}`)
    progress.settle(file)
    assert.deepEqual([places(), file.growth()], [[8, 8, 0], 0])
  })
})

describe('WriteProgress', () => {
  test('append() writes up to an end', (t) => {
    const { path, file, progress, places } = rig(t)
    progress.append(file, 5)
    assert.deepEqual([places(), progress.inLine], [[5, 5, 0], true])
    progress.append(file, 14)
    assert.deepEqual([places(), progress.inLine, progress.isWhole], [[14, 14, 0], false, true])
    assert.equal(readFileSync(path, 'utf8'), text)
  })

  test('takeBackLine() cuts the beginning of a line off, but never what others have added to', (t) => {
    const { path, file, progress, places } = rig(t)
    progress.append(file, 6)
    progress.synced = 6
    progress.takeBackLine(file)
    assert.deepEqual([places(), readFileSync(path, 'utf8')], [[4, 4, 4], 'one\n'])
    progress.append(file, 6)
    appendFileSync(path, 'x')
    progress.takeBackLine(file)
    assert.deepEqual([places(), readFileSync(path, 'utf8')], [[6, 6, 4], 'one\ntwx'])
    file.look()
    progress.takeBackLine(file)
    assert.deepEqual([places(), readFileSync(path, 'utf8')], [[6, 6, 4], 'one\ntwx'], 'not ours')
  })

  test('moveOn() begins the line again in the next file, so that none is split', (t) => {
    const { file, progress, places } = rig(t)
    progress.append(file, 6)
    progress.synced = 6
    progress.moveOn(false, false)
    assert.deepEqual(places(), [4, 4, 4])
    progress.append(file, 8)
    progress.moveOn(true, false)
    assert.deepEqual(places(), [4, 4, 4], 'a removed file takes its own along')
  })

  test('moveOn() writes again what is not on the device, where that is out of reach', (t) => {
    const { file, progress, places } = rig(t)
    progress.append(file, 14)
    progress.synced = 4
    progress.moveOn(false, true)
    assert.deepEqual(places(), [4, 4, 4])
  })

  test('takeBack() cuts off what is not on the device', (t) => {
    const { path, file, progress, places } = rig(t, 'before\n')
    progress.append(file, 14)
    progress.synced = 4
    progress.takeBack(file)
    assert.deepEqual([places(), readFileSync(path, 'utf8')], [[4, 4, 4], 'before\none\n'])
  })

  test('takeBack() leaves what others have put there, and of a truncated file what is not ours', (t) => {
    const { path, file, progress, places } = rig(t)
    progress.append(file, 14)
    progress.synced = 4
    appendFileSync(path, 'others\n')
    progress.takeBack(file)
    assert.deepEqual([places(), readFileSync(path, 'utf8')], [[4, 4, 4], `${text}others\n`])

    const other = rig(t)
    other.progress.append(other.file, 14)
    truncateSync(other.path, 0)
    appendFileSync(other.path, 'three\n')
    other.progress.takeBack(other.file)
    assert.deepEqual([other.places(), readFileSync(other.path, 'utf8')], [[0, 0, 0], ''])
  })
})
