// Resumptions at random lines of a log that is rotated and compressed while it is read: behind the
// cursor of any line come exactly the next ones, whether it was given by a reader of the whole log
// or of its last lines. `npm run test:order`; RESUMPTIONS says how many, CI takes 60.

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { type Logger, createLogger, streamLogs, verifyLogs } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'

const resumptions = Number(process.env['RESUMPTIONS'] ?? 10_000)
/** How often some more is logged, and cursors are kept. */
const rounds = 6
const perRound = 1_200
/** Lines that are read behind a cursor. */
const looked = 3

let seed = 1
function random(below: number): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((seed / 2 ** 32) * below)
}

async function logSome(log: Logger, from: number): Promise<void> {
  const ways = [log.system, log.audit, log.enforcement, log.sdk] as const
  for (let n = from; n < from + perRound; n++) {
    const level = n % 40 === 39 ? 'error' : 'info'
    ways[random(ways.length)]![level]('entry', { n, filling: '.'.repeat(random(4000)) })
    if (n % 100 === 0) await log.flush()
  }
  await log.flush()
}

test(`${resumptions} resumptions at random lines go on exactly behind each`, async (t) => {
  const log_path = logDirectory(t)
  const rotation = { max_size_mb: 1, max_files: 100, compress: true }
  let log = createLogger({ log_path, rotation })
  t.after(() => log.close())
  const cursors: { readonly lsn: number; readonly cursor: string }[] = []
  for (let round = 0; round < rounds; round++) {
    await logSome(log, round * perRound)
    for await (const { entry, cursor } of streamLogs({ log_path })) {
      if (random(20) === 0) cursors.push({ lsn: entry!.lsn!, cursor })
    }
    for await (const { entry, cursor } of streamLogs({ log_path, lines: 20 })) {
      cursors.push({ lsn: entry!.lsn!, cursor })
    }
    // Every other round by another process, as far as the log knows.
    if (round % 2 === 1) {
      await log.close()
      log = createLogger({ log_path, rotation })
    }
  }
  await log.close()
  const all: number[] = []
  for await (const { entry } of streamLogs({ log_path })) all.push(entry!.lsn!)
  const places = new Map(all.map((lsn, at) => [lsn, at]))
  assert.ok(readdirSync(log_path).some((name) => name.endsWith('.gz')))
  for (let i = 0; i < resumptions; i++) {
    const { lsn, cursor } = cursors[random(cursors.length)]!
    const found: number[] = []
    for await (const { entry } of streamLogs({ log_path, after: cursor })) {
      if (found.push(entry!.lsn!) === looked) break
    }
    const at = places.get(lsn)! + 1
    assert.deepEqual(found, all.slice(at, at + looked), `behind lsn ${lsn}`)
  }
  t.diagnostic(`${all.length} entries, ${cursors.length} cursors`)
  assert.deepEqual((await verifyLogs({ log_path })).faults, [])
})
