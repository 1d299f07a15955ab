// Two pid namespaces on one directory, as two containers that share a volume: neither sees the
// other's process, and both writers have pid 1. Holders are paused and go on, are killed, and hand
// over, while all of them log: every entry is there once, in the order in which its writer logged
// it.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { verifyLogs } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'
import {
  HiddenWriter,
  faultsOf,
  lockOf,
  untilOther,
  whyNoNamespace,
} from '../logger/hidden-writer.ts'

/** Entries that each writer logs every 10 ms. */
const perTurn = 10
/** Rolling updates in a row. */
const updates = Number(process.env['UPDATES'] ?? 5)

/** The writers of one directory. */
class Containers {
  readonly directory: string
  readonly #t: TestContext
  readonly #logged = new Map<string, number>()
  readonly #namespaces = new Set<string>()

  constructor(t: TestContext) {
    this.#t = t
    this.directory = logDirectory(t)
  }

  async start(name: string): Promise<HiddenWriter> {
    const writer = new HiddenWriter(this.directory, name, undefined, perTurn)
    this.#t.after(() => writer.end())
    await writer.said()
    return writer
  }

  /** Waits until another one holds the directory; all of them have pid 1. */
  async taken(before: string): Promise<string> {
    const holder = await untilOther(this.directory, before)
    const record = JSON.parse(
      readFileSync(join(this.directory, lockOf(this.directory)), 'utf8'),
    ) as { readonly pid: number; readonly pids: string }
    assert.equal(record.pid, 1)
    this.#namespaces.add(record.pids)
    return holder
  }

  async close(writer: HiddenWriter): Promise<void> {
    const { logged, stats, error } = await writer.close()
    assert.equal(error, undefined)
    assert.equal(stats.dropped.total + stats.diverted, 0, `${writer.name} lost entries`)
    this.#logged.set(writer.name, logged)
  }

  async assertWhole(namespaces: number): Promise<void> {
    const { faults, entries } = await verifyLogs({ log_path: this.directory })
    assert.deepEqual(faults, [])
    assert.deepEqual(faultsOf(this.directory, this.#logged), [])
    assert.ok(this.#namespaces.size >= namespaces, [...this.#namespaces].join())
    this.#t.diagnostic(`${entries} entries`)
  }
}

describe('two pid namespaces', { skip: whyNoNamespace, concurrency: true }, () => {
  test('a holder that is stopped loses the directory, goes on, and has it back', async (t) => {
    const all = new Containers(t)
    const first = await all.start('A')
    const second = await all.start('B')
    const holder = await all.taken('')
    first.signal('SIGSTOP')
    const next = await all.taken(holder)
    first.signal('SIGCONT')
    // It finds out, and waits again, with what it had under way.
    await all.close(second)
    await all.taken(next)
    await all.close(first)
    await all.assertWhole(2)
  })

  test('one that is killed leaves the directory to the one that waits, and comes back', async (t) => {
    const all = new Containers(t)
    const first = await all.start('A')
    const second = await all.start('B')
    const holder = await all.taken('')
    first.signal('SIGKILL')
    const next = await all.taken(holder)
    const third = await all.start('A again')
    await all.close(second)
    await all.taken(next)
    await all.close(third)
    await all.assertWhole(2)
  })

  test(`${updates} rolling updates overlap`, async (t) => {
    const all = new Containers(t)
    let old = await all.start('W0')
    let holder = await all.taken('')
    for (let i = 1; i <= updates; i++) {
      const young = await all.start(`W${i}`)
      await all.close(old)
      holder = await all.taken(holder)
      old = young
    }
    await all.close(old)
    await all.assertWhole(2)
  })
})
