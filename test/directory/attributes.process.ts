// Whole processes where modes, owners and times cannot be set: nothing is lost by it.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type CleanReport, type LoggingConfig, verifyLogs } from '../../lib/index.ts'
import { whyNoStrace } from '../faults/strace.ts'
import { linesOf, logDirectory, modeOf } from '../log-directory.ts'
import { isRoot, whyNoStrangers } from '../strangers.ts'

const library = resolve('dist/index.js')

/** A user that nobody is. */
const stranger = 61_234

const needsRoot = isRoot ? false : 'needs root, to be another user'

/** Logs three entries, says what became of them, and ends. */
const program = (directory: string, config: LoggingConfig): string => `
  const { createLogger } = await import(${JSON.stringify(pathToFileURL(library).href)})
  const log = createLogger(${JSON.stringify({ ...config, log_path: directory })})
  for (let i = 0; i < 3; i++) log.system.info('n ' + i)
  await log.flush()
  await log.close()
  console.log(JSON.stringify(log.stats()))`

interface Run {
  readonly stderr: string
  readonly written: number
  readonly failures: number
}

/** Runs the program in a process of its own, started in some other way than usual. */
function run(
  directory: string,
  command: readonly string[],
  options: { readonly uid?: number; readonly gid?: number; readonly config?: LoggingConfig } = {},
): Run {
  const { config = {}, ...user } = options
  const [file, ...words] = [
    ...command,
    '--no-warnings',
    '--input-type=module',
    '-e',
    program(directory, config),
  ]
  const { status, stdout, stderr } = spawnSync(file, words, { encoding: 'utf8', ...user })
  assert.equal(status, 0, stderr)
  const { written, failures } = JSON.parse(stdout) as { written: number; failures: number }
  return { stderr, written, failures }
}

/** A directory of mode 0755 whose parents anybody may pass. */
function openDirectory(t: TestContext): string {
  const directory = logDirectory(t)
  chmodSync(dirname(directory), 0o755)
  mkdirSync(directory)
  chmodSync(directory, 0o755)
  return directory
}

/** All lines are there, and one entry says what was refused. */
function assertTold(directory: string, { stderr, written, failures }: Run): void {
  assert.deepEqual([written, failures], [4, 0], stderr)
  assert.equal(stderr.match(/cannot set the mode/g)?.length, 1, stderr)
  assert.match(stderr, /writing goes on/)
  const lines = linesOf(directory, 'system.log').slice(-4)
  assert.equal(lines.filter(({ message }) => message.startsWith('n ')).length, 3)
  const [told] = lines.filter(({ level }) => level === 'WARNING')
  assert.equal(told?.message, 'The system refused a log file its mode')
  assert.match(String(told.context?.['reason']), /^cannot set the mode of /)
}

