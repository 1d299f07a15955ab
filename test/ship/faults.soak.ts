// What befalls a shipper and its engine besides being killed: the network goes and comes, the
// server's disk is full, another shipper begins, the engine loses its end, the directory is begun
// anew, files are rotated and compressed meanwhile. Afterwards each entry is there, once and in
// order.

import assert from 'node:assert/strict'
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { shippedLsn } from '../../lib/directory/hold-back.ts'
import { logIdOf, stateOf } from '../../lib/directory/lock-files.ts'
import { cleanLogs, createLogger } from '../../lib/index.ts'
import { engines } from './engines.ts'
import { judge, linesOf } from './judge.ts'
import { Network, networkRefusal } from './network.ts'
import {
  type ServerPlace,
  type Servers,
  natsBinaries,
  postgresBinaries,
  startNats,
  startPostgres,
} from './servers.ts'

const writing = resolve(import.meta.dirname, 'writing.js')
const timeout = 90_000

/** `ringlog ship`, as a user runs it, until the test is over. */
class Shipping {
  text = ''
  readonly #child: ChildProcess
  readonly ended: Promise<number | null>
  #waiting: (() => void)[] = []

  constructor(t: TestContext, url: string, logs: string, ...options: string[]) {
    const args = [resolve('dist/cli.js'), 'ship', url, '-d', logs, '--host', 'h', ...options]
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        this.text += chunk
        for (const wake of this.#waiting.splice(0)) wake()
      })
    }
    this.ended = new Promise((done) => this.#child.once('close', (code) => done(code)))
    t.after(async () => {
      this.#child.kill('SIGKILL')
      await this.ended
    })
  }

  /** Resolves when it has said something. */
  async says(expected: RegExp): Promise<void> {
    while (!expected.test(this.text)) {
      const isOver = Symbol()
      const said = new Promise<void>((wake) => this.#waiting.push(wake))
      if ((await Promise.race([said, this.ended.then(() => isOver)])) !== isOver) continue
      assert.match(this.text, expected)
      return
    }
  }
}

/** Writes so many entries at some pace, as another process. */
async function write(logs: string, entries: number, perSecond: number): Promise<void> {
  const child = spawn(process.execPath, [writing, logs, `${entries}`, `${perSecond}`])
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  const code = await new Promise((done) => child.once('close', done))
  assert.equal(code, 0, said)
}

async function writeFew(logs: string, count: number): Promise<void> {
  const log = createLogger({ log_path: logs })
  for (let i = 0; i < count; i++) log.system.info('Written', { i })
  await log.close()
}

/** Writes so many mebibytes into files of one, each of which stays until it is shipped. */
async function writeHeldBack(logs: string, mebibytes: number): Promise<void> {
  const rotation = { max_size_mb: 1, max_files: 1, keep_unshipped: true }
  const log = createLogger({ log_path: logs, console: 'off', rotation })
  const text = 'x'.repeat(30_000)
  for (let i = 0; i < mebibytes * 34; i++) {
    log.system.info('Written', { text })
    if (i % 17 === 0) await log.flush()
  }
  await log.close()
}

function rotatedIn(logs: string): number {
  return readdirSync(logs).filter((name) => /^system\.log\.\d+$/.test(name)).length
}

/** Resolves when all that the files have is in the engine, once and in order. */
async function assertAllArrives(t: TestContext, url: string, logs: string): Promise<void> {
  const truth = await linesOf(logs)
  for (;;) {
    const { entries, missing, ...faults } = await judge(url, truth).catch(() => ({
      missing: 1,
      entries: 0,
    }))
    if (missing > 0) {
      await sleep(200)
      continue
    }
    t.diagnostic(`${entries} entries`)
    assert.deepEqual(faults, { twice: 0, disorder: 0, different: 0 })
    return
  }
}

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'ringlog-ship-'))
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
  return directory
}

async function started(t: TestContext, start: () => Promise<Servers>): Promise<Servers> {
  const servers = await start()
  t.after(() => servers.close())
  return servers
}

