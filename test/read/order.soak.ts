// A million entries over six categories and three processes, followed while they are written,
// through streamLogs() and through `ringlog tail -f`: each once, and none before one that was
// logged earlier by its process. `npm run test:order`, some minutes; ENTRIES says another number.
// CI takes 30,000.

import { strict as assert } from 'node:assert'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { streamLogs, verifyLogs } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'
import { extension, loader } from '../loader.ts'

const entries = Number(process.env['ENTRIES'] ?? 1_000_000)
const processes = 3
const each = Math.ceil(entries / processes)
const fixture = join(import.meta.dirname, `../fixtures/ordering${extension}`)
const program = resolve('dist/cli.js')

/** Follows the entries of each instance: their numbers go on by one. */
class Order {
  inversions = 0
  repeated = 0
  readonly #seen = new Map<string, { last: number; count: number; numbers: Uint8Array }>()

  add(i: string, lsn: number): void {
    let seen = this.#seen.get(i)
    if (seen === undefined) {
      seen = { last: 0, count: 0, numbers: new Uint8Array(each + 1) }
      this.#seen.set(i, seen)
    }
    if (seen.numbers[lsn] === 1) this.repeated++
    seen.numbers[lsn] = 1
    seen.count++
    if (lsn < seen.last) this.inversions++
    seen.last = Math.max(seen.last, lsn)
  }

  get total(): number {
    return [...this.#seen.values()].reduce((sum, { count }) => sum + count, 0)
  }

  get sums() {
    return { entries: this.total, inversions: this.inversions, repeated: this.repeated }
  }
}

async function stream(log_path: string): Promise<Order> {
  const order = new Order()
  for await (const { entry } of streamLogs({ log_path, follow: true, lines: Infinity })) {
    order.add(String(entry!.context!['i']), entry!.lsn!)
    if (order.total === each * processes) break
  }
  return order
}

async function tail(t: TestContext, log_path: string): Promise<Order> {
  const order = new Order()
  const args = [program, 'tail', '-d', log_path, '-f', '-n', 'all', '--json']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill())
  for await (const line of createInterface({ input: child.stdout })) {
    const { context, lsn } = JSON.parse(line) as { context: { i: string }; lsn: number }
    order.add(context.i, lsn)
    if (order.total === each * processes) break
  }
  child.kill()
  return order
}

test(`streamLogs() and tail -f show ${each * processes} entries of ${processes} processes once and in order`, async (t) => {
  const log_path = logDirectory(t)
  mkdirSync(log_path)
  const readers = [stream(log_path), tail(t, log_path)]
  const writers = Array.from({ length: processes }, (_, i): ChildProcess => {
    const args = [...loader, fixture, join(log_path, '{instance}'), String(each)]
    const env = { ...process.env, NODE_APP_INSTANCE: String(i) }
    return spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'inherit'] })
  })
  for (const ended of await Promise.all(writers.map((writer) => once(writer, 'exit')))) {
    assert.deepEqual(ended, [0, null])
  }
  for (const order of await Promise.all(readers)) {
    t.diagnostic(JSON.stringify(order.sums))
    assert.deepEqual(order.sums, { entries: each * processes, inversions: 0, repeated: 0 })
  }
  const { faults, entries: verified } = await verifyLogs({ log_path })
  assert.deepEqual(faults, [])
  assert.equal(verified, each * processes)
})
