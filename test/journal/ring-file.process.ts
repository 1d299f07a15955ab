// The file of a shared ring, from a logger's point of view: what comes back, what is refused, and
// what is not believed.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { self } from '../../lib/directory/lock-owner.ts'
import { library, loader } from '../loader.ts'
import { logDirectory } from '../log-directory.ts'
import { MemoryGroup, whyNoMemoryGroup } from '../memory-group.ts'

const shared = '/dev/shm'
const skip = process.platform !== 'linux' && 'shared memory is used on Linux only'

/** Runs a program that has a logger; gives its stderr. */
function run(
  directory: string,
  body: string,
  before: readonly string[] = [],
  preload: string = '',
  writer: string = 'inline',
): string {
  const program = `
    import { createLogger } from ${JSON.stringify(library)}
    try {
      const log = createLogger({ log_path: ${JSON.stringify(directory)}, buffer: { ring: 'shared', bytes: 1 << 20, writer: '${writer}' } })
      ${body}
    } catch (error) { console.error(String(error)) }`
  const first = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`]
  const node = [process.execPath, ...loader, ...first, '--input-type=module', '-e', program]
  const [file = '', ...args] = [...before, ...node]
  return spawnSync(file, args, { encoding: 'utf8' }).stderr
}

const killed = `
  log.system.info('one', { password: 'CANARY', n: 1 })
  log.enforcement.error('two', new Error('x'))
  log.system.info('three')
  process.kill(process.pid, 'SIGKILL')`

/** Nothing that a writer thread is woken for: it is killed before it has looked. */
const killedSoon = `
  log.system.info('one')
  process.kill(process.pid, 'SIGKILL')`

/** Makes the lock one that nobody has to wait for; else its holder has to be silent for 10 s. */
function releaseLock(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (!name.endsWith('.lock')) continue
    const lock = join(directory, name)
    const text = readFileSync(lock, 'utf8').replace('"released":false', '"released":true ')
    writeFileSync(lock, text, { flag: 'r+' })
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
}

/** The rings of a directory, and the pipes beside them. */
function ringsOf(directory: string): string[] {
  const name = createHash('sha256').update(realpathSync(directory)).digest('hex').slice(0, 24)
  return readdirSync(shared)
    .filter((file) => file.includes(name))
    .map((file) => join(shared, file))
}

function messagesIn(directory: string, file: string): string[] {
  try {
    const lines = readFileSync(join(directory, file), 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => (JSON.parse(line) as { message: string }).message)
  } catch {
    return []
  }
}

function cleaned(t: TestContext, directory: string): void {
  // What has been put aside stays, and the directory is gone by then.
  const rings = ringsOf(directory)
  t.after(() => {
    for (const path of rings) {
      for (const name of [path, `${path}.aside`, `${path}.aside-link.aside`])
        rmSync(name, { force: true })
    }
  })
}

describe('buffer.ring: shared', { skip }, () => {
  test('brings back what a killed process had accepted, once, in order, masked, and says so', (t) => {
    const directory = logDirectory(t)
    run(directory, killed)
    cleaned(t, directory)
    const [ring = ''] = ringsOf(directory)
    assert.equal(statSync(ring).mode & 0o777, 0o600)
    assert.deepEqual(messagesIn(directory, 'system.log'), [])
    assert.equal(run(directory, 'await log.close()'), '')
    assert.deepEqual(ringsOf(directory), [])
    run(directory, 'await log.close()')
    assert.deepEqual(messagesIn(directory, 'system.log'), [
      'one',
      'three',
      'Recovered 3 entries of a process that was killed',
    ])
    assert.deepEqual(messagesIn(directory, 'enforcement.log'), ['two'])
    assert.deepEqual(messagesIn(directory, 'error.log'), ['two'])
    assert.ok(!readFileSync(join(directory, 'system.log'), 'utf8').includes('CANARY'))
  })

  test('writes nothing twice when who gave the entries other numbers was killed amid it', (t) => {
    const directory = logDirectory(t)
    run(directory, killed)
    cleaned(t, directory)
    const [ring = ''] = ringsOf(directory)
    // Somebody uses their numbers.
    renameSync(ring, `${ring}.aside`)
    run(directory, `log.system.info('other'); log.enforcement.info('other'); await log.close()`)
    renameSync(`${ring}.aside`, ring)
    const kill = `
      import fs from 'node:fs'
      import { syncBuiltinESMExports } from 'node:module'
      const { rmSync } = fs
      fs.rmSync = (path, options) => {
        if (path === ${JSON.stringify(ring)}) process.kill(process.pid, 'SIGKILL')
        rmSync(path, options)
      }
      syncBuiltinESMExports()`
    run(directory, '', [], kill)
    assert.ok(ringsOf(directory).includes(ring))
    assert.equal(run(directory, 'await log.close()'), '')
    assert.deepEqual(messagesIn(directory, 'system.log'), ['other', 'one', 'three'])
    assert.deepEqual(messagesIn(directory, 'enforcement.log'), ['other', 'two'])
    assert.deepEqual(messagesIn(directory, 'error.log'), ['two'])
    assert.deepEqual(ringsOf(directory), [])
  })

  test('brings back what the owner of the directory had before what those had who waited', (t) => {
    const directory = logDirectory(t)
    run(
      directory,
      `const waiting = createLogger({ log_path: ${JSON.stringify(directory)}, console: 'off',
        lock_wait_s: 60, buffer: { ring: 'shared', bytes: 1 << 20 } })
      log.system.info('owner 1')
      await log.flush()
      for (const n of [2, 3]) {
        waiting.system.info('waiting ' + n)
        log.system.info('owner ' + n)
      }
      process.kill(process.pid, 'SIGKILL')`,
    )
    cleaned(t, directory)
    assert.equal(run(directory, 'await log.close()'), '')
    const messages = messagesIn(directory, 'system.log')
    const ordered = ['owner 1', 'owner 2', 'owner 3', 'waiting 2', 'waiting 3']
    assert.deepEqual(messages.slice(0, 5), ordered)
  })

  test('removes a ring whose maker was killed before it held anything, and says nothing', (t) => {
    const directory = logDirectory(t)
    run(directory, killed)
    cleaned(t, directory)
    const [ring = ''] = ringsOf(directory)
    writeFileSync(ring, '')
    writeFileSync(`${ring}1`, Buffer.alloc(1 << 19), { mode: 0o600 })
    assert.equal(run(directory, 'await log.close()'), '')
    assert.deepEqual(ringsOf(directory), [])
  })

  test('leaves a ring alone that a living process is about to make', (t) => {
    const directory = logDirectory(t)
    run(directory, killed)
    cleaned(t, directory)
    const [ring = ''] = ringsOf(directory)
    const { pid, thread, started } = self()
    const ours = ring.replace(
      /-\d+\.\d+\.\d+\.(\d+)-[0-9a-f]+$/,
      `-${pid}.${thread}.${started}.$1-0`,
    )
    assert.notEqual(ours, ring)
    t.after(() => rmSync(ours, { force: true }))
    writeFileSync(ours, Buffer.alloc(1 << 19), { mode: 0o600 })
    // Of somebody who is not to be seen, new and old.
    const [fresh, old] = [`${ours.slice(0, -2)}x-1`, `${ours.slice(0, -2)}x-2`]
    writeFileSync(fresh, '', { mode: 0o600 })
    writeFileSync(old, '', { mode: 0o600 })
    t.after(() => rmSync(fresh, { force: true }))
    utimesSync(old, 1, 1)
    assert.equal(run(directory, 'await log.close()'), '')
    assert.deepEqual(ringsOf(directory).toSorted(), [ours, fresh].toSorted())
  })

  test('leaves the ring of a paused process in another pid namespace to it', async (t) => {
    if (spawnSync('unshare', ['--pid', '--fork', 'true']).status !== 0) {
      t.skip('needs the right to make a pid namespace')
      return
    }
    const directory = logDirectory(t)
    const program = `
      import { createLogger } from ${JSON.stringify(library)}
      const log = createLogger({ log_path: ${JSON.stringify(directory)}, buffer: { ring: 'shared', bytes: 1 << 20 } })
      log.system.info('mine')
      console.log('logged')
      process.stdin.on('data', async () => { await log.close(); process.exit(0) })`
    const args = [...loader, '--input-type=module', '-e', program]
    // The process itself is the first of its namespace.
    const owner = spawn(
      'unshare',
      ['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, ...args],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    )
    t.after(() => owner.kill('SIGKILL'))
    await once(owner.stdout, 'data')
    const [pid = 0] = childrenOf(owner.pid!)
    process.kill(pid, 'SIGSTOP')
    releaseLock(directory)
    const told = run(directory, `log.system.info('other'); await log.close()`)
    assert.equal(told, '')
    process.kill(pid, 'SIGCONT')
    owner.stdin.end('now')
    await once(owner, 'exit')
    assert.deepEqual(messagesIn(directory, 'system.log').toSorted(), ['mine', 'other'])
    assert.deepEqual(ringsOf(directory), [])
  })

  test('brings back the ring of a process killed in another pid namespace', (t) => {
    const before = ['unshare', '--pid', '--fork', '--mount-proc', 'sh', '-c', '"$0" "$@"; true']
    if (spawnSync('unshare', ['--pid', '--fork', 'true']).status !== 0) {
      t.skip('needs the right to make a pid namespace')
      return
    }
    const directory = logDirectory(t)
    run(directory, killed, before)
    cleaned(t, directory)
    assert.equal(ringsOf(directory).length, 2)
    releaseLock(directory)
    assert.equal(run(directory, 'await log.close()'), '')
    assert.deepEqual(messagesIn(directory, 'enforcement.log'), ['two'])
    assert.deepEqual(ringsOf(directory), [])
  })

  const tampered: readonly (readonly [string, (ring: string) => void, RegExp])[] = [
    ['was cut', (ring) => truncateSync(ring, 70_000), /should have/],
    ['others may open', (ring) => chmodSync(ring, 0o644), /others may open/],
    ['has another name', (ring) => linkSync(ring, `${ring}.aside-link.aside`), /another name/],
    ['has another layout', (ring) => writeSync(openSync(ring, 'r+'), 'x', 8), /layout/],
  ]
  for (const writer of ['inline', 'thread']) {
    for (const [what, tamper, reason] of tampered) {
      test(`puts a ring aside that ${what}, and tells it: ${writer}`, (t) => {
        const directory = logDirectory(t)
        run(directory, killedSoon, [], '', writer)
        cleaned(t, directory)
        tamper(ringsOf(directory)[0]!)
        const told = run(directory, 'await log.close()', [], '', writer)
        assert.match(told, /a ring of entries is not believed/)
        assert.match(told, reason)
        assert.ok(ringsOf(directory).every((path) => path.endsWith('.aside')))
        assert.equal(messagesIn(directory, 'system.log').length, 0)
        assert.equal(run(directory, 'await log.close()', [], '', writer), '')
      })
    }

    test(`says how large /dev/shm is when it is too small: ${writer}`, (t) => {
      const small = 'mount -t tmpfs -o size=64k tmpfs /dev/shm && exec "$0" "$@"'
      const before = ['unshare', '--mount', 'sh', '-c', small]
      if (spawnSync('unshare', ['--mount', 'true']).status !== 0) {
        t.skip('needs the right to mount')
        return
      }
      const told = run(logDirectory(t), '', before, '', writer)
      assert.match(told, /logging\.buffer\.ring: expected 0\.5 MiB free in \/dev\/shm, which has/)
      assert.match(told, /--shm-size/)
    })
  }

  test('says that no file may be as large as the ring', (t) => {
    const before = ['sh', '-c', 'ulimit -f 512; exec "$@"', 'sh']
    const told = run(logDirectory(t), '', before)
    assert.match(told, /ring: expected a limit on the size of files \(ulimit -f\) above 0\.5 MiB/)
  })

  test('tells of a torn line that it has ended, where it appends what comes back', (t) => {
    const directory = logDirectory(t)
    run(directory, killed)
    cleaned(t, directory)
    writeFileSync(join(directory, 'system.log'), '{"torn', { mode: 0o600 })
    assert.equal(run(directory, 'await log.close()'), '')
    const [torn, ...lines] = readFileSync(join(directory, 'system.log'), 'utf8').split('\n')
    assert.equal(torn, '{"torn')
    assert.match(lines.join(), /Log file system\.log ended in a torn line; it has been ended/)
  })

  for (const writer of ['inline', 'thread']) {
    test(`says how little memory its control group has left, instead of being killed: ${writer}`, (t) => {
      const why = whyNoMemoryGroup()
      if (why !== undefined) {
        t.skip(why)
        return
      }
      const group = new MemoryGroup()
      t.after(() => group.remove())
      const directory = logDirectory(t)
      mkdirSync(directory)
      const program = `
        import { readFileSync, writeFileSync } from 'node:fs'
        import { createLogger } from ${JSON.stringify(library)}
        const used = Number(readFileSync(${JSON.stringify(group.usedFile)}, 'utf8'))
        writeFileSync(${JSON.stringify(group.limitFile)}, String(used + (16 << 20)))
        try {
          createLogger({ log_path: ${JSON.stringify(directory)},
            buffer: { ring: 'shared', writer: '${writer}', bytes: 64 << 20 } })
        } catch (error) { console.error(String(error)) }`
      const words = [...group.before, process.execPath, ...loader]
      const [file, ...args] = [...words, '--input-type=module', '-e', program]
      const { stderr, signal } = spawnSync(file, args, { encoding: 'utf8' })
      assert.equal(signal, null)
      assert.equal(group.kills, 0)
      assert.match(stderr, /buffer\.ring: expected 3\d(\.\d)? MiB of memory, of which the control/)
      assert.deepEqual(ringsOf(directory), [])
    })
  }

  test('counts what a killed process has left to the memory that is needed, and says so', (t) => {
    const directory = logDirectory(t)
    run(directory, killed)
    cleaned(t, directory)
    const preload = `
      import fs from 'node:fs'
      import { syncBuiltinESMExports } from 'node:module'
      const { lstatSync } = fs
      fs.lstatSync = (path) => path.includes('ringlog-') ? { size: 2 ** 50, mtimeMs: 0 } : lstatSync(path)
      syncBuiltinESMExports()`
    const told = run(directory, '', [], preload)
    assert.match(told, /which ring "memory" writes as well/)
    assert.equal(ringsOf(directory).length, 2)
  })

  test('removes what was killed while it was made before it asks for memory', (t) => {
    const directory = logDirectory(t)
    run(directory, killed)
    cleaned(t, directory)
    const [ring = ''] = ringsOf(directory)
    const begun = ring.replace(/-[0-9a-f]+$/, '-00000000')
    writeFileSync(begun, '', { mode: 0o600 })
    const seen = `
      import fs from 'node:fs'
      import { syncBuiltinESMExports } from 'node:module'
      const { existsSync, readFileSync } = fs
      fs.readFileSync = (path, encoding) => {
        if (path === '/proc/meminfo') console.error('is there:', existsSync(${JSON.stringify(begun)}))
        return readFileSync(path, encoding)
      }
      syncBuiltinESMExports()`
    const told = run(directory, 'await log.close()', [], seen)
    assert.match(told, /^is there: false\n/)
  })
})
