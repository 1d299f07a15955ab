// What is on the device when a call has returned, as strace sees it.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { describe, test } from 'node:test'
import { linesOf, logDirectory } from '../log-directory.ts'
import { library, loader } from '../loader.ts'

const noStrace = spawnSync('strace', ['-V']).status === 0 ? false : 'needs strace'

describe('durability: synced', { skip: noStrace }, () => {
  /**
   * The system calls of a program that logs and says on its descriptor 1 what has been
   * acknowledged.
   */
  function trace(
    directory: string,
    durability: string,
    program: string,
    ...flags: readonly string[]
  ): string[] {
    const script = `import(${JSON.stringify(library)}).then(async ({ createLogger }) => {
      const { writeSync } = require('node:fs')
      const log = createLogger({
        log_path: ${JSON.stringify(directory)}, durability: { audit: '${durability}' }, rotation: { max_size_mb: 1 },
      })
      ${program}
    })`
    const file = `${directory}.trace`
    const calls = 'trace=write,pwrite64,fdatasync,fsync,rename,openat'
    const options = ['-f', '-y', '-s', '8', '-e', calls, '-o', file]
    execFileSync('strace', [...options, process.execPath, ...flags, ...loader, '-e', script])
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((call) => call.includes(directory) || call.includes('"ACK'))
      .map((call) => call.replace(/^\d+ +/, '').replaceAll(directory, ''))
  }

  const flushed = `log.audit.info('a'); await log.flush(); writeSync(1, 'ACK'); await log.close()`

  test('flush() resolves when fdatasync has returned, and the directory of a new file is synced', (t) => {
    const calls = trace(logDirectory(t), 'synced', flushed)
    const at = (pattern: RegExp): number => calls.findIndex((call) => pattern.test(call))
    const order = [
      at(/^write\(\d+<\/audit\.log>/),
      at(/^fdatasync\(\d+<\/audit\.log>/),
      at(/^fsync\(\d+<>/),
      at(/ACK/),
    ]
    assert.ok(!order.includes(-1), calls.join('\n'))
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
      calls.join('\n'),
    )
    assert.ok(!calls.some((call) => /^fdatasync\(\d+<\/system/.test(call)))
  })

  describe("under Node's permission model, which forbids fdatasync by descriptor", () => {
    const major = Number.parseInt(process.versions.node, 10)
    const flagsOf = (directory: string): string[] => [
      '--no-warnings',
      major < 22 ? '--experimental-permission' : '--permission',
      '--allow-child-process',
      '--allow-worker',
      '--allow-fs-read=*',
      `--allow-fs-write=${directory}/*`,
      `--allow-fs-write=${directory}`,
      `--allow-fs-write=${tmpdir()}/tsx-*`,
    ]

    test('flush() resolves when it is on the device all the same', (t) => {
      const directory = logDirectory(t)
      const calls = trace(directory, 'synced', flushed, ...flagsOf(directory))
      const at = (pattern: RegExp): number => calls.findIndex((call) => pattern.test(call))
      // Since Node 26 no object may sync either, a directory neither.
      const synced =
        major < 26
          ? [at(/^fdatasync\(\d+<\/audit\.log>/), at(/^fsync\(\d+<>/)]
          : [at(/^openat\(.*"\/audit\.log", .*O_DSYNC/), at(/^pwrite64\(\d+<\/audit\.log>/)]
      const order = [at(/^write\(\d+<\/audit\.log>/), ...synced, at(/ACK/)]
      assert.ok(!order.includes(-1), calls.join('\n'))
      assert.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
        calls.join('\n'),
      )
      assert.equal(linesOf(directory, 'audit.log').length, 1)
    })

    test('flushSync() returns when it is on the device all the same', (t) => {
      const directory = logDirectory(t)
      const program = `log.audit.info('a'); log.flushSync(); writeSync(1, 'ACK'); await log.close()`
      const calls = trace(directory, 'synced', program, ...flagsOf(directory))
      const opened = calls.findIndex((call) => /^openat\(.*"\/audit\.log", .*O_DSYNC/.test(call))
      const written = calls.findIndex(
        (call, i) => i > opened && /^pwrite64\(\d+<\/audit\.log>/.test(call),
      )
      const acknowledged = calls.findIndex((call) => call.includes('ACK'))
      assert.ok(opened !== -1 && written !== -1, calls.join('\n'))
      assert.ok(written < acknowledged, calls.join('\n'))
      assert.equal(linesOf(directory, 'audit.log').length, 1)
    })
  })

  test('a buffered file is not synced', (t) => {
    const calls = trace(logDirectory(t), 'buffered', flushed)
    assert.ok(calls.some((call) => call.includes('ACK')))
    assert.ok(!calls.some((call) => /^fd?a?t?a?sync/.test(call)), calls.join('\n'))
  })

  test('a full file is on the device before it is renamed, by flushSync() as well', (t) => {
    const calls = trace(
      logDirectory(t),
      'synced',
      `for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 80; i++) log.audit.info('a', { padding: 'x'.repeat(10_000) })
        if (round === 1) log.flushSync()
        else await log.flush()
      }
      await log.close()`,
    )
    let dirty = false
    let renames = 0
    for (const call of calls) {
      if (/^write\(\d+<\/audit\.log>/.test(call)) dirty = true
      if (/^fdatasync\(\d+<\/audit\.log>/.test(call)) dirty = false
      if (call.startsWith('rename("/audit.log",')) {
        renames++
        assert.equal(dirty, false, 'renamed with bytes that are not on the device')
      }
    }
    assert.equal(renames, 2)
    assert.ok(calls.filter((call) => /^fsync\(\d+<>/.test(call)).length >= 3, calls.join('\n'))
  })
})