for (const { name, skip, start } of engines) {
  describe(`ringlog ship into ${name}`, { skip, timeout }, () => {
    test('sends each entry once through rotation and compression', async (t) => {
      const { url } = await started(t, start)
      const logs = join(temporary(t), 'logs')
      const shipping = new Shipping(t, url, logs)
      await write(logs, 10_000, 5000)
      await assertAllArrives(t, url, logs)
      assert.doesNotMatch(shipping.text, /missing/)
    })

    test('holds back rotated files while the engine is away, and no longer', async (t) => {
      const { url, nodes } = await started(t, start)
      const logs = join(temporary(t), 'logs')
      await writeHeldBack(logs, 1)
      const shipping = new Shipping(t, url, logs)
      await assertAllArrives(t, url, logs)
      for (const node of nodes) await node.kill()
      await writeHeldBack(logs, 5)
      await cleanLogs({ log_path: logs })
      const count = rotatedIn(logs)
      assert.ok(count >= 4, `${count} files are kept, where one would be`)
      await shipping.says(/the engine is away/)
      for (const node of nodes) node.start()
      await shipping.says(/the engine is back/)
      await assertAllArrives(t, url, logs)
      const { checkpoint } = stateOf(logs)
      while (shippedLsn(logs, logIdOf(logs)) !== checkpoint!.lsn) await sleep(100)
      // The next start of the writer does the same.
      await cleanLogs({ log_path: logs })
      assert.equal(rotatedIn(logs), 1)
      assert.doesNotMatch(shipping.text, /missing/)
    })

    test('keeps the memory for what is young as small as it begins', async (t) => {
      const { url } = await started(t, start)
      const logs = join(temporary(t), 'logs')
      await write(logs, 30_000, 100_000)
      const shown = `import { getHeapSpaceStatistics } from 'node:v8'
      process.on('exit', () => {
        const spaces = getHeapSpaceStatistics()
        console.error('young', spaces.find((each) => each.space_name === 'new_space').space_size)
      })`
      const preload = ['--import', `data:text/javascript,${encodeURIComponent(shown)}`]
      const command = [...preload, resolve('dist/cli.js'), 'ship', url, '-d', logs, '--once']
      const { stderr } = await promisify(execFile)(process.execPath, command)
      const young = Number(/young (\d+)/.exec(stderr)?.[1])
      assert.ok(young <= 4 << 20, `${young} bytes, where it may grow to 32 MB`)
    })

    test('of two shippers, ends the one that began first, which says so', async (t) => {
      const { url } = await started(t, start)
      const logs = join(temporary(t), 'logs')
      const over = new AbortController()
      const both = [new Shipping(t, url, logs), new Shipping(t, url, logs)]
      const first = Promise.race(both.map(({ ended }) => ended)).finally(() => over.abort())
      // They take turns by chance; who has appended and finds another one ends.
      while (!over.signal.aborted) await write(logs, 1000, 1000)
      const code = await first
      assert.equal(code, 1)
      const text = both.map((each) => each.text).join('')
      assert.match(text, /expected to be the only shipper of this log, got .* run one at a time/)
      await assertAllArrives(t, url, logs)
    })

    test('sends a directory that is begun anew as another log', async (t) => {
      const { url } = await started(t, start)
      const logs = join(temporary(t), 'logs')
      await writeFew(logs, 100)
      const shipping = new Shipping(t, url, logs)
      await assertAllArrives(t, url, logs)
      rmSync(logs, { recursive: true })
      await writeFew(logs, 50)
      await shipping.says(/begun anew: from here on it is another log/)
      await shipped(url, 2, 150)
    })
  })
}

/** Resolves when so many entries of so many logs are there. */
async function shipped(url: string, logs: number, entries: number): Promise<void> {
  const { placeAt } = await import('../../lib/ship/engines.ts')
  const reader = (await placeAt(url, { warn: () => {}, env: {} })).reader()
  try {
    for (;;) {
      const numbers = await reader.numbers()
      const count = numbers.reduce((sum, each) => sum + each.count, 0)
      if (new Set(numbers.map(({ log_id }) => log_id)).size === logs && count === entries) return
      await sleep(100)
    }
  } finally {
    await reader.close()
  }
}

const nats = natsBinaries()[0]
const postgres = postgresBinaries()
const noNats = nats === undefined && 'nats-server is not installed'
const noPostgres = postgres === undefined && 'PostgreSQL is not installed'

