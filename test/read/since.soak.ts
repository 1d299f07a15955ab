// Ten thousand times: a moment, an entry, and what is there since that moment. Whatever the times
// of the files say, the entry must be among it: a shipper goes on from its last timestamp. And what
// `tail -f` costs while nothing happens, in a directory that it shares with thousands of other
// files. A part of `npm run test:follow`, some two minutes.

import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { type Logger, createLogger, streamLogs } from '../../lib/index.ts'
import { rotateSync } from '../../lib/directory/rotate.ts'
import { logDirectory } from '../log-directory.ts'

const rounds = 10_000
/** Each on a directory of its own. */
const roundsOfOne = 100

/** What happens to the files of a log between the writing of an entry and the reading of it. */
const changes: { readonly [what: string]: (directory: string, log: Logger) => unknown } = {
  nothing: () => {},
  'times in whole seconds': (directory) =>
    setTimes(directory, (ms) => Math.floor(ms / 1000) * 1000),
  'times of a file server that is 5 s behind': (directory) =>
    setTimes(directory, (ms) => ms - 5_000),
  'times of a copy that was dated a day ago': (directory) =>
    setTimes(directory, (ms) => ms - 86_400_000),
  'a rotation': (directory) => rotate(directory),
  'a rotation, and times of a day ago': (directory) => {
    rotate(directory)
    setTimes(directory, (ms) => ms - 86_400_000)
  },
  'a rotation, and compression without care for times': async (directory, log) => {
    rotateSync(directory, 'system.log', 10)
    // The logger finds out after the next one.
    for (let i = 0; i < 2; i++) {
      log.system.info('between')
      await log.flush()
    }
    const path = join(directory, 'system.log.1')
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)), { mode: 0o600 })
    rmSync(path)
    utimesSync(`${path}.gz`, 1, 1)
  },
}

/** As others would do it: the logger finds out after the next entry. */
function rotate(directory: string): void {
  if (existsSync(join(directory, 'system.log'))) rotateSync(directory, 'system.log', 10)
}

function setTimes(directory: string, of: (nowMs: number) => number): void {
  const time = of(Date.now()) / 1000
  for (const name of readdirSync(directory)) {
    if (/^system\.log(\.\d+)?(\.gz)?$/.test(name)) utimesSync(join(directory, name), time, time)
  }
}

/** The entries since a moment. */
async function since(directory: string, moment: number | string): Promise<string[]> {
  const found: string[] = []
  for await (const { entry } of streamLogs({ log_path: directory, since: new Date(moment) })) {
    found.push(entry?.message ?? '')
  }
  return found
}

test(`streamLogs({ since }) misses none of ${rounds} entries`, async (t) => {
  const missed: { [what: string]: number } = {}
  const names = Object.keys(changes)
  for (let done = 0; done < rounds; done += roundsOfOne) {
    const what = names[(done / roundsOfOne) % names.length]!
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, console: 'off' })
    for (let i = 0; i < roundsOfOne; i++) {
      const moment = Date.now()
      log.system.info(`entry ${i}`)
      await log.flush()
      await changes[what]!(directory, log)
      const found = await since(directory, moment)
      // The entry before may be of the same millisecond.
      if (!found.includes(`entry ${i}`) || found.length > 20) missed[what] = (missed[what] ?? 0) + 1
    }
    await log.close()
  }
  assert.deepEqual(missed, {})
})

test('streamLogs({ since, follow }) misses none of 500 entries', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory, console: 'off' })
  for (let i = 0; i < 500; i++) {
    const moment = new Date()
    log.system.info(`entry ${i}`)
    await log.flush()
    const found: string[] = []
    const lines = streamLogs({
      log_path: directory,
      since: moment,
      follow: true,
      signal: AbortSignal.timeout(5_000),
    })
    for await (const { entry } of lines) {
      found.push(entry?.message ?? '')
      if (entry?.message === `entry ${i}`) break
    }
    assert.equal(found.at(-1), `entry ${i}`)
  }
  await log.close()
})

/** Processor time of a process so far, in milliseconds; Linux counts in ticks of 10 ms. */
function spentMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

for (const strangers of [0, 500, 5_000]) {
  test(
    `tail -f beside ${strangers} other files takes less than 1 % of a core while nothing happens`,
    { skip: process.platform !== 'linux' && 'needs /proc' },
    async (t) => {
      const directory = logDirectory(t)
      mkdirSync(directory, { mode: 0o700 })
      const log = createLogger({ log_path: directory, console: 'off' })
      log.system.info('first')
      await log.close()
      for (let i = 0; i < strangers; i++) {
        const name = ['txt', 'json', 'log', 'log.1'][i % 4]!
        writeFileSync(join(directory, `stranger-${i}.${name}`), 'no line of a log\n')
      }
      const words = [resolve('dist/cli.js'), 'tail', '-f', '-d', directory]
      const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
      t.after(() => child.kill('SIGKILL'))
      await once(child.stdout, 'data')
      // What the start has left to do.
      await setTimeout(3_000)
      let least = Infinity
      // One quiet stretch shows it; on a busy machine it takes some until there is one.
      for (let stretch = 0; stretch < 6 && least >= 1; stretch++) {
        const before = spentMs(child.pid!)
        await setTimeout(5_000)
        least = Math.min(least, (spentMs(child.pid!) - before) / 50)
      }
      t.diagnostic(`${least} % of a core, the least of up to six times 5 s`)
      assert.ok(least < 1, `${least} % of a core`)
    },
  )
}
