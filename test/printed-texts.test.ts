// Whatever the library prints may be printed to a terminal: remarks and errors with paths, locks
// and values that somebody else has written. What a logger prints is made by a process of its own,
// as a user would see it.

import assert from 'node:assert/strict'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ConfigError, LockedError, NotWrittenError } from '../lib/errors.ts'
import { assertHarmless, evil, evilDirectory, isWindows, program, shown } from './evil-names.ts'

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
