// The numbers of entries that wait while another writer has the directory: each number once, in
// order.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Category } from '../../lib/deliver/category.ts'
import { Route } from '../../lib/deliver/route.ts'
import { Numbering } from '../../lib/deliver/numbering.ts'
import type { Stretch } from '../../lib/directory/checkpoint.ts'
import { INFO } from '../../lib/entry/level.ts'
import type { Sink } from '../../lib/sinks/sink.ts'

/** A file with the lines that have landed, and a sink that lands as many bytes as it is told. */
class FileInMemory implements Sink {
  text = ''
  landed = 0
  isQuiet = true
  #batch: Buffer = Buffer.alloc(0)

  write(batch: Buffer): void {
    this.#batch = batch
    this.landed = 0
  }
  land(bytes = Infinity): void {
    const end = Math.min(this.#batch.length, this.landed + bytes)
    this.text += this.#batch.toString('latin1', this.landed, end)
    this.landed = end
  }
  replace(batch: Buffer): void {
    this.#batch = batch
  }
  writeSync(): boolean {
    return true
  }
  revisit(): void {}
  close(): Promise<void> {
    return Promise.resolve()
  }
}

function lineOf(category: string, seq: number, lsn: number = seq, context = ''): string {
  const head = `{"timestamp":"2026-11-24T00:00:00.000+00:00","level":"INFO","category":"${category}"`
  return `${head},"message":"m","context":{"seq":7${context}},"seq":${seq},"lsn":${lsn}}\n`
}

/** Two categories that share a file, and one with its own, which gets copies as well. */
function rig() {
  const routes = [new Route('system.log'), new Route('error.log')] as const
  const sinks = [new FileInMemory(), new FileInMemory()] as const
  routes.forEach((route, i) => {
    route.sink = sinks[i]!
  })
  const categories = new Map<string, Category>(
    (['system', 'sdk', 'error'] as const).map((name, index) => {
      const route = name === 'error' ? routes[1] : routes[0]
      return [
        name,
        new Category({ name, index, route, threshold: INFO, own: false, durability: 'buffered' }),
      ]
    }),
  )
  const ring = { lastNumber: 0, size: 0, number: 0 }
  const numbering = new Numbering(categories, routes, ring)
  const log = (name: string, isCopied = false): void => {
    const category = categories.get(name)!
    const { route, place, seqBase } = category
    const number = ++ring.lastNumber
    const lsn = numbering.lsnBase + number
    const line = lineOf(name, seqBase + ++category.accepted, lsn)
    route.gathered.out.text(line)
    route.add(INFO, place, category.accepted, number, lsn)
    if (!isCopied) return
    routes[1].gathered.out.text(line)
    routes[1].addCopy(number, lsn)
  }
  const take = (i: 0 | 1): void => {
    const batch = routes[i].inFlight ?? routes[i].take()
    if (batch !== undefined && batch.lines > 0) sinks[i].write(batch.bytes())
  }
  const settle = (i: 0 | 1): void => {
    if (routes[i].inFlight === undefined) return
    sinks[i].land()
    routes[i].settle()
  }
  return { routes, sinks, categories, numbering, log, take, settle }
}

/** What is in the files up to a `seq` of one category and an `lsn`. */
function foundTo(system: number, lsn = 0) {
  return { seqs: new Map([['system', system]]), lsn }
}

function lsnsOf(text: string): number[] {
  return [...text.matchAll(/,"lsn":(\d+)\}\n/g)].map(([, lsn]) => Number(lsn))
}

function seqsOf(text: string, name: string): number[] {
  return text
    .split('\n')
    .filter((line) => line.includes(`"category":"${name}"`))
    .map((line) => (JSON.parse(line) as { seq: number }).seq)
}

