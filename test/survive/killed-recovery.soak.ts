// Recovery that is killed at each of its own steps, and begun again: nothing is lost, nothing comes
// twice, and no number is given twice, also where others have used the numbers of what comes back.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { library, loader } from '../loader.ts'
import { type Line, linesOf, logDirectory } from '../log-directory.ts'

const shared = '/dev/shm'
const skip = process.platform !== 'linux' && 'shared memory is used on Linux only'

interface Program {
  readonly buffer: object
  readonly body: string
  readonly preload?: string
}

function run(directory: string, { buffer, body, preload = '' }: Program): string {
  const options = { log_path: directory, log_level: 'debug', buffer: { bytes: 1 << 20, ...buffer } }
  const program = `
    import { createLogger } from ${JSON.stringify(library)}
    const log = createLogger(${JSON.stringify(options)})
    ${body}`
  const first = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`]
  const args = [...loader, ...first, '--input-type=module', '-e', program]
  return spawnSync(process.execPath, args, { encoding: 'utf8' }).stderr
}

/** The rings of a directory, and what is beside them. */
function ringsOf(directory: string): string[] {
  const name = createHash('sha256').update(realpathSync(directory)).digest('hex').slice(0, 24)
  return readdirSync(shared).filter((file) => file.includes(name))
}

/** Ends the process at the step of this number that changes a ring or a file of the log. */
function killAt(step: number, done: string): string {
  return `
    import fs from 'node:fs'
    import { syncBuiltinESMExports } from 'node:module'
    const { openSync, rmSync, writeSync, writeFileSync } = fs
    const known = new Map()
    let left = ${step}
    const step = () => {
      if (--left === 0) process.kill(process.pid, 'SIGKILL')
    }
    fs.openSync = (path, ...rest) => {
      const fd = openSync(path, ...rest)
      known.set(fd, /ringlog-\\d+-[^.]*[0-9a-f.]*-[0-9a-f]+$|\\.log$/.test(String(path)))
      return fd
    }
    fs.writeSync = (fd, bytes, ...rest) => {
      // Not the zeros of its own new ring.
      if (known.get(fd) && !(bytes.length > 100_000)) step()
      return writeSync(fd, bytes, ...rest)
    }
    fs.rmSync = (path, ...rest) => {
      if (String(path).startsWith('/dev/shm/')) step()
      return rmSync(path, ...rest)
    }
    syncBuiltinESMExports()
    process.on('exit', () => writeFileSync(${JSON.stringify(done)}, ''))`
}

const entries = `
  for (let i = 0; i < 3; i++) {
    log.system.info('system ' + i)
    log.audit.warning('audit ' + i)
  }
  log.system.info('last')
  process.kill(process.pid, 'SIGKILL')`
const expected = ['audit 0', 'audit 1', 'audit 2', 'last', 'system 0', 'system 1', 'system 2']

/** Somebody else who uses up some of the numbers that the entries of the ring have. */
function useNumbers(directory: string, body: string): void {
  const rings = ringsOf(directory)
  const aside = (name: string): string => join(shared, `test-${name}`)
  for (const name of rings) renameSync(join(shared, name), aside(name))
  run(directory, { buffer: {}, body: `${body}; await log.close()` })
  for (const name of rings) renameSync(aside(name), join(shared, name))
}

function check(directory: string, others: readonly string[], step: string): void {
  const lines: Line[] = []
  for (const file of ['system.log', 'audit.log']) {
    const found = linesOf(directory, file)
    const numbers = found.map(({ lsn }) => lsn)
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
      `${step}: order in ${file}`,
    )
    lines.push(...found)
  }
  const own = lines.filter(({ message }) => !message.startsWith('Recovered'))
  const messages = own.map(({ message }) => message).toSorted()
  assert.deepEqual(messages, [...expected, ...others].toSorted(), step)
  assert.equal(new Set(lines.map(({ lsn }) => lsn)).size, lines.length, `${step}: lsn`)
  const seqs = lines.map(({ category, seq }) => `${category} ${seq}`)
  assert.equal(new Set(seqs).size, seqs.length, `${step}: seq`)
}

/** Kills the recovery at each step, as long as there is one. */
function killAtEach(t: TestContext, writer: string, others: readonly string[]): void {
  const body = others.map((text) => `log.system.info(${JSON.stringify(text)})`).join(';')
  let isDone = false
  for (let step = 1; !isDone; step++) {
    const directory = logDirectory(t)
    run(directory, { buffer: { ring: 'shared', writer, flush_ms: 1000 }, body: entries })
    if (body !== '') useNumbers(directory, body)
    const done = `${directory}-done`
    run(directory, { buffer: {}, body: 'await log.close()', preload: killAt(step, done) })
    isDone = existsSync(done)
    if (!isDone) assert.equal(run(directory, { buffer: {}, body: 'await log.close()' }), '')
    check(directory, others, `step ${step}`)
    assert.deepEqual(ringsOf(directory), [])
    assert.ok(!isDone || step > 4, `only ${step} steps`)
  }
}

describe('recovery that is killed', { skip, concurrency: 2 }, () => {
  for (const writer of ['inline', 'thread']) {
    test(`with the numbers that entries had: ${writer}`, (t) => killAtEach(t, writer, []))
    test(`while others have used some of them: ${writer}`, (t) =>
      killAtEach(t, writer, ['other 0', 'other 1']))
  }

  test('entries for which the ring had no room leave the others their numbers', (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    // The audit entry stays in the ring, all others find it full by and by, and are in their file.
    const body = `
      log.audit.info('audit 0')
      for (let i = 0; i < 3000; i++) log.system.info('x'.repeat(200) + i, { i })
      process.kill(process.pid, 'SIGKILL')`
    run(directory, { buffer: { ring: 'shared' }, body })
    run(directory, { buffer: {}, body: 'await log.close()' })
    const [audit] = linesOf(directory, 'audit.log')
    assert.equal(audit?.lsn, 1)
    const numbers = linesOf(directory, 'system.log').map(({ lsn }) => lsn)
    assert.deepEqual(
      numbers,
      Array.from({ length: 3001 }, (_, at) => at + 2),
    )
  })
})
