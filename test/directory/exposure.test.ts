// Who else may write where the log lies, asked of real directories.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { exposureOf } from '../../lib/directory/exposure.ts'
import { logDirectory } from '../log-directory.ts'
import { library, loader } from '../loader.ts'

const skip = process.platform === 'win32' ? 'there are no modes' : false
const needsRoot = process.getuid?.() === 0 ? false : 'needs root, to give files away'
const stranger = 2001

function made(t: TestContext, mode: number): string {
  const directory = logDirectory(t)
  mkdirSync(directory)
  chmodSync(directory, mode)
  return realpathSync(directory)
}

describe('exposureOf()', { skip }, () => {
  test('names a directory that others may write to, and none where they cannot rename', (t) => {
    const cases: [number, boolean][] = [
      [0o700, false],
      [0o755, false],
      [0o777, true],
      [0o702, true],
      [0o1777, false],
      // The group is our own.
      [0o775, false],
    ]
    for (const [mode, isExposed] of cases) {
      const directory = made(t, mode)
      const expected = isExposed ? `${directory} has mode 0${mode.toString(8)}` : undefined
      assert.equal(exposureOf(directory), expected)
    }
  })

  test('asks the directories above as well', (t) => {
    const directory = made(t, 0o700)
    chmodSync(dirname(directory), 0o777)
    assert.equal(exposureOf(directory), `${dirname(directory)} has mode 0777`)
  })

  test(
    'names the directory of another user, and one open to another group',
    { skip: needsRoot },
    (t) => {
      const directory = made(t, 0o700)
      chownSync(directory, stranger, 0)
      assert.equal(exposureOf(directory), `${directory} belongs to user ${stranger}`)
      chownSync(directory, 0, stranger)
      assert.equal(exposureOf(directory), undefined)
      chmodSync(directory, 0o770)
      assert.equal(exposureOf(directory), `${directory} has mode 0770`)
    },
  )

  test('says nothing of what is not there', (t) => {
    assert.equal(exposureOf(logDirectory(t)), undefined)
  })
})

describe('createLogger()', { skip }, () => {
  test('says once on stderr that others may write to its directory', (t) => {
    const start = (directory: string): string => {
      const script = `import(${JSON.stringify(library)}).then(({ createLogger }) =>
        createLogger({ log_path: ${JSON.stringify(directory)} }).close())`
      return spawnSync(process.execPath, [...loader, '-e', script], { encoding: 'utf8' }).stderr
    }
    const open = made(t, 0o777)
    const remark = `ringlog: others may replace files of the log: ${open} has mode 0777\n`
    assert.equal(start(open), remark)
    assert.equal(start(made(t, 0o700)), '')
  })
})
