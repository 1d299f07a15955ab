// `file_mode`: who else may read the files of a log. Whatever the umask, and whatever was there
// before. What other users then may do is in file-mode.process.ts.

import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { directoryModeOf, fileModes, setModeByName } from '../../lib/directory/attributes.ts'
import { exposureOf } from '../../lib/directory/exposure.ts'
import { cleanLogs, createLogger, verifyLogs, type LoggingConfig } from '../../lib/index.ts'
import { logDirectory, modeOf } from '../log-directory.ts'
import { isRoot } from '../strangers.ts'

const onWindows = process.platform === 'win32' && 'Windows has no modes'
const needsRoot = isRoot ? false : 'needs root, to be another user'

/** A group that nobody has. */
const group = 61_400

const whole = 0o7777
const allModes = Object.entries(fileModes) as [keyof typeof fileModes, number][]

/** Logs until `system.log` has been rotated twice, and ends. */
async function logMuch(log_path: string, more: LoggingConfig): Promise<void> {
  const log = createLogger({ log_path, ...more, rotation: { max_size_mb: 1, ...more.rotation } })
  for (let i = 0; i < 9; i++) {
    log.system.info('much', { filling: '.'.repeat(300_000) })
    await log.flush()
  }
  log.audit.info('little')
  await log.close()
}

/** The modes of all files of a directory, each once. */
function modesIn(directory: string): number[] {
  return [...new Set(readdirSync(directory).map((name) => modeOf(join(directory, name))))]
}

async function modeFaults(log_path: string): Promise<string[]> {
  const { faults } = await verifyLogs({ log_path })
  return faults.map(({ file, kind, message }) => `${kind} ${file}: ${message}`)
}

describe('createLogger({ file_mode })', { skip: onWindows }, () => {
  for (const [file_mode, mode] of allModes) {
    for (const umask of [0o000, 0o077]) {
      test(`gives every file ${file_mode} under umask ${umask.toString(8)}`, async (t) => {
        const before = process.umask(umask)
        t.after(() => process.umask(before))
        const directory = join(logDirectory(t), 'deeper')
        await logMuch(directory, { file_mode, rotation: { compress: true } })
        // The second start compresses what the end of the first has left.
        const log = createLogger({ log_path: directory, file_mode, rotation: { compress: true } })
        await log.close()
        await cleanLogs({ log_path: directory, compress: true })
        assert.ok(readdirSync(directory).includes('system.log.1.gz'))
        assert.ok(readdirSync(directory).some((name) => name.endsWith('.lock')))
        assert.deepEqual(modesIn(directory), [mode])
        assert.equal(modeOf(directory), directoryModeOf(mode))
        assert.equal(modeOf(dirname(directory)), directoryModeOf(mode))
        assert.deepEqual(await modeFaults(directory), [])
      })
    }
  }

  test('goes with the bits of the directory', () => {
    const modes = allModes.map(([, mode]) => directoryModeOf(mode))
    assert.deepEqual(modes, [0o700, 0o750, 0o770, 0o755])
  })

  test('holds for what was there before, and back again', async (t) => {
    const directory = logDirectory(t)
    await logMuch(directory, {})
    assert.deepEqual(modesIn(directory), [0o600])
    for (const [file_mode, mode] of [...allModes, ...allModes.slice(0, 1)]) {
      // A directory is never closed by us.
      chmodSync(directory, 0o700)
      const log = createLogger({ log_path: directory, file_mode })
      log.audit.info(file_mode)
      await log.close()
      await cleanLogs({ log_path: directory })
      assert.deepEqual(modesIn(directory), [mode], file_mode)
      assert.deepEqual(await modeFaults(directory), [], file_mode)
    }
  })

  test('keeps what a directory allows beyond it', async (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    for (const mode of [0o700, 0o2711, 0o1777]) {
      chmodSync(directory, mode)
      const log = createLogger({ log_path: directory, file_mode: '0640', console: 'off' })
      await log.close()
      assert.equal(statSync(directory).mode & whole, mode | 0o750)
    }
  })

  test('widens the directory that a link leads to', async (t) => {
    const parent = dirname(logDirectory(t))
    const [real, link] = [join(parent, 'real'), join(parent, 'link')]
    mkdirSync(real, { mode: 0o700 })
    symlinkSync(real, link)
    const log = createLogger({ log_path: link, file_mode: '0640' })
    await log.close()
    assert.equal(modeOf(real), 0o750)
  })

  test('leaves a directory alone whose files are for nobody else', async (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    chmodSync(directory, 0o711)
    const log = createLogger({ log_path: directory })
    await log.close()
    assert.equal(modeOf(directory), 0o711)
  })

  test('has the files take the group of a setgid directory', { skip: needsRoot }, async (t) => {
    const directory = logDirectory(t)
    await logMuch(directory, {})
    chownSync(directory, 0, group)
    chmodSync(directory, 0o2700)
    await logMuch(directory, { file_mode: '0640', rotation: { compress: true } })
    await cleanLogs({ log_path: directory, compress: true })
    assert.equal(statSync(directory).mode & whole, 0o2750)
    for (const name of ['system.log', 'audit.log', 'system.log.1.gz']) {
      assert.equal(statSync(join(directory, name)).gid, group, name)
    }
    assert.deepEqual(await modeFaults(directory), [])
  })
})

describe('exposureOf()', { skip: needsRoot || onWindows }, () => {
  test('trusts a group for which the files are meant, and no other', (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    chownSync(directory, 0, group)
    chmodSync(directory, 0o770)
    assert.match(exposureOf(directory) ?? '', /has mode 0770/)
    assert.match(exposureOf(directory, 0o640) ?? '', /has mode 0770/)
    assert.equal(exposureOf(directory, 0o660), undefined)
    chmodSync(directory, 0o777)
    assert.match(exposureOf(directory, 0o660) ?? '', /has mode 0777/)
  })
})

describe('setModeByName()', { skip: onWindows }, () => {
  test('keeps what a directory has beyond its mode, of a file nothing', (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    chmodSync(directory, 0o3700)
    assert.equal(setModeByName(directory, 0o750), undefined)
    assert.equal(statSync(directory).mode & whole, 0o3750)
    const file = join(directory, 'f')
    writeFileSync(file, '')
    chmodSync(file, 0o4755)
    assert.equal(setModeByName(file, 0o640), undefined)
    assert.equal(statSync(file).mode & whole, 0o640)
  })
})
