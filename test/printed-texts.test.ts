// Whatever the library prints may be printed to a terminal: remarks, errors and reports with paths,
// locks and values that somebody else has written. Each text is made by a process of its own, as a
// user would see it.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ConfigError, LockedError, NotWrittenError } from '../lib/errors.ts'
import { logDirectory } from './log-directory.ts'

/** Sets the title of a terminal, ends the line, forges an entry, and turns round what follows. */
const evil = 'evil\u001b]0;x\u0007\n[2025-10-17 14:23:45] INFO  | forged\u009b2J\u202e\u200b'
const shown = String.raw`evil\x1b]0;x\x07\n[2025-10-17 14:23:45] INFO  | forged\x9b2J\u202e\u200b`

/** What drives a terminal or deceives the eye; line ends are looked at by themselves. */
const dangerous = /[\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]|(?!\n)\p{Cc}/u

const isWindows = process.platform === 'win32'

function run(args: readonly string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
  })
  return { code: status, out: stdout, err: stderr }
}

function ringlog(...args: readonly string[]): { code: number | null; out: string; err: string } {
  return run([resolve('dist/cli.js'), ...args])
}

/** Runs a program that has the library's names and `directory`. */
function program(directory: string, code: string): string {
  const library = JSON.stringify(resolve('dist/index.js'))
  const text = `import { createLogger, streamLogs } from ${library}
    const directory = ${JSON.stringify(directory)}
    ${code}`
  return run(['--input-type=module', '-e', text]).err
}

function evilDirectory(t: TestContext): string {
  const directory = join(logDirectory(t), evil)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  return directory
}

