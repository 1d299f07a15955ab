// Entries that came late to their file: their writer was kept from it, and another one has written
// there meanwhile. Read from the end, the log is the same as from the beginning.

import { strict as assert } from 'node:assert'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { self } from '../../lib/directory/lock-owner.ts'
import { streamLogs, verifyLogs } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'

type Stretch = readonly [number, number]

function textOf(category: string, lsns: readonly number[]): string {
  return lsns
    .map((lsn, at) => {
      const timestamp = `2026-03-01T12:00:00.${String(lsn % 1000).padStart(3, '0')}+00:00`
      const entry = { timestamp, level: 'INFO', category, message: `${lsn}`, seq: at + 1, lsn }
      return `${JSON.stringify(entry)}\n`
    })
    .join('')
}

/** A log with a lock that says what may be late. */
function write(
  t: TestContext,
  files: { readonly [category: string]: readonly number[] },
  late: readonly Stretch[],
): string {
  const directory = logDirectory(t)
  mkdirSync(directory, { mode: 0o700 })
  const seq = Object.fromEntries(Object.entries(files).map(([name, { length }]) => [name, length]))
  for (const [name, lsns] of Object.entries(files)) {
    writeFileSync(join(directory, `${name}.log`), textOf(name, lsns), { mode: 0o600 })
  }
  const lsn = Math.max(...Object.values(files).flat())
  const numbers = { seq, lsn, settled: lsn, ended: true }
  const checkpoint = { max_files: 10, compress: false, files: {}, ...numbers, late }
  const record = { ...self(), since: '2026-03-01T12:00:00.000Z', released: true, checkpoint }
  writeFileSync(join(directory, 'ringlog.1.lock'), JSON.stringify(record), { mode: 0o600 })
  return directory
}

async function shown(log_path: string, lines = Infinity): Promise<number[]> {
  const all: number[] = []
  for await (const { entry } of streamLogs({ log_path, lines })) all.push(entry!.lsn!)
  return all
}

/** The last lines are those of all lines, however many are asked for. */
async function assertSame(log_path: string): Promise<void> {
  const all = await shown(log_path)
  for (let lines = 1; lines <= all.length; lines++) {
    assert.deepEqual(await shown(log_path, lines), all.slice(-lines), `the last ${lines}`)
  }
}

const files = { system: [1, 3, 6, 7, 9, 11, 13, 14], audit: [2, 8, 10, 12, 4, 5, 15] }

test('streamLogs({ lines }) gives the last ones, also where entries came late to a file', async (t) => {
  const log_path = write(t, files, [[4, 6]])
  assert.deepEqual(await shown(log_path), [1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 4, 5, 13, 14, 15])
  await assertSame(log_path)
  const path = join(log_path, 'audit.log')
  // Late ones at the beginning of a file.
  renameSync(path, `${path}.1`)
  writeFileSync(`${path}.1`, textOf('audit', [2, 8, 10, 12]))
  writeFileSync(path, textOf('audit', [4, 5, 15]))
  await assertSame(log_path)
  // And at the end of a compressed one.
  rmSync(`${path}.1`)
  writeFileSync(`${path}.1.gz`, gzipSync(textOf('audit', [2, 8, 10, 12, 4, 5])))
  writeFileSync(path, textOf('audit', [15]))
  await assertSame(log_path)
})

test('verifyLogs() finds no fault in entries that are known to come late', async (t) => {
  assert.deepEqual((await verifyLogs({ log_path: write(t, files, [[4, 6]]) })).faults, [])
  const { faults } = await verifyLogs({ log_path: write(t, files, []) })
  assert.deepEqual(
    faults.map(({ kind, line }) => [kind, line]),
    [
      ['disorder', 5],
      ['disorder', 6],
    ],
  )
})

test('the last lines are the same from the end as from the beginning, whatever came late', async (t) => {
  const step = fc.record({ file: fc.constantFrom('system', 'audit', 'sdk'), isLate: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), fc.nat(6), async (steps, behind) => {
      const made: { [name: string]: number[] } = { system: [], audit: [], sdk: [] }
      const kept: { file: string; lsn: number }[] = []
      let lsn = 0
      for (const { file, isLate } of steps) {
        lsn++
        // Of a file all that comes behind one that waits, waits as well.
        if (isLate || kept.some((each) => each.file === file)) kept.push({ file, lsn })
        else made[file]!.push(lsn)
      }
      const stretch: Stretch = [kept[0]?.lsn ?? 1, Math.max(1, lsn)]
      for (let i = 0; i < behind; i++) made[['system', 'audit'][i % 2]!]!.push(++lsn)
      for (const { file, lsn: own } of kept) made[file]!.push(own)
      made['audit']!.push(++lsn)
      const log_path = write(t, made, [stretch])
      await assertSame(log_path)
      assert.deepEqual((await verifyLogs({ log_path })).faults, [])
    }),
    { numRuns: 40 },
  )
})