describe('Numbering', () => {
  test('goOnBehind() moves on what waits, gathered, queued or half written, and nothing that has landed', () => {
    const { routes, sinks, categories, numbering, log, take, settle } = rig()
    for (let i = 0; i < 3; i++) log('system', i === 2)
    log('sdk')
    take(0)
    // Two whole lines and a half.
    sinks[0].land(lineOf('system', 1).length * 2.5)
    log('system')
    routes[0].queue()
    log('system')
    // A sink says of a half line that it has not landed.
    sinks[0].landed = lineOf('system', 1).length * 2
    sinks[0].text = sinks[0].text.slice(0, sinks[0].landed)
    numbering.goOnBehind(foundTo(9_998, 20_000))
    assert.deepEqual(numbering.written().seq, { system: 9_998, sdk: 0, error: 0 })
    assert.equal(numbering.written().lsn, 20_000)
    log('system')
    for (let i = 0; i < 5; i++) {
      settle(0)
      take(0)
    }
    assert.deepEqual(seqsOf(sinks[0].text, 'system'), [1, 2, 9_999, 10_000, 10_001, 10_002])
    assert.deepEqual(seqsOf(sinks[0].text, 'sdk'), [1])
    assert.deepEqual(lsnsOf(sinks[0].text), [1, 2, 20_001, 20_002, 20_003, 20_004, 20_005])
    assert.equal(sinks[0].text.match(/"seq":7\}/g)?.length, 7, 'the context is as it was')
    assert.deepEqual(numbering.accepted().seq, { system: 10_002, sdk: 1, error: 0 })
    assert.equal(numbering.accepted().lsn, 20_005)
    take(1)
    settle(1)
    assert.deepEqual(seqsOf(sinks[1].text, 'system'), [9_999], 'the copy is that of the entry')
    assert.deepEqual(lsnsOf(sinks[1].text), [20_001])
    assert.equal(categories.get('system')!.written, 6)
  })

  test('goOnBehind() leaves the number of a copy whose entry has been written', () => {
    const { sinks, numbering, log, take, settle } = rig()
    log('system', true)
    log('system', true)
    take(0)
    sinks[0].land(lineOf('system', 1).length)
    numbering.goOnBehind(foundTo(100, 500))
    for (const i of [0, 1] as const) {
      settle(i)
      take(i)
      settle(i)
    }
    assert.deepEqual(seqsOf(sinks[0].text, 'system'), [1, 101])
    assert.deepEqual(seqsOf(sinks[1].text, 'system'), [1, 101])
    for (const { text } of sinks) assert.deepEqual(lsnsOf(text), [1, 501])
  })

  test('goOnBehind() leaves lines for people as they are', () => {
    const { routes, sinks, numbering, take, settle } = rig()
    const text = '[2026-11-24 00:00:00] INFO  | system      | forged ,"seq":1}\n    ,"seq":2}\n'
    routes[0].gathered.out.text(text)
    routes[0].add(INFO, 0, 1, 1, 1)
    numbering.goOnBehind(foundTo(100, 500))
    take(0)
    settle(0)
    assert.equal(sinks[0].text, text)
  })

  test('goOnBehind() leaves the lsn of what waits below one that has been written to another file', () => {
    const { sinks, numbering, log, take, settle } = rig()
    log('system')
    log('error')
    log('system')
    take(1)
    settle(1)
    assert.deepEqual(numbering.written().settled, 0)
    numbering.goOnBehind(foundTo(0, 10))
    assert.deepEqual(numbering.takeLate(), [1, 2])
    assert.equal(numbering.takeLate(), undefined)
    take(0)
    settle(0)
    assert.deepEqual(lsnsOf(sinks[1].text), [2])
    assert.deepEqual(lsnsOf(sinks[0].text), [1, 11])
    assert.equal(numbering.written().settled, 11)
  })

  test('awaitQuiet() throws while something is under way that does not land', () => {
    const { sinks, numbering, log, take } = rig()
    log('system')
    take(0)
    numbering.awaitQuiet()
    sinks[0].isQuiet = false
    assert.throws(() => numbering.awaitQuiet(), /under way/)
  })

  test('every number is used once and in order, whatever others write at any moment', () => {
    const step = fc.oneof(
      fc.record({ op: fc.constant('log'), name: fc.constantFrom('system', 'sdk', 'error') }),
      fc.record({ op: fc.constantFrom('take', 'settle', 'queue'), i: fc.constantFrom(0, 1) }),
      fc.record({ op: fc.constant('land'), i: fc.constantFrom(0, 1), lines: fc.nat(3) }),
      fc.record({ op: fc.constant('others'), system: fc.nat(30), sdk: fc.nat(3) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { routes, sinks, categories, numbering, log, take, settle } = rig()
        const last = (name: string): number =>
          seqsOf(sinks[categories.get(name)!.route === routes[0] ? 0 : 1].text, name).at(-1) ?? 0
        const lastLsn = (): number => Math.max(0, ...sinks.flatMap(({ text }) => lsnsOf(text)))
        const others = new Set<number>()
        const late: Stretch[] = []
        const run = (all: readonly (typeof steps)[number][]): void => {
          for (const each of all) {
            if ('name' in each) log(each.name)
            else if ('system' in each) {
              numbering.awaitQuiet()
              for (const name of ['system', 'sdk'] as const) {
                for (let n = each[name]; n > 0; n--) {
                  others.add(lastLsn() + 1)
                  sinks[0].text += lineOf(name, last(name) + 1, lastLsn() + 1)
                }
              }
              numbering.goOnBehind({
                seqs: new Map([...categories.keys()].map((name) => [name, last(name)])),
                lsn: lastLsn(),
              })
              late.push(...[numbering.takeLate()].filter((stretch) => stretch !== undefined))
            } else if ('lines' in each) {
              const { inFlight } = routes[each.i]
              const sink = sinks[each.i]
              if (inFlight === undefined) continue
              const ends = inFlight.bytes().toString('latin1').split('\n')
              const bytes = ends.slice(0, each.lines).join('\n').length + Math.sign(each.lines)
              if (bytes > sink.landed) sink.land(bytes - sink.landed)
            } else if (each.op === 'take') {
              if (routes[each.i].inFlight === undefined) take(each.i)
            } else if (each.op === 'settle') settle(each.i)
            else if (routes[each.i].gathered.lines > 0) routes[each.i].queue()
          }
        }
        run(steps)
        for (const i of [0, 1] as const) {
          for (let batches = 0; batches < steps.length + 2; batches++) {
            settle(i)
            take(i)
          }
        }
        for (const name of ['system', 'sdk', 'error']) {
          const seqs = seqsOf(sinks[name === 'error' ? 1 : 0].text, name)
          assert.deepEqual(
            seqs,
            seqs.map((_, i) => i + 1),
            name,
          )
        }
        const lsns = sinks.map(({ text }) => lsnsOf(text))
        // What waited below a number of ours that was written keeps its own, behind what others
        // wrote.
        for (const each of lsns) {
          const ours = each.filter((lsn) => !others.has(lsn))
          assert.deepEqual(
            ours,
            ours.toSorted((a, b) => a - b),
          )
          // And it is known which these may be.
          const untold = each.filter(
            (lsn, at) =>
              each.slice(0, at).some((before) => before > lsn) &&
              !late.some(([from, to]) => lsn >= from && lsn <= to),
          )
          assert.deepEqual(untold, [])
        }
        assert.deepEqual(
          lsns.flat().toSorted((a, b) => a - b),
          lsns.flat().map((_, i) => i + 1),
        )
      }),
    )
  })
})
