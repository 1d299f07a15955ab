// The identity of a log: as long as it is the same one, and no longer.

import { strict as assert } from 'node:assert'
import { cpSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createLogger, verifyLogs } from '../../lib/index.ts'
import { logIdOf } from '../../lib/directory/lock-files.ts'
import { logDirectory } from '../log-directory.ts'

async function logIn(log_path: string, entries = 1): Promise<string> {
  const log = createLogger({ log_path, rotation: { max_size_mb: 1, max_files: 2, compress: true } })
  for (let i = 0; i < entries; i++) log.system.info('x'.repeat(1000))
  const id = logIdOf(log_path)
  await log.close()
  assert.equal(logIdOf(log_path), id, 'closing changes nothing')
  assert.match(id ?? '', /^[0-9a-f]{32}$/)
  return id!
}

describe('logIdOf()', () => {
  test('stays through restarts, rotations and a move, and verify tells it', async (t) => {
    const directory = logDirectory(t)
    const id = await logIn(directory)
    assert.equal(await logIn(directory, 4000), id)
    const moved = `${directory}-moved`
    renameSync(directory, moved)
    assert.equal(await logIn(moved), id)
    const { logs } = await verifyLogs({ log_path: moved })
    assert.deepEqual(logs, [{ directory: moved, log_id: id }])
  })

  test('is another one where a directory was begun anew', async (t) => {
    const directory = logDirectory(t)
    const id = await logIn(directory)
    rmSync(directory, { recursive: true })
    assert.equal(logIdOf((await logIn(directory)) && directory) === id, false)
  })

  test('is another one in a copy, and the original keeps its own; the numbers go on in both', async (t) => {
    const directory = logDirectory(t)
    const id = await logIn(directory)
    const copy = `${directory}-copy`
    cpSync(directory, copy, { recursive: true, preserveTimestamps: true })
    assert.equal(logIdOf(copy), undefined, 'nobody has logged there')
    const other = await logIn(copy)
    assert.notEqual(other, id)
    assert.equal(await logIn(copy), other)
    assert.equal(await logIn(directory), id)
    const { faults, entries } = await verifyLogs({ log_path: copy })
    assert.deepEqual([faults, entries], [[], 3])
  })

  test('is not there before anybody has logged', (t) => {
    const directory = logDirectory(t)
    assert.throws(() => logIdOf(directory), /ENOENT/)
    assert.deepEqual(readdirSync(join(directory, '..')), [])
  })
})