describe('createLogger() writes', () => {
  const major = Number.parseInt(process.versions.node, 10)
  const permission = major < 22 ? '--experimental-permission' : '--permission'
  const permitted = (directory: string): string[] => [
    process.execPath,
    permission,
    '--allow-fs-read=*',
    `--allow-fs-write=${directory}/*`,
  ]

  test("under Node's permission model, where modes can be set by name", (t) => {
    const directory = openDirectory(t)
    writeFileSync(join(directory, 'system.log'), '')
    chmodSync(join(directory, 'system.log'), 0o644)
    const { stderr, written, failures } = run(directory, permitted(directory))
    assert.deepEqual([stderr, written, failures], ['', 3, 0])
    for (const name of readdirSync(directory)) {
      assert.equal(modeOf(join(directory, name)), 0o600, name)
    }
  })

  test("under Node's permission model, never by name where others may change names", async (t) => {
    const directory = openDirectory(t)
    chmodSync(directory, 0o777)
    const path = join(directory, 'system.log')
    writeFileSync(path, '')
    chmodSync(path, 0o644)
    assertTold(directory, run(directory, permitted(directory)))
    assert.equal(modeOf(path), 0o644)
    chmodSync(directory, 0o700)
    const { faults } = await verifyLogs({ log_path: directory })
    assert.deepEqual(
      faults.map(({ file, kind }) => [file, kind]),
      [['system.log', 'mode']],
    )
  })

  const noStrace = whyNoStrace() ?? false
  for (const code of ['ENOSYS', 'EPERM']) {
    test(`where the system answers ${code} to every change`, { skip: noStrace }, (t) => {
      const directory = openDirectory(t)
      const path = join(directory, 'system.log')
      writeFileSync(path, '')
      chmodSync(path, 0o644)
      const calls = 'chmod,fchmod,fchmodat,chown,fchown,fchownat,utimensat,futimesat,utime,utimes'
      const strace = ['strace', '-f', '-qq', '-o', '/dev/null', `--trace=${calls}`]
      const command = [...strace, `--inject=${calls}:error=${code}`, process.execPath]
      assertTold(directory, run(directory, command))
      assert.equal(modeOf(path), 0o644)
    })
  }

  const synced: LoggingConfig = { durability: { system: 'synced' } }
  for (const code of ['EINVAL', 'EPERM']) {
    test(`through to the device where fdatasync is answered ${code}`, { skip: noStrace }, (t) => {
      const directory = logDirectory(t)
      const strace = ['strace', '-f', '-qq', '-o', '/dev/null', '--trace=fdatasync']
      const command = [...strace, `--inject=fdatasync:error=${code}`, process.execPath]
      const { stderr, written, failures } = run(directory, command, { config: synced })
      assert.deepEqual([stderr, written, failures], ['', 3, 0])
    })
  }

  test('where nothing leads to the device, and says it once', { skip: noStrace }, (t) => {
    const directory = logDirectory(t)
    const calls = 'fdatasync,pwrite64'
    const strace = ['strace', '-f', '-qq', '-o', '/dev/null', `--trace=${calls}`]
    const only = `--trace-path=${join(directory, 'system.log')}`
    const command = [...strace, `--inject=${calls}:error=EINVAL`, only, process.execPath]
    const { stderr, written, failures } = run(directory, command, { config: synced })
    assert.deepEqual([written, failures], [4, 0], stderr)
    assert.equal(stderr.match(/cannot put system.log on the device: EINVAL/g)?.length, 1, stderr)
    const lines = linesOf(directory, 'system.log')
    const told = 'The system refused a log file its durability'
    assert.deepEqual(lines.map(({ message }) => message).toSorted(), [told, 'n 0', 'n 1', 'n 2'])
  })

  test('what a killed process left in shared memory, with a permission model', (t) => {
    const directory = logDirectory(t)
    const url = JSON.stringify(pathToFileURL(library).href)
    const config: LoggingConfig = { log_path: directory, buffer: { ring: 'shared' } }
    const permissions = ['--allow-addons', '--allow-fs-read=*', '--allow-fs-write=*']
    const logging = (ending: string): ReturnType<typeof spawnSync> => {
      const text = `
        const { createLogger } = await import(${url})
        const log = createLogger(${JSON.stringify(config)})
        log.system.info('n')
        ${ending}`
      const words = [permission, ...permissions, '--no-warnings', '--input-type=module', '-e', text]
      return spawnSync(process.execPath, words, { encoding: 'utf8' })
    }
    const killed = logging("process.kill(process.pid, 'SIGKILL')")
    if (String(killed.stderr).includes('logging.buffer.ring')) {
      t.skip('there is no shared memory here')
      return
    }
    assert.equal(killed.signal, 'SIGKILL', String(killed.stderr))
    const { status, stderr } = logging('await log.close()')
    assert.deepEqual([status, stderr], [0, ''])
    const lines = linesOf(directory, 'system.log')
    assert.equal(lines.filter(({ message }) => message === 'n').length, 2)
  })

  const noStrangers = whyNoStrangers()
  const bindfs = noStrangers === false ? noBindfsReason() : noStrangers

  test('where all files belong to another user, with mode 0777', { skip: bindfs }, async (t) => {
    let place = ''
    t.after(() => spawnSync('umount', [place]))
    const behind = openDirectory(t)
    place = join(dirname(behind), 'mount')
    mkdirSync(place)
    const options = [`--force-user=${stranger}`, '--perms=0777', '--chmod-deny', '--chown-deny']
    const { status, stderr } = spawnSync('bindfs', [...options, behind, place], {
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
    const directory = join(place, 'logs')
    const user = { uid: stranger + 1, gid: stranger + 1 }
    assertTold(directory, run(directory, [process.execPath], user))
    // The files are there now, and belong to somebody else.
    assertTold(directory, run(directory, [process.execPath], user))
    assert.equal(linesOf(directory, 'system.log').length, 8)
    const { faults } = await verifyLogs({ log_path: directory })
    assert.ok(faults.some(({ file, kind }) => file === 'system.log' && kind === 'mode'))
    assert.ok(!readdirSync(directory).some((name) => name.endsWith('.tmp')))
  })

  test(
    "to root's file if it may, never to a stranger's or to a link to one of root's",
    {
      skip: noStrangers,
    },
    (t) => {
      const directory = openDirectory(t)
      chmodSync(directory, 0o777)
      const put = (name: string, uid: number): string => {
        const path = join(directory, name)
        writeFileSync(path, '')
        chmodSync(path, 0o666)
        chownSync(path, uid, 0)
        return path
      }
      put('system.log', 0)
      const theirs = put('audit.log', stranger)
      const linked = put('enforcement.log', 0)
      linkSync(linked, join(directory, 'precious'))
      const { stderr } = run(directory, [process.execPath], { uid: stranger + 1, gid: 100 })
      assert.equal(linesOf(directory, 'system.log').length > 0, true, stderr)
      assert.match(stderr, /cannot write \w+\.log: .*expected a file of the user that runs/)
      assert.equal(readFileSync(theirs, 'utf8'), '')
      assert.equal(readFileSync(linked, 'utf8'), '')
    },
  )

  test(
    'to a file of its own whose bits were taken, never behind a link',
    {
      skip: noStrangers,
    },
    (t) => {
      const directory = openDirectory(t)
      const user = { uid: stranger, gid: stranger }
      chownSync(directory, stranger, stranger)
      for (const name of ['system.log', 'precious']) {
        writeFileSync(join(directory, name), '')
        chmodSync(join(directory, name), 0)
        chownSync(join(directory, name), stranger, stranger)
      }
      const { stderr, written } = run(directory, [process.execPath], user)
      assert.deepEqual([stderr, written], ['', 3])
      assert.equal(modeOf(join(directory, 'system.log')), 0o600)
    },
  )
})

describe('cleanLogs() compresses', () => {
  const noStrace = whyNoStrace() ?? false
  const clean = (directory: string): string => `
    const { cleanLogs } = await import(${JSON.stringify(pathToFileURL(library).href)})
    console.log(JSON.stringify(await cleanLogs({ log_path: ${JSON.stringify(directory)}, compress: true })))`
  const cleaned = (
    directory: string,
    calls: string,
    code = 'ENOSYS',
    path?: string,
  ): CleanReport => {
    const strace = ['-f', '-qq', '-o', '/dev/null', `--trace=${calls}`]
    const node = [process.execPath, '--input-type=module', '-e', clean(directory)]
    const only = path === undefined ? [] : [`--trace-path=${path}`]
    const words = [...strace, `--inject=${calls}:error=${code}`, ...only, ...node]
    const { stdout, stderr } = spawnSync('strace', words, { encoding: 'utf8' })
    assert.equal(stderr, '')
    return JSON.parse(stdout) as CleanReport
  }

  test('where modes, times, sync and the free space are refused', { skip: noStrace }, (t) => {
    const directory = openDirectory(t)
    writeFileSync(join(directory, 'system.log.1'), 'line\n')
    const calls = 'fchmod,chmod,fchmodat,utimensat,fsync,statfs,fstatfs'
    assert.deepEqual(cleaned(directory, calls).failed, [])
    assert.deepEqual(readdirSync(directory), ['system.log.1.gz'])
  })

  test('keeping both where the device fails to take the new name', { skip: noStrace }, (t) => {
    const directory = openDirectory(t)
    writeFileSync(join(directory, 'system.log.1'), 'line\n')
    const { failed } = cleaned(directory, 'fsync', 'EIO', directory)
    assert.match(failed[0]?.reason ?? '', /EIO/)
    assert.deepEqual(readdirSync(directory).toSorted(), ['system.log.1', 'system.log.1.gz'])
  })

  test('never what would be taken from its owner', { skip: needsRoot || noStrace }, (t) => {
    const directory = openDirectory(t)
    writeFileSync(join(directory, 'system.log.1'), 'line\n')
    chownSync(join(directory, 'system.log.1'), stranger, stranger)
    const { failed, compressed } = cleaned(directory, 'fchown,chown,fchownat')
    assert.deepEqual(compressed, [])
    assert.match(failed[0]?.reason ?? '', new RegExp(`cannot give .* to ${stranger}:${stranger}`))
    assert.deepEqual(readdirSync(directory), ['system.log.1'])
  })
})

function noBindfsReason(): string | false {
  const place = mkdtempSync(join(tmpdir(), 'ringlog-bindfs-'))
  const { error, status, stderr } = spawnSync('bindfs', [place, place], { encoding: 'utf8' })
  spawnSync('umount', [place])
  rmdirSync(place)
  if (error !== undefined) return `bindfs cannot be started (${error.message})`
  return status === 0 ? false : `bindfs cannot mount here (${stderr.trim()})`
}
