// `file_mode`: what other users may do with the files of a log, each in a process of its own.

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
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { fileModes } from '../../lib/directory/attributes.ts'
import { createLogger, verifyLogs, type LoggingConfig } from '../../lib/index.ts'
import { whyNoStrace } from '../faults/strace.ts'
import { logDirectory, modeOf } from '../log-directory.ts'
import { whyNoStrangers } from '../strangers.ts'

const onWindows = process.platform === 'win32' && 'Windows has no modes'
const noStrangers = whyNoStrangers()

/** Users and a group that nobody has. */
const writer = 61_301
const reader = 61_302
const group = 61_400

const whole = 0o7777

/** The modes of all files of a directory, each once. */
function modesIn(directory: string): number[] {
  return [...new Set(readdirSync(directory).map((name) => modeOf(join(directory, name))))]
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
  test('holds for temporary files', async (t) => {
    const noStrace = whyNoStrace()
    if (noStrace !== undefined) return t.skip(noStrace)
    const directory = logDirectory(t)
    const log = createLogger({
      log_path: directory,
      file_mode: '0640',
      rotation: { max_size_mb: 1 },
    })
    for (let i = 0; i < 4; i++) {
      log.system.info('much', { filling: '.'.repeat(300_000) })
      await log.flush()
    }
    await log.close()
    const clean = `const { cleanLogs } = await import(${index})
      await cleanLogs({ log_path: ${JSON.stringify(directory)}, compress: true })`
    const strace = ['strace', '-f', '-qq', '-y', '--trace=fchmod']
    const words = [...strace, process.execPath, '--input-type=module', '-e', clean]
    const { stderr } = spawnSync(words[0]!, words.slice(1), { encoding: 'utf8' })
    assert.match(stderr, /system\.log\.1\.gz\.\d+\.tmp>, 0640\)/)
    assert.deepEqual(modesIn(directory), [0o640])
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
