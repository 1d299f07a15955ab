// The file of a shared ring, from a logger's point of view: what comes back, what is refused, and
// what is not believed.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
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

const shared = '/dev/shm'
const skip = process.platform !== 'linux' && 'shared memory is used on Linux only'

/** Runs a program that has a logger; gives its stderr. */
function run(directory: string, body: string, before: readonly string[] = []): string {
  const program = `
    import { createLogger } from ${JSON.stringify(library)}
    try {
      const log = createLogger({ log_path: ${JSON.stringify(directory)}, buffer: { ring: 'shared', bytes: 1 << 20 } })
      ${body}
    } catch (error) { console.error(String(error)) }`
  const node = [process.execPath, ...loader, '--input-type=module', '-e', program]
  const [file = '', ...args] = [...before, ...node]
  return spawnSync(file, args, { encoding: 'utf8' }).stderr
}

const killed = `
  log.system.info('one', { password: 'CANARY', n: 1 })
  log.enforcement.error('two', new Error('x'))
  log.system.info('three')
  process.kill(process.pid, 'SIGKILL')`

/** The rings of a directory. */
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

  const tampered: readonly (readonly [string, (ring: string) => void, RegExp])[] = [
    ['was cut', (ring) => truncateSync(ring, 70_000), /should have/],
    ['others may open', (ring) => chmodSync(ring, 0o644), /others may open/],
    ['has another name', (ring) => linkSync(ring, `${ring}.aside-link.aside`), /another name/],
    ['has another layout', (ring) => writeSync(openSync(ring, 'r+'), 'x', 8), /layout/],
  ]
  for (const [what, tamper, reason] of tampered) {
    test(`puts a ring aside that ${what}, and tells it`, (t) => {
      const directory = logDirectory(t)
      run(directory, killed)
      cleaned(t, directory)
      tamper(ringsOf(directory)[0]!)
      const told = run(directory, 'await log.close()')
      assert.match(told, /a ring of entries is not believed/)
      assert.match(told, reason)
      assert.ok(ringsOf(directory).every((path) => path.endsWith('.aside')))
      assert.deepEqual(messagesIn(directory, 'system.log'), [])
      assert.equal(run(directory, 'await log.close()'), '')
    })
  }

  test('says how large /dev/shm is when it is too small', (t) => {
    const small = 'mount -t tmpfs -o size=64k tmpfs /dev/shm && exec "$0" "$@"'
    const before = ['unshare', '--mount', 'sh', '-c', small]
    if (spawnSync('unshare', ['--mount', 'true']).status !== 0) {
      t.skip('needs the right to mount')
      return
    }
    const told = run(logDirectory(t), '', before)
    assert.match(told, /logging\.buffer\.ring: expected 0\.5 MiB free in \/dev\/shm, which has/)
    assert.match(told, /--shm-size/)
  })
})