function assertHarmless(text: string, lines?: number): void {
  assert.ok(text.includes('evil'), `it tells of the place: ${JSON.stringify(text)}`)
  assert.doesNotMatch(text, dangerous)
  assert.doesNotMatch(text, /^\[2025/m, 'no line is forged')
  if (lines !== undefined) assert.equal(text.split('\n').length, lines + 1, text)
}

describe('the messages of errors', () => {
  it('show what others have written, and their fields have it as it is', () => {
    const locked = new LockedError(evil, {
      pid: 7,
      isOurs: false,
      since: evil,
      isCertain: true,
      absentS: 0,
    })
    assert.equal(
      locked.message,
      `Cannot write to ${shown}: expected no other writer, got process 7, since ${shown}; end it, or give each process a directory of its own (log_path)`,
    )
    assert.equal(locked.directory, evil)
    const unwritten = new NotWrittenError(evil, evil)
    assert.equal(unwritten.message, `Cannot write ${shown}: ${shown}`)
    assert.equal(unwritten.file, evil)
    const problem = { path: evil, expected: evil, actual: evil }
    const config = new ConfigError(`Cannot use ${evil}`, [problem], { file: evil })
    assert.equal(
      config.message,
      `Cannot use ${shown}\n${shown}: expected ${shown}, got ${shown}`,
      'lines are ended by the message alone',
    )
    assert.deepEqual(config.problems, [problem])
  })
})

describe('what a logger prints', { skip: isWindows && 'no such names on Windows' }, () => {
  it('is harmless when the directory cannot be used', (t) => {
    const directory = join(evilDirectory(t), 'file')
    writeFileSync(directory, '')
    assertHarmless(program(directory, 'createLogger({ log_path: directory })'), 1)
  })

  it('is harmless when another one holds the directory, whatever its lock says', (t) => {
    const directory = evilDirectory(t)
    const code = `const log = createLogger({ log_path: directory })
      const { readFileSync, writeFileSync, readdirSync } = await import('node:fs')
      const lock = directory + '/' + readdirSync(directory).find((name) => name.endsWith('.lock'))
      const record = JSON.parse(readFileSync(lock, 'utf8'))
      writeFileSync(lock, JSON.stringify({ ...record, since: ${JSON.stringify(evil)} }))
      try { createLogger({ log_path: directory, lock_wait_s: 0 }) }
      catch (error) {
        if (error.name === 'ConfigError') createLogger({ log_path: directory })
        throw error
      }`
    const err = program(directory, code)
    // Node prints the fields of an error below its stack.
    assertHarmless(err.slice(err.indexOf('LockedError: '), err.indexOf('\n    at ')))
  })

  it('is harmless when a log cannot be read', (t) => {
    const loop = join(evilDirectory(t), 'loop')
    symlinkSync('loop', loop)
    // It is waited for, and told of.
    const code = `const lines = streamLogs({ log_path: directory, follow: true })[Symbol.asyncIterator]()
      process.once('warning', () => lines.return())
      await lines.next()`
    assertHarmless(program(loop, code))
  })
})

describe('what the command prints', { skip: isWindows && 'no such names on Windows' }, () => {
  it('is harmless for a directory that is not there, a file, and one without logs', (t) => {
    const directory = evilDirectory(t)
    const missing = join(directory, 'missing')
    const file = join(directory, 'file')
    writeFileSync(file, '')
    for (const args of [['tail'], ['clean'], ['verify'], ['tail', '-f']]) {
      const { code, err } = ringlog(...args, '-d', args.includes('-f') ? file : missing)
      assert.ok(code === 1 || code === 2, `${args.join(' ')}: ${code}`)
      assertHarmless(err, code)
    }
    assertHarmless(ringlog('tail', '-d', directory).err, 1)
    assertHarmless(ringlog('clean', '-d', directory).err, 1)
  })

  it('is harmless for arguments that are wrong', () => {
    for (const args of [
      ['tail', '-S', evil],
      ['tail', '-g', `(${evil}`],
      ['tail', '-l', evil],
      ['tail', '-n', evil],
      ['clean', '--retention-days', evil],
      ['event-source', 'install', '--source', `${evil}\\`],
      [evil],
    ]) {
      const { err, out } = ringlog(...args)
      assertHarmless(err)
      assert.equal(out, '')
    }
  })

  it('is harmless for a file of configuration that cannot be read or used, and its causes', (t) => {
    const directory = evilDirectory(t)
    const file = join(directory, 'system.json')
    assertHarmless(ringlog('config', file).err, 1)
    for (const text of [`{"${evil}`, `{"logging":{"${evil.replace('\n', '')}":1}}`, evil]) {
      writeFileSync(file, text)
      assertHarmless(ringlog('config', file).err)
      assertHarmless(ringlog('tail', '--config', file).err)
    }
    const err = program(directory, `createLogger(directory + '/system.json')`)
    // Between them Node prints the fields of the error.
    const ends = ['ConfigError: ', '\n  code:', '\n  [cause]:'].map((text) => err.indexOf(text))
    assert.ok(!ends.includes(-1), err)
    for (const text of [err.slice(ends[0], ends[1]), err.slice(ends[2])]) assertHarmless(text)
  })

  it('config prints values as escapes of JSON', (t) => {
    const directory = evilDirectory(t)
    const file = join(directory, 'system.json')
    const source = `evil\u009b2J\u202e\u200b\u{e0041}\n`
    writeFileSync(file, JSON.stringify({ logging: { windows_event_log: { source } } }))
    const { out, code } = ringlog('config', file)
    assert.equal(code, 0)
    assertHarmless(out)
    const { logging } = JSON.parse(out) as { logging: { windows_event_log: { source: string } } }
    assert.equal(logging.windows_event_log.source, source)
  })

  it('verify reports lines, files and locks as visible text', (t) => {
    const directory = evilDirectory(t)
    writeFileSync(join(directory, 'system.log'), `{"timestamp":"evil ${evil}\n`, { mode: 0o644 })
    writeFileSync(
      join(directory, 'ringlog.1.lock'),
      JSON.stringify({ pid: process.pid, host: hostname(), since: evil, released: false }),
    )
    const { out, err } = ringlog('verify', '-d', directory)
    assert.doesNotMatch(out + err, dangerous)
    assert.doesNotMatch(out + err, /^\[2025/m)
  })
})
