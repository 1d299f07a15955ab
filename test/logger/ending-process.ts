// A process that ends in one way or another, as a test, and what is then in its files.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createLogger } from '../../lib/index.ts'
import { filesOf, type Line, linesOf, logDirectory, seqFaults } from '../log-directory.ts'
import { extension, loader } from '../loader.ts'

const fixture = join(import.meta.dirname, `../fixtures/exiting${extension}`)

function end(
  way: string,
  directory: string,
): Promise<{ code: number | null; signal: string | null }> {
  const child = spawn(process.execPath, [...loader, fixture, way, directory], {
    stdio: 'ignore',
  })
  return new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })))
}

/** The process ends by itself, however: with the exit code of a control without a logger. */
export function testCompleteEnd(way: string): void {
  test(`${way}: everything accepted is there, and the exit code is the application's`, async (t) => {
    const directory = logDirectory(t)
    const [control, logging] = await Promise.all([end(way, '-'), end(way, directory)])
    assert.deepEqual(logging, control)
    const lines = linesOf(directory, 'system.log')
    assert.deepEqual(seqFaults(lines), [])
    assert.equal(lines.length, Number(readFileSync(`${directory}.logged`, 'utf8')))
  })
}

/** The process is killed by a signal that has no handler. */
export function testKill(way: string): void {
  test(`${way}: dies as it would, and what is there is a beginning without a gap`, async (t) => {
    const directory = logDirectory(t)
    const logging = await end(way, directory)
    assert.deepEqual(logging, { code: null, signal: way })
    // The next start ends a line that the signal tore.
    const next = createLogger({ log_path: directory })
    next.audit.info('next')
    await next.close()
    const lines = filesOf(directory, 'system.log').flatMap((file) =>
      readFileSync(join(directory, file), 'utf8').split('\n'),
    )
    const whole = lines.filter((line) => line.endsWith('}') && line.includes('"entry '))
    assert.ok(whole.length >= 3000, `${whole.length} entries: what was flushed is there`)
    assert.deepEqual(seqFaults(whole.map((line) => JSON.parse(line) as Line)), [])
  })
}

/** A worker ends, of the process or of a cluster. */
export function testWorkerEnd(way: string): void {
  test(`${way}: its own files are complete`, async (t) => {
    const directory = logDirectory(t)
    assert.equal((await end(way, directory)).code, 0)
    const lines = linesOf(`${directory}-worker`, 'system.log')
    assert.deepEqual(seqFaults(lines), [])
    assert.equal(lines.length, Number(readFileSync(`${directory}-worker.logged`, 'utf8')))
  })
}
