// `file_mode`: who else may read the files of a log. Whatever the umask, and whatever was there
// before.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { directoryModeOf, fileModes, setModeByName } from '../../lib/directory/attributes.ts'
import { exposureOf } from '../../lib/directory/exposure.ts'
import { cleanLogs, createLogger, verifyLogs, type LoggingConfig } from '../../lib/index.ts'
import { whyNoStrace } from '../faults/strace.ts'
import { logDirectory, modeOf } from '../log-directory.ts'
import { isRoot, whyNoStrangers } from '../strangers.ts'

const onWindows = process.platform === 'win32' && 'Windows has no modes'
const needsRoot = isRoot ? false : 'needs root, to be another user'
const noStrangers = whyNoStrangers()

/** Users and a group that nobody has. */
const writer = 61_301
const reader = 61_302
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

/** Runs a program of the library as another user. */
function runAs(uid: number, gid: number, words: readonly string[], command = [process.execPath]) {
  const [file, ...more] = [...command, '--no-warnings', ...words]
  return spawnSync(file!, more, { encoding: 'utf8', uid, gid, cwd: '/' })
}

const index = JSON.stringify(pathToFileURL(resolve('dist/index.js')).href)

const program = (config: LoggingConfig): string[] => [
  '--input-type=module',
  '-e',
  `const { createLogger } = await import(${index})
  const log = createLogger(${JSON.stringify(config)})
  for (let i = 0; i < 3; i++) log.system.info('n ' + i)
  await log.close()`,
]

/** A directory that anybody may pass. */
function openParent(t: TestContext): string {
  const parent = dirname(logDirectory(t))
  chmodSync(parent, 0o755)
  return realpathSync(parent)
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

  test('holds for temporary files', async (t) => {
    const noStrace = whyNoStrace()
    if (noStrace !== undefined) return t.skip(noStrace)
    const directory = logDirectory(t)
    await logMuch(directory, { file_mode: '0640' })
    const clean = `const { cleanLogs } = await import(${index})
      await cleanLogs({ log_path: ${JSON.stringify(directory)}, compress: true })`
    const strace = ['strace', '-f', '-qq', '-y', '--trace=fchmod']
    const words = [...strace, process.execPath, '--input-type=module', '-e', clean]
    const { stderr } = spawnSync(words[0]!, words.slice(1), { encoding: 'utf8' })
    assert.match(stderr, /system\.log\.1\.gz\.\d+\.tmp>, 0640\)/)
    assert.deepEqual(modesIn(directory), [0o640])
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
    const parent = openParent(t)
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

  test('never takes the setgid bit from a directory', { skip: noStrangers }, (t) => {
    const parent = openParent(t)
    const directory = join(parent, 'logs')
    mkdirSync(directory)
    chownSync(directory, writer, group)
    chmodSync(directory, 0o2700)
    const config: LoggingConfig = { log_path: directory, file_mode: '0640' }
    // Its owner is not of the group: the system would give it the mode without the bit.
    const { stderr, status } = runAs(writer, writer, program(config))
    assert.equal(status, 0, stderr)
    assert.match(stderr, /cannot set the mode of logs to 0750: its files take group 61400/)
    assert.equal(stderr.match(/cannot set the mode/g)?.length, 1)
    assert.equal(statSync(directory).mode & whole, 0o2700)
    assert.equal(modeOf(join(directory, 'system.log')), 0o640)
  })

  test("is told once where the directory is another's", { skip: noStrangers }, (t) => {
    const directory = join(openParent(t), 'logs')
    mkdirSync(directory)
    chownSync(directory, 0, group)
    chmodSync(directory, 0o770)
    const config: LoggingConfig = { log_path: directory, file_mode: '0644' }
    const { stderr, status } = runAs(writer, group, program(config))
    assert.equal(status, 0, stderr)
    assert.equal(stderr.match(/cannot set the mode of logs to 0775/g)?.length, 1, stderr)
    assert.deepEqual(modesIn(directory), [0o644])
    const verified = runAs(writer, group, [resolve('dist/cli.js'), 'verify', '-d', directory])
    assert.equal(verified.status, 1)
    assert.match(verified.stdout, /Expected mode 0755, got 0770/)
    assert.equal(verified.stdout.match(/mode/g)?.length, 2, verified.stdout)
  })
})