describe('an engine that lost its end', { timeout }, () => {
  test('NATS gets it again', { skip: noNats }, async (t) => {
    const { url } = await started(t, () => startNats(nats!.path, 1))
    const logs = join(temporary(t), 'logs')
    await writeFew(logs, 2000)
    assert.equal(await new Shipping(t, url, logs, '--once').ended, 0)
    const { connect } = await import('@nats-io/transport-node')
    const { jetstreamManager } = await import('@nats-io/jetstream')
    const connection = await connect({ servers: new URL(url).host })
    const manager = await jetstreamManager(connection)
    const { config, state } = await manager.streams.info('LOGS')
    // Everything but the first message is lost: the stream is made anew with it.
    const first = await manager.streams.getMessage('LOGS', { seq: state.first_seq })
    await manager.streams.delete('LOGS')
    await manager.streams.add(config)
    const { jetstream } = await import('@nats-io/jetstream')
    await jetstream(connection).publish(first!.subject, first!.data, { headers: first!.header })
    await connection.close()
    await writeFew(logs, 1)
    const shipping = new Shipping(t, url, logs)
    await assertAllArrives(t, url, logs)
    assert.doesNotMatch(shipping.text, /missing/)
  })

  test('PostgreSQL gets it again, also while it is shipped to', { skip: noPostgres }, async (t) => {
    const { url } = await started(t, () => startPostgres(postgres!))
    const logs = join(temporary(t), 'logs')
    await writeFew(logs, 2000)
    const shipping = new Shipping(t, url, logs)
    await assertAllArrives(t, url, logs)
    const { default: pg } = await import('pg')
    const client = new pg.Client(url)
    await client.connect()
    await client.query(`delete from ringlog.entries where seq > 1000`)
    await client.end()
    await writeFew(logs, 1)
    await shipping.says(/the engine has lost system entries 1001 to 2000: they are sent again/)
    await assertAllArrives(t, url, logs)
  })
})

const isRoot = process.getuid?.() === 0

describe('a server whose disk is full', { timeout, concurrency: 2 }, () => {
  const skip = !isRoot && 'needs root, for a small disk'

  for (const { name, skip: lacks, start } of [
    {
      name: 'NATS',
      skip: noNats,
      start: (disk: string) => startNats(nats!.path, 1, [], { directory: disk }),
    },
    {
      name: 'PostgreSQL',
      skip: noPostgres,
      start: (disk: string) => startPostgres(postgres!, { directory: disk }),
    },
  ]) {
    test(
      `${name}: is told, and gets all when there is room`,
      { skip: lacks || skip },
      async (t) => {
        const disk = mkdtempSync(join(tmpdir(), 'ringlog-disk-'))
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m,mode=755', 'tmpfs', disk])
        t.after(() => execFileSync('umount', ['-l', disk]))
        const { url, nodes } = await started(t, () => start(disk))
        const logs = join(temporary(t), 'logs')
        await writeFew(logs, 10)
        const shipping = new Shipping(t, url, logs)
        await assertAllArrives(t, url, logs)
        fill(join(disk, 'filler'))
        await write(logs, 20_000, 20_000)
        await shipping.says(/the engine is away/)
        rmSync(join(disk, 'filler'))
        // NATS takes nothing any more, until it is started again (2.15.1, 2026-11).
        await nodes[0]!.kill()
        nodes[0]!.start()
        await shipping.says(/the engine is back/)
        await assertAllArrives(t, url, logs)
      },
    )
  }
})

/** Takes all room that there is. */
function fill(path: string): void {
  try {
    execFileSync('dd', ['if=/dev/zero', `of=${path}`, 'bs=64k'], { stdio: 'ignore' })
  } catch {
    // It is full, as was wanted.
  }
}

describe(
  'a network that goes and comes',
  { skip: networkRefusal(), timeout, concurrency: 2 },
  () => {
    for (const { name, skip, start } of [
      { name: 'NATS', skip: noNats, start: (at: ServerPlace) => startNats(nats!.path, 1, [], at) },
      {
        name: 'PostgreSQL',
        skip: noPostgres,
        start: (at: ServerPlace) =>
          startPostgres(postgres!, { ...at, hba: ['host all all all trust'] }),
      },
    ]) {
      test(`${name}: each entry arrives once`, { skip }, async (t) => {
        const network = new Network()
        const { url } = await started(t, () =>
          start({ host: network.address, prefix: network.prefix }),
        )
        t.after(() => network.close())
        const logs = join(temporary(t), 'logs')
        const shipping = new Shipping(t, url, logs)
        const writer = write(logs, 15_000, 3000)
        for (let i = 0; i < 2; i++) {
          await sleep(1500)
          network.cut()
          await sleep(1000)
          network.join()
        }
        await writer
        network.cut()
        await writeFew(logs, 10)
        // Nobody answers, nothing is refused: it is told all the same.
        await shipping.says(/the engine is away/)
        network.join()
        await shipping.says(/the engine is back/)
        await assertAllArrives(t, url, logs)
      })
    }
  },
)
