// What readers show where `lsn` and time disagree: a clock that was set back between two entries,
// entries that waited while another writer had the directory, logs of hosts whose clocks differ.
//
// Within a log the order is that of the calls, so that no effect stands before its cause. Of
// several logs, each keeps that order, and nothing but time tells which of two is first.

import { strict as assert } from 'node:assert'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { gzipSync } from 'node:zlib'
import { streamLogs, verifyLogs } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'

const categories = ['system', 'audit', 'sdk'] as const
const start = Date.parse('2026-03-01T12:00:00Z')

interface Shown {
  readonly log: string
  readonly lsn: number
  readonly time: number
}

/** One call: by how much the clock has gone on since the one before; below 0, it was set back. */
const call = fc.record({
  category: fc.constantFrom(...categories),
  later: fc.oneof(fc.nat(3), fc.integer({ min: -90, max: 90 })),
  isError: fc.boolean(),
})
const log = fc.record({
  calls: fc.array(call, { maxLength: 25 }),
  /** How far the clock of its host is off. */
  aside: fc.integer({ min: -60, max: 60 }),
  /** Which lines of a file have been rotated, and whether they are compressed. */
  rotatedAt: fc.nat(12),
  isCompressed: fc.boolean(),
})
type Log = typeof log extends fc.Arbitrary<infer T> ? T : never

/** Writes a log as a logger does: each entry to its file, errors also to error.log. */
function write(directory: string, { calls, aside, rotatedAt, isCompressed }: Log): Shown[] {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const files = new Map<string, string[]>(['system', 'error'].map((name) => [name, []]))
  const seqs = new Map<string, number>()
  let time = start + aside
  const made = calls.map(({ category, later, isError }, i): Shown => {
    time += later
    const seq = (seqs.get(category) ?? 0) + 1
    seqs.set(category, seq)
    const timestamp = new Date(time).toISOString().replace('Z', '+00:00')
    const level = isError ? 'ERROR' : 'INFO'
    const entry = { timestamp, level, category, message: `${i + 1}`, seq, lsn: i + 1 }
    for (const name of isError ? [category, 'error'] : [category]) {
      files.set(name, [...(files.get(name) ?? []), `${JSON.stringify(entry)}\n`])
    }
    return { log: directory, lsn: i + 1, time }
  })
  for (const [name, lines] of files) {
    const path = join(directory, `${name}.log`)
    const rotated = lines.slice(0, rotatedAt).join('')
    if (rotated !== '') {
      if (isCompressed) writeFileSync(`${path}.1.gz`, gzipSync(rotated), { mode: 0o600 })
      else writeFileSync(`${path}.1`, rotated, { mode: 0o600 })
    }
    writeFileSync(path, lines.slice(rotatedAt).join(''), { mode: 0o600 })
  }
  return made
}

async function shown(parent: string, lines = Infinity): Promise<Shown[]> {
  const all: Shown[] = []
  for await (const { entry, file } of streamLogs({ log_path: parent, lines })) {
    const at = file.lastIndexOf('/')
    const directory = at === -1 ? parent : join(parent, file.slice(0, at))
    all.push({ log: directory, lsn: entry!.lsn!, time: Date.parse(entry!.timestamp) })
  }
  return all
}

function parentOf(t: TestContext): string {
  const parent = logDirectory(t)
  mkdirSync(parent)
  return parent
}

test('a log whose clock was set back is shown in the order of its calls, from the beginning, from the end, and from each line on', async (t) => {
  await fc.assert(
    fc.asyncProperty(log, fc.nat(), async (each, at) => {
      const parent = parentOf(t)
      const made = write(parent, each)
      assert.deepEqual(await shown(parent), made)
      for (const lines of [1, 3, 10]) {
        assert.deepEqual(await shown(parent, lines), made.slice(-lines), `the last ${lines}`)
      }
      assert.deepEqual((await verifyLogs({ log_path: parent })).faults, [])
      if (made.length === 0) return
      let count = 0
      let after = ''
      for await (const { cursor } of streamLogs({ log_path: parent })) {
        after = cursor
        if (count++ === at % made.length) break
      }
      const rest: number[] = []
      for await (const { entry } of streamLogs({ log_path: parent, after })) rest.push(entry!.lsn!)
      const behind = made.slice((at % made.length) + 1).map(({ lsn }) => lsn)
      assert.deepEqual(rest, behind, `behind ${at % made.length}`)
    }),
    { numRuns: 15 },
  )
})

test('several logs keep each its order, and are merged by time, those of the same time by name', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(log, { minLength: 2, maxLength: 3 }), async (logs) => {
      const parent = parentOf(t)
      const made = logs.map((each, i) => {
        const directory = join(parent, `h${i}`)
        const entries = write(directory, each)
        // What is found below a parent as a log, whatever its live files hold.
        writeFileSync(join(directory, 'ringlog.1.lock'), '')
        return entries
      })
      const all = await shown(parent)
      for (const each of made) {
        const own = all.filter((line) => line.log === each[0]?.log)
        assert.deepEqual(own, each, 'no effect before its cause')
      }
      // Of the logs' next lines always the earliest, of the same time that of the first name.
      const rest = made.map((each) => [...each])
      const expected: Shown[] = []
      for (;;) {
        const next = rest.filter((each) => each.length > 0)
        if (next.length === 0) break
        const first = next.reduce((least, each) => (each[0]!.time < least[0]!.time ? each : least))
        expected.push(first.shift()!)
      }
      assert.deepEqual(all, expected)
      for (const lines of [1, 4]) {
        const last = await shown(parent, lines)
        assert.equal(last.length, Math.min(lines, expected.length))
        for (const each of made) {
          const own = last.filter((line) => line.log === each[0]?.log)
          assert.deepEqual(own, each.slice(each.length - own.length), 'the last of each log')
        }
      }
    }),
    { numRuns: 15 },
  )
})
