// A million lines through two hundred rotations at full speed, followed while they are written; and
// GNU tail beside it on the same files. At full speed several rotations fall between two looks, and
// tail -F, which knows the one name alone, loses what they put aside; so it is the judge where the
// writer waits for it after each rotation. `npm run test:follow`, less than a minute.

import { strict as assert } from 'node:assert'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { createLogger, type LoggerStats } from '../../lib/index.ts'
import { readLogs } from '../../lib/read/read-logs.ts'
import { logDirectory } from '../log-directory.ts'
import { extension, loader } from '../loader.ts'

const entries = 1_000_000
const rotationsMin = 200
const judgedRotations = 30
const lastMessage = 'the last'
const fixture = join(import.meta.dirname, `../fixtures/rotating${extension}`)
const isGnu =
  spawnSync('tail', ['--version'], { encoding: 'utf8' }).stdout?.includes('GNU') ?? false

test(`streamLogs({ follow }) sees ${entries} lines through ${rotationsMin} rotations at full speed`, async (t) => {
  const { directory, signal } = prepared(t)
  const tail = isGnu ? tailOf(t, join(directory, 'system.log'), signal) : undefined
  const following = follow(directory, entries, signal)
  const args = [...loader, fixture, directory, String(entries), '100', '100']
  const writer = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [stats, ended] = await Promise.all([text(writer.stdout), once(writer, 'exit'), following])
  assert.deepEqual(ended, [0, null])
  const { rotations, accepted } = JSON.parse(stats) as LoggerStats
  assert.equal(accepted, entries)
  assert.ok(rotations >= rotationsMin, `${rotations} rotations`)
  t.diagnostic(
    `${rotations} rotations; tail -F has seen ${tail?.lines.length ?? 'nothing: it is not GNU'}`,
  )
})

test(
  `streamLogs({ follow }) and tail -F see the same lines through ${judgedRotations} rotations`,
  { skip: !isGnu && 'tail is not that of GNU' },
  async (t) => {
    const { directory, signal } = prepared(t)
    const tail = tailOf(t, join(directory, 'system.log'), signal)
    const log = createLogger({
      log_path: directory,
      rotation: { max_size_mb: 1, max_files: judgedRotations + 1 },
    })
    const padding = 'x'.repeat(900)
    let written = 0
    const seen = follow(directory, Infinity, signal)
    while (log.stats().rotations < judgedRotations) {
      const before = log.stats().rotations
      while (log.stats().rotations === before) {
        for (let i = 0; i < 50; i++) log.system.info(`n${written++}`, { padding })
        await log.flush()
      }
      await tail.until(written)
    }
    log.system.info(lastMessage)
    await log.close()
    await tail.until(written + 1)
    const ours = await seen
    const different = ours.findIndex((line, i) => line !== tail.lines[i])
    assert.deepEqual([ours.length, different], [written + 1, -1])
    assert.equal(tail.lines.length, written + 1)
  },
)

function prepared(t: TestContext): { directory: string; signal: AbortSignal } {
  const directory = logDirectory(t)
  mkdirSync(directory, { mode: 0o700 })
  writeFileSync(join(directory, 'system.log'), '', { mode: 0o600 })
  return { directory, signal: AbortSignal.timeout(120_000) }
}

/**
 * The lines that we see, up to so many, or to the last message; none may be missing, doubled or out
 * of order.
 */
async function follow(log_path: string, count: number, signal: AbortSignal): Promise<string[]> {
  const told = ({ text: remark }: { readonly text: string }): void => assert.fail(remark)
  const lines: string[] = []
  let next = 0
  for await (const { entry, raw } of readLogs({ log_path, follow: true, lines: 0, signal }, told)) {
    if (entry?.seq !== ++next) assert.fail(`expected seq ${next}, got ${entry?.seq}`)
    if (count === Infinity) lines.push(raw)
    if (next === count || entry.message === lastMessage) break
  }
  return lines
}

/** What tail -F prints. */
function tailOf(
  t: TestContext,
  path: string,
  signal: AbortSignal,
): { readonly lines: string[]; until(count: number): Promise<void> } {
  const tail = spawn('tail', ['-n', '+1', '-F', '--sleep-interval=0.05', path], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const lines: string[] = []
  let awaited = Infinity
  let resolve = (): void => {}
  let reject: (reason: Error) => void = () => {}
  signal.addEventListener('abort', () => {
    tail.kill()
    reject(new Error(`expected ${awaited} lines from tail, got ${lines.length}`))
  })
  createInterface(tail.stdout).on('line', (line) => {
    lines.push(line)
    if (lines.length >= awaited) resolve()
  })
  t.after(() => tail.kill())
  return {
    lines,
    until: (count) =>
      new Promise((done, fail) => {
        awaited = count
        resolve = done
        reject = fail
        if (lines.length >= count) done()
      }),
  }
}
