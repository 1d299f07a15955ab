// Whatever the command prints may be printed to a terminal: remarks, errors and reports with paths,
// locks and values that somebody else has written.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  assertHarmless,
  dangerous,
  evil,
  evilDirectory,
  isWindows,
  program,
  ringlog,
} from './evil-names.ts'

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