describe('ringlog tail', { skip: noStrangers }, () => {
  const cli = resolve('dist/cli.js')
  const log = (t: TestContext, file_mode: keyof typeof fileModes): string => {
    const parent = openParent(t)
    chownSync(parent, writer, writer)
    const directory = join(parent, 'logs')
    mkdirSync(directory)
    chownSync(directory, writer, group)
    chmodSync(directory, 0o2750)
    const { stderr, status } = runAs(writer, writer, program({ log_path: directory, file_mode }))
    assert.deepEqual([status, stderr], [0, ''])
    return directory
  }
  const tail = (directory: string, uid: number, gid: number) =>
    runAs(uid, gid, [cli, 'tail', '--json', '-d', directory])

  test('shows a user of the group what has file_mode 0640', (t) => {
    const directory = log(t, '0640')
    const { stdout, stderr, status } = tail(directory, reader, group)
    assert.deepEqual([status, stderr], [0, ''])
    assert.match(stdout, /"n 0".*\n.*"n 1".*\n.*"n 2"/)
    const verified = runAs(reader, group, [cli, 'verify', '-d', directory])
    assert.equal(verified.status, 0, verified.stdout + verified.stderr)
    assert.equal(tail(directory, reader, reader).status, 1)
  })

  test('follows for a user of the group what another one writes', (t) => {
    const directory = log(t, '0640')
    const words = [cli, 'tail', '-f', '--json', '-n', '0', '-d', directory]
    const script = `const { spawn } = await import('node:child_process')
      const tail = spawn(process.execPath, ${JSON.stringify(words)}, { uid: ${reader}, gid: ${group}, cwd: '/' })
      tail.stderr.pipe(process.stderr)
      let text = ''
      const { createLogger } = await import(${index})
      const config = ${JSON.stringify({ log_path: directory, file_mode: '0640' })}
      const log = createLogger(config)
      const again = setInterval(() => log.system.error('come'), 50)
      for await (const piece of tail.stdout) {
        text += piece
        if (text.includes('"come"')) break
      }
      clearInterval(again)
      tail.kill()
      await log.close()
      console.log('seen')`
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 60_000,
    })
    assert.equal(child.stdout, 'seen\n', child.stderr)
  })

  test('shows nobody else what has file_mode 0600', (t) => {
    const directory = log(t, '0600')
    const { status, stderr } = tail(directory, reader, group)
    assert.equal(status, 1)
    assert.match(stderr, /EACCES/)
  })
})

describe('ringlog verify', { skip: noStrangers }, () => {
  const stray = 61_303
  const cli = resolve('dist/cli.js')

  /** Writes, says so, and ends when its input does; by SIGKILL, if it is told to. */
  const living = (config: LoggingConfig, end: string): string[] => [
    '--input-type=module',
    '-e',
    `const { createLogger } = await import(${index})
    const log = createLogger(${JSON.stringify(config)})
    for (const category of ['system', 'audit', 'sdk']) log[category].info('here')
    await log.flush()
    console.log('written')
    process.stdin.resume().on('end', async () => { ${end} })`,
  ]

  for (const [how, end] of [
    ['close()', 'await log.close()'],
    ['SIGKILL', `process.kill(process.pid, 'SIGKILL')`],
  ] as const) {
    test(`believes the lock of the user who logs in a group's directory, before ${how} and after`, async (t) => {
      const directory = join(openParent(t), 'logs')
      mkdirSync(directory)
      chownSync(directory, 0, group)
      chmodSync(directory, 0o2770)
      const config: LoggingConfig = { log_path: directory, file_mode: '0660' }
      const ids = new Set<string | undefined>()
      const look = async (): Promise<void> => {
        for (const uid of [reader, writer]) {
          const { status, stdout, stderr } = runAs(uid, group, [cli, 'verify', '-d', directory])
          assert.equal(status, 0, `as ${uid}: ${stdout}${stderr}`)
          ids.add(/ is log ([\da-f]+)$/m.exec(stderr)?.[1])
        }
        const { faults, logs } = await verifyLogs({ log_path: directory })
        assert.deepEqual(faults, [], 'as root')
        ids.add(logs[0]!.log_id)
      }
      const child = spawn(process.execPath, living(config, end), {
        uid: writer,
        gid: group,
        cwd: '/',
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      t.after(() => child.kill('SIGKILL'))
      await once(child.stdout, 'data')
      await look()
      child.stdin.end()
      await once(child, 'exit')
      await look()
      // Another one of the group must not write into these files, and says nothing of them.
      const tried = runAs(stray, group, program({ ...config, lock_wait_s: 0 }))
      assert.match(tried.stderr, /expected a file of the user that runs the process/)
      await look()
      assert.equal(ids.size, 1, [...ids].join(' and '))
      assert.match([...ids][0] ?? '', /./)
    })
  }

  test('believes nobody where the files belong to several', async (t) => {
    const directory = join(openParent(t), 'logs')
    mkdirSync(directory)
    chownSync(directory, 0, group)
    chmodSync(directory, 0o2770)
    const config: LoggingConfig = { log_path: directory, file_mode: '0660' }
    assert.equal(runAs(writer, group, program(config)).status, 0)
    assert.notEqual((await verifyLogs({ log_path: directory })).logs[0]!.log_id, undefined)
    writeFileSync(join(directory, 'another.log'), '')
    chownSync(join(directory, 'another.log'), stray, group)
    assert.equal((await verifyLogs({ log_path: directory })).logs[0]!.log_id, undefined)
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
