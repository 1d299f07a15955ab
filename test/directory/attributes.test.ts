// Systems that refuse a file what it can do without: its mode, its owner. Every line is written all
// the same, and that is told once, on stderr and in the file. Real systems, where the machine has
// them.

import assert from 'node:assert/strict'
import { chmodSync, closeSync, mkdirSync, openSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import {
  isPrivate,
  setModeByName,
  setMode,
  setOwner,
  setTimes,
  syncDirectory,
} from '../../lib/directory/attributes.ts'
import { logDirectory, modeOf } from '../log-directory.ts'
import { isRoot } from '../strangers.ts'

/** A user that nobody is. */
const stranger = 61_234

const needsRoot = isRoot ? false : 'needs root, to be another user'

/** A directory of mode 0755 whose parents anybody may pass. */
function openDirectory(t: TestContext): string {
  const directory = logDirectory(t)
  chmodSync(dirname(directory), 0o755)
  mkdirSync(directory)
  chmodSync(directory, 0o755)
  return directory
}

describe('setMode()', () => {
  test('changes what is not so, and says what was refused', (t) => {
    const directory = openDirectory(t)
    const path = join(directory, 'f')
    writeFileSync(path, '')
    chmodSync(path, 0o644)
    const fd = openSync(path, 'r')
    assert.equal(setMode(fd, path, 0o600), undefined)
    assert.equal(modeOf(path), 0o600)
    closeSync(fd)
    const refusal = setMode(fd, path, 0o640)
    assert.equal(refusal?.attribute, 'mode')
    assert.equal(refusal.file, 'f')
    assert.match(refusal.message, /^cannot set the mode of f to 0640: EBADF/)
  })
  test('notices a system that does nothing and says nothing', { skip: proc() }, () => {
    const fd = openSync('/proc/self/mem', 'r')
    const refusal = setMode(fd, '/proc/self/mem', 0o644)
    closeSync(fd)
    assert.match(refusal?.message ?? '', /cannot set the mode of mem to 0644: .*0600/)
  })
})

function proc(): string | false {
  return process.platform === 'linux' ? false : 'needs /proc'
}

describe('setModeByName()', () => {
  test('is no exception where the directory is gone', (t) => {
    const refusal = setModeByName(logDirectory(t), 0o700)
    assert.match(refusal?.message ?? '', /^cannot set the mode of logs to 0700: ENOENT/)
  })
})

describe('setOwner()', () => {
  test('gives a file away as root, and says when it cannot', { skip: needsRoot }, (t) => {
    const path = join(openDirectory(t), 'f')
    const fd = openSync(path, 'w+')
    assert.equal(setOwner(fd, path, stranger, 7), undefined)
    assert.deepEqual([statSync(path).uid, statSync(path).gid], [stranger, 7])
    closeSync(fd)
    assert.equal(setOwner(fd, path, 0, 0)?.attribute, 'owner')
  })
})

describe('setTimes()', () => {
  test('sets them to the microsecond, and says when it cannot', (t) => {
    const path = join(openDirectory(t), 'f')
    const fd = openSync(path, 'w+')
    assert.equal(setTimes(fd, path, 1_700_000_000, 1_700_000_000.25), undefined)
    assert.equal(statSync(path).mtimeMs, 1_700_000_000_250)
    closeSync(fd)
    assert.equal(setTimes(fd, path, 1, 1)?.attribute, 'times')
  })
})

describe('syncDirectory()', () => {
  test('says what is refused, and throws what has failed', (t) => {
    const directory = openDirectory(t)
    assert.equal(syncDirectory(directory), undefined)
    assert.throws(() => syncDirectory(join(directory, 'gone')), { code: 'ENOENT' })
  })
  test('takes a device that does not sync for one that refuses', { skip: proc() }, () => {
    assert.equal(syncDirectory('/proc/self')?.attribute, 'sync')
  })
})

describe('isPrivate()', () => {
  test('is false where others may change names', (t) => {
    const directory = openDirectory(t)
    assert.equal(isPrivate(directory), true)
    for (const mode of [0o777, 0o775, 0o1777]) {
      chmodSync(directory, mode)
      assert.equal(isPrivate(directory), false, mode.toString(8))
    }
  })
})
