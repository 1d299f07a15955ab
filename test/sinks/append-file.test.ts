// One descriptor of a file that is appended to: what is in the file is known by looking, whatever
// others have done to its name, its end and its directory.

import assert from 'node:assert/strict'
import {
  appendFileSync,
  constants,
  fstatSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { AppendFile, fileBytesMax } from '../../lib/sinks/append-file.ts'
import { freeClaim, logDirectory, modeOf } from '../log-directory.ts'

interface Rig {
  readonly directory: string
  readonly path: string
  readonly file: AppendFile
  /** What a test changes of our right to the directory. */
  readonly claim: { tenure: number; isHeld: boolean }
}

function rig(t: TestContext, content?: string, mode?: number): Rig {
  const directory = logDirectory(t)
  mkdirSync(directory, { recursive: true })
  const path = join(directory, 'a.log')
  if (content !== undefined) writeFileSync(path, content)
  const claim = { tenure: 1, isHeld: true }
  const file = new AppendFile(
    directory,
    'a.log',
    {
      ...freeClaim(directory),
      get tenure() {
        return claim.tenure
      },
      check: () => claim.isHeld,
      checkAfter: () => claim.isHeld,
      boundOf: (inode) => Number(inode % 1000n),
    },
    mode,
  )
  t.after(() => file.close())
  return { directory, path, file, claim }
}

/** A rig whose file is open. */
function opened(t: TestContext, content?: string): Rig {
  const it = rig(t, content)
  it.file.open(false)
  return it
}

const lines = Buffer.from('one\ntwo\nthree\n')

describe('AppendFile.open()', () => {
  test('makes the file with its mode, and goes on behind what is in it', (t) => {
    const { path, file } = rig(t, undefined, 0o640)
    const { isOther, isRemoved, tornBytes, isFull } = file.open(false)
    assert.deepEqual([isOther, isRemoved, tornBytes, isFull], [true, false, 0, false])
    if (process.platform !== 'win32') assert.equal(modeOf(path), 0o640)
    file.write(lines, 0, 4)
    file.write(lines, 4, lines.length)
    assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\nthree\n')
    assert.equal(file.size, lines.length)
    assert.equal(file.open(false).isOther, false)
    assert.equal(file.size, lines.length)
  })

  test('ends a torn last line, but not that in whose middle its caller is', (t) => {
    const { path, file } = rig(t, 'one\ntw')
    assert.equal(file.open(false).tornBytes, 2)
    assert.deepEqual([readFileSync(path, 'utf8'), file.size], ['one\ntw\n', 7])
    file.write(Buffer.from('half'), 0, 4)
    assert.equal(file.open(true).tornBytes, 0)
    assert.deepEqual([readFileSync(path, 'utf8'), file.size], ['one\ntw\nhalf', 11])
    renameSync(path, `${path}.1`)
    writeFileSync(path, 'tw')
    assert.equal(file.open(true).tornBytes, 2, 'another file')
  })

  test('tells whether the file is another one, and whether that before has been removed', (t) => {
    const { path, file } = opened(t)
    renameSync(path, `${path}.1`)
    assert.deepEqual(only(file.open(false)), { isOther: true, isRemoved: false })
    rmSync(path)
    assert.deepEqual(only(file.open(false)), { isOther: true, isRemoved: true })
    assert.deepEqual(only(file.open(false)), { isOther: false, isRemoved: false })
  })

  function only({ isOther, isRemoved }: ReturnType<AppendFile['open']>): object {
    return { isOther, isRemoved }
  }
})

describe('AppendFile', () => {
  test('hold() keeps the descriptor until what it returns is called', (t) => {
    const { path, file } = opened(t)
    const { ino } = statSync(path)
    const release = file.hold()
    const again = file.hold()
    const fd = Number(/\d+$/.exec(file.ownName ?? '')?.[0])
    renameSync(path, `${path}.1`)
    file.open(false)
    file.close()
    assert.equal(file.isOpen, false)
    release()
    if (Number.isNaN(fd)) return
    assert.equal(fstatSync(fd).ino, ino)
    again()
    assert.throws(() => fstatSync(fd), { code: 'EBADF' })
  })

  test('isHeld and isContested go by the claim and by the tenure in which it was opened', (t) => {
    const { file, claim } = opened(t)
    assert.deepEqual([file.isHeld, file.isContested], [true, false])
    claim.isHeld = false
    assert.deepEqual([file.isHeld, file.isContested], [false, true])
    claim.isHeld = true
    claim.tenure = 2
    assert.deepEqual([file.isHeld, file.isContested], [false, true])
    file.open(false)
    assert.deepEqual([file.isHeld, file.isContested], [true, false])
    claim.isHeld = false
    file.close()
    assert.equal(file.isContested, false, 'nothing is open')
  })

  test('growth() and look() tell what others have done to the end', (t) => {
    const { path, file } = opened(t)
    file.write(lines, 0, 8)
    appendFileSync(path, 'theirs\n')
    assert.equal(file.growth(), 7)
    truncateSync(path, 3)
    assert.equal(file.growth(), -5)
    file.look()
    assert.deepEqual([file.size, file.growth()], [3, 0])
  })

  test('cut() takes the last bytes back, of what is there now', (t) => {
    const { path, file } = opened(t)
    file.write(lines, 0, lines.length)
    truncateSync(path, 8)
    file.cut(4)
    assert.deepEqual([readFileSync(path, 'utf8'), file.size], ['one\n', 4])
  })

  test('endsWith() compares the last bytes, as far as its window of 4 KiB', (t) => {
    const { file, path } = opened(t, 'one\ntwo\n')
    assert.equal(file.endsWith(lines, 0, 8), true)
    assert.equal(file.endsWith(lines, 4, 8), true)
    assert.equal(file.endsWith(lines, 0, 4), false)
    assert.equal(file.endsWith(lines, 0, 14), false, 'longer than the file')
    const long = Buffer.from(`${'x'.repeat(5000)}\n`)
    appendFileSync(path, `y${'x'.repeat(4094)}\n`)
    assert.equal(file.endsWith(long, 0, long.length), false, 'its first byte seen is another')
    appendFileSync(path, `y${'x'.repeat(4095)}\n`)
    assert.equal(file.endsWith(long, 0, long.length), true, 'what differs is not looked at')
  })

  for (const [what, content, before, expected] of [
    ['at the end', 'one\ntwo\nthree\n', 0, { start: 0, landed: 14, isLate: false }],
    ['behind others', 'x\none\ntwo\nthree\n', 0, { start: 2, landed: 14, isLate: true }],
    ['before others', 'one\ntwo\nx\n', 0, { start: 0, landed: 8, isLate: false }],
    ['torn', 'one\ntwo\nthr', 0, { start: 0, landed: 8, isLate: false }],
    ['nowhere', 'two\nthree\n', 0, undefined],
    ['torn in its first line', 'on', 0, undefined],
  ] as const) {
    test(`find() finds lines ${what}`, (t) => {
      const { path, file } = opened(t)
      appendFileSync(path, content)
      assert.deepEqual(file.find(lines, before), expected)
    })
  }

  test('find() begins at what is known to be in the file, and looks beyond a window', (t) => {
    const { path, file } = opened(t, 'one\n')
    file.write(Buffer.from('on'), 0, 2)
    appendFileSync(path, 'e\ntwo\n')
    assert.deepEqual(file.find(lines, 2), { start: 4, landed: 8, isLate: false })
    // The lines stand across the end of the first window.
    const filler = `${'x'.repeat((1 << 20) - 10 - 2)}\n`
    truncateSync(path, 4)
    file.look()
    appendFileSync(path, filler)
    appendFileSync(path, lines)
    assert.deepEqual(file.find(lines, 0), { start: 4 + filler.length, landed: 14, isLate: true })
    truncateSync(path, 4)
    appendFileSync(path, `${'x'.repeat((1 << 20) + 5)}\n`)
    appendFileSync(path, lines)
    assert.deepEqual(file.find(lines, 0), { start: 4 + (1 << 20) + 6, landed: 14, isLate: true })
    truncateSync(path, 4)
    appendFileSync(path, `${'x'.repeat(3 << 20)}\n`)
    appendFileSync(path, lines)
    assert.equal(file.find(lines, 0)?.start, 4 + (3 << 20) + 1)
  })

  test('bound is that of the file that is open', (t) => {
    const { path, file } = opened(t)
    assert.equal(file.bound, Number(statSync(path, { bigint: true }).ino % 1000n))
  })

  test('cover() puts blanks in the place of lines, and their ends', (t) => {
    const { path, file } = opened(t, 'a\nmine\nmine\nb\n')
    assert.equal(file.cover(Buffer.from('mine\nmine\n'), 2), true)
    assert.equal(readFileSync(path, 'utf8'), `a\n${' '.repeat(9)}\nb\n`)
  })

  test('cover() touches no other file that has come in its place', (t) => {
    const { path, file } = opened(t, 'mine\n')
    // As where the system gives a descriptor no name.
    Object.defineProperty(file, 'ownName', { get: () => undefined })
    renameSync(path, `${path}.1`)
    writeFileSync(path, 'other\n')
    assert.equal(file.cover(Buffer.from('mine\n'), 0), false)
    rmSync(path)
    if (constants.O_NOFOLLOW !== undefined) {
      symlinkSync(`${path}.1`, path)
      assert.equal(file.cover(Buffer.from('mine\n'), 0), false)
    }
    assert.equal(readFileSync(`${path}.1`, 'utf8'), 'mine\n')
  })

  test('firstMoment() is that of the first entry, whatever stands in front of it', (t) => {
    const entry =
      '{"timestamp":"2025-10-17T14:23:45.123+00:00","level":"INFO","category":"audit","message":"m"}\n'
    const { file } = opened(t, `    at x\nrubbish\n${entry}${entry.replace('2025', '2026')}`)
    assert.equal(file.firstMoment(), Date.parse('2025-10-17T14:23:45.123Z'))
    const { file: none } = opened(t, 'rubbish\n')
    assert.equal(none.firstMoment(), undefined)
  })

  test('refusal() is what the system would say of so many bytes', (t) => {
    const { file } = opened(t)
    assert.equal(file.refusal(1), undefined)
    assert.equal((file.refusal(Number.MAX_SAFE_INTEGER) as { code?: string }).code, 'ENOSPC')
    assert.ok(fileBytesMax() > 0)
    file.size = fileBytesMax()
    if (file.size === Infinity) {
      assert.equal((file.refusal(1) as { code?: string }).code, 'EFBIG')
    }
  })
})

describe('AppendFile.whereabouts()', () => {
  test('is by the file itself, not by what bears its name', (t) => {
    const { path, file } = opened(t, 'mine\n')
    assert.equal(file.whereabouts(), 'ours')
    linkSync(path, `${path}.1`)
    rmSync(path)
    assert.equal(file.whereabouts(), 'renamed')
    if (process.platform !== 'win32') {
      symlinkSync(`${path}.1`, path)
      assert.equal(file.whereabouts(), 'renamed', 'a link to it is not it')
      rmSync(path)
    }
    writeFileSync(path, 'other\n')
    assert.equal(file.whereabouts(), 'renamed')
    rmSync(`${path}.1`)
    assert.equal(file.whereabouts(), 'removed')
  })

  test('believes the file where the directory cannot be read', (t) => {
    if (process.platform === 'win32') return t.skip('needs links')
    const { directory, file } = opened(t, 'mine\n')
    const aside = join(dirname(directory), 'aside')
    renameSync(directory, aside)
    symlinkSync(directory, directory)
    assert.equal(file.whereabouts(), 'ours', 'a link in a circle')
    rmSync(join(aside, 'a.log'))
    assert.equal(file.whereabouts(), 'removed')
  })
})

describe('AppendFile.sync() and rewrite()', () => {
  test('put on the device what is there, and leave it as it is', async (t) => {
    const { path, file } = opened(t)
    file.write(lines, 0, lines.length)
    assert.match(file.inspect(), / 14 new$/)
    assert.equal(await file.sync(lines), undefined)
    assert.match(file.inspect(), / 14$/)
    assert.equal(file.syncNow(lines), undefined)
    await file.rewrite(lines.subarray(4))
    file.rewriteNow(lines.subarray(8))
    assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\nthree\n')
    assert.equal(file.growth(), 0)
    file.close()
    assert.equal(file.inspect(), 'no file')
  })

  test('rewrite() changes nothing of what others have put there, nor without the directory', async (t) => {
    const { path, file, claim } = opened(t)
    file.write(lines, 0, lines.length)
    appendFileSync(path, 'x\n')
    await assert.rejects(file.rewrite(lines), /changed by others/)
    assert.throws(() => file.rewriteNow(lines), /changed by others/)
    truncateSync(path, lines.length)
    claim.isHeld = false
    await assert.rejects(file.rewrite(lines), /another writer/)
    assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\nthree\n')
  })

  test('rewrite() follows the file, not its name', async (t) => {
    const { path, file } = opened(t)
    if (file.ownName === undefined) return t.skip('the system gives descriptors no names')
    file.write(lines, 0, lines.length)
    renameSync(path, `${path}.1`)
    writeFileSync(path, lines)
    truncateSync(path, 4)
    await file.rewrite(lines)
    assert.equal(readFileSync(path, 'utf8'), 'one\n')
    Object.defineProperty(file, 'ownName', { get: () => undefined })
    await assert.rejects(file.rewrite(lines), /changed by others/)
  })
})
