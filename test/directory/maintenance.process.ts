// What a process leaves in its directory that ends or is killed: the next one goes on behind it.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { stateOf } from '../../lib/directory/lock-files.ts'
import { createLogger } from '../../lib/index.ts'
import { linesOf, logDirectory } from '../log-directory.ts'
import { extension, library, loader } from '../loader.ts'

const fixture = join(import.meta.dirname, `../fixtures/keeping${extension}`)

/** Waits for what comes by itself; the test's own limit of time ends it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setTimeout(5)
}

describe('createLogger()', () => {
  for (const [end, released] of [
    ['exit', true],
    ['stay', false],
  ] as const) {
    test(`goes on with the numbers after a process ended by ${end === 'exit' ? 'process.exit()' : 'SIGKILL'}`, async (t) => {
      const directory = logDirectory(t)
      const child = spawn(process.execPath, [...loader, fixture, directory, '50', end])
      await once(child.stdout, 'data')
      if (end === 'stay') {
        assert.throws(() => createLogger({ log_path: directory, lock_wait_s: 0 }), {
          pid: child.pid,
        })
        child.kill('SIGKILL')
      }
      await once(child, 'exit')
      assert.equal(stateOf(directory).holder, undefined)
      const [lock] = readdirSync(directory).filter((name) => name.endsWith('.lock'))
      const record = JSON.parse(readFileSync(join(directory, lock!), 'utf8')) as object
      assert.ok('released' in record && record.released === released)
      const log = createLogger({ log_path: directory })
      log.system.info('next')
      log.audit.info('next')
      await log.close()
      assert.equal(linesOf(directory, 'system.log').at(-1)?.seq, 51)
      assert.equal(linesOf(directory, 'audit.log').at(-1)?.seq, 2)
    })
  }

  test('close() ends a compression; the process is not kept alive by one', async (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    const content = Array.from({ length: 700_000 }, (_, i) => `line ${i}\n`).join('')
    writeFileSync(join(directory, 'system.log.1'), content)
    const log = createLogger({ log_path: directory, rotation: { compress: true } })
    await until(() => readdirSync(directory).some((name) => name.endsWith('.tmp')))
    await log.close()
    const names = readdirSync(directory)
    assert.ok(names.includes('system.log.1') && !names.includes('system.log.1.gz'), String(names))
    assert.ok(!names.some((name) => name.endsWith('.tmp')), String(names))
    const script = `import(${JSON.stringify(library)}).then(({ createLogger }) => {
      createLogger({ log_path: ${JSON.stringify(directory)}, rotation: { compress: true } }).system.info('brief')
    })`
    const child = spawn(process.execPath, [...loader, '-e', script], { stdio: 'inherit' })
    assert.deepEqual(await once(child, 'exit'), [0, null])
    assert.equal(linesOf(directory, 'audit.log').length, 0)
    assert.equal(readFileSync(join(directory, 'system.log.1'), 'utf8') === content, true)
    assert.ok(!readdirSync(directory).some((name) => name.endsWith('.tmp')))
  })
})
