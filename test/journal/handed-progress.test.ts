// What a writer thread says of the records of a block: the numbers that the next start finds are
// those that the lines in the files bear, whoever has had the directory meanwhile, and whatever
// store the process was killed after.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Category } from '../../lib/deliver/category.ts'
import { Route } from '../../lib/deliver/route.ts'
import { Numbering } from '../../lib/deliver/numbering.ts'
import { NULL } from '../../lib/capture/lanes.ts'
import { Ring } from '../../lib/capture/ring.ts'
import { Block, type Move } from '../../lib/journal/block.ts'
import {
  baseOf,
  lastBaseOf,
  HandedProgress,
  progressBytesOf,
  readProgress,
} from '../../lib/journal/handed-progress.ts'
import { type BlockContent, readBlock } from '../../lib/journal/read-block.ts'

const names = ['system', 'enforcement']

function progress() {
  const memory = new SharedArrayBuffer(progressBytesOf(names))
  return { written: new HandedProgress(memory, 0), bytes: Buffer.from(memory) }
}

function categoryOf(name: string, index: number): Category {
  const route = new Route(`${name}.log`)
  return new Category({ name, index, route, threshold: 0, own: false, durability: 'buffered' })
}

/**
 * Entries that are in the files when somebody else has had the directory, and what he has written.
 */
const handover = fc.record({
  settled: fc.nat(5),
  accepted: fc.nat(5),
  seqs: fc.tuple(fc.nat(3), fc.nat(3)),
  lsn: fc.nat(4),
})

describe('HandedProgress.move()', () => {
  test('has each number where Numbering has it, after any handovers', () => {
    fc.assert(
      fc.property(fc.array(handover, { maxLength: 8 }), (handovers) => {
        const { written, bytes } = progress()
        const categories = new Map(names.map((name, index) => [name, categoryOf(name, index)]))
        const routes = [...categories.values()].map(({ route }) => route)
        const ring = new Ring(4, 100, 10)
        const numbering = new Numbering(categories, routes, ring)
        numbering.moved = (seqs, lsn) => written.move(seqs, lsn)
        /** The numbers of the run, and those of the log that count: once in a file, they stay. */
        const inFiles: { name: string; seq: number; lsn: number; at: [number, number] }[] = []
        let settled = 0
        for (const { settled: more, accepted, seqs, lsn } of handovers) {
          ring.skipped += accepted
          for (let i = 0; i < Math.min(more, ring.lastNumber - settled); i++) {
            settled++
            const name = names[settled % 2]!
            const category = categories.get(name)!
            category.accepted = ++category.written
            category.route.lastNumber = settled
            const at: [number, number] = [
              category.seqBase + category.written,
              numbering.lsnBase + settled,
            ]
            inFiles.push({ name, seq: category.written, lsn: settled, at })
          }
          const last = new Map(
            names.map((name, i) => {
              const { seqBase, written: own } = categories.get(name)!
              return [name, seqBase + own + seqs[i]!]
            }),
          )
          const lastLsn = Math.max(0, ...routes.map(({ lastNumber }) => lastNumber))
          numbering.goOnBehind({ seqs: last, lsn: numbering.lsnBase + lastLsn + lsn })
        }
        const { bases } = readProgress(bytes)!
        for (const { name, seq, lsn, at } of inFiles) {
          assert.deepEqual([seq + baseOf(bases.seqs[name], seq), lsn + baseOf(bases.lsn, lsn)], at)
        }
        assert.equal(written.lsnBase, numbering.lsnBase)
        for (const [name, { seqBase }] of categories) {
          assert.equal(lastBaseOf(bases.seqs[name]), seqBase)
        }
      }),
    )
  })

  test('is there as a whole or not at all, whatever store it was killed after', () => {
    const { written, bytes } = progress()
    const seqs = new Map<string, Move>([['system', { above: 0, by: 40 }]])
    written.move(seqs, { above: 0, by: 70 })
    const before = Buffer.from(bytes)
    written.move(new Map([['system', { above: 41, by: 2 }]]), { above: 73, by: 5 })
    const after = Buffer.from(bytes)
    const stored: number[] = []
    for (let at = 0; at < bytes.length; at += 4) {
      if (before.readInt32LE(at) !== after.readInt32LE(at)) stored.push(at)
    }
    // The word that has the other slot count is stored last.
    const [slot, ...others] = stored
    assert.equal(slot, 8)
    for (let count = 0; count <= others.length; count++) {
      const torn = Buffer.from(before)
      for (const at of others.slice(0, count)) after.copy(torn, at, at, at + 4)
      assert.deepEqual(readProgress(torn), readProgress(before))
    }
    assert.notDeepEqual(readProgress(after), readProgress(before))
  })

  test('goes on when more writers have had the directory than there is room for', () => {
    const { written, bytes } = progress()
    for (let i = 1; i <= 2000; i++) {
      const move = { above: i * 1_000_000_000, by: 500_000_000 }
      written.move(new Map(names.map((name) => [name, move])), move)
    }
    const { bases } = readProgress(bytes)!
    assert.equal(lastBaseOf(bases.lsn), 2000 * 500_000_000)
    assert.equal(lastBaseOf(bases.seqs['system']), 2000 * 500_000_000)
    assert.ok(bases.lsn.length > 1)
  })
})

describe('readBlock() of a block that a writer thread reads', () => {
  const besideBytes = progressBytesOf(names)
  const blockBytes = 64 * 1024

  function handed() {
    const memory = new SharedArrayBuffer(blockBytes + besideBytes)
    const block = new Block(memory, '{"pid":1}', 7, besideBytes)
    const { lanes } = new Ring(4, 1 << 20, 1000)
    const category = categoryOf('system', 0)
    // Of no consequence: its records bear the numbers of the run.
    category.seqBase = 5
    const ends: number[] = []
    for (let n = 1; n <= 3; n++) {
      lanes.begin(1)
      lanes.pushTag(NULL)
      const parts = [lanes, 0, 0, 0, category.templates[1]!, 1e12, undefined, `m${n}`, n, n, 2]
      assert.ok(block.append(...(parts as unknown as Parameters<Block['append']>)))
      lanes.reset()
      ends.push(block.tail)
    }
    return {
      memory,
      bytes: Buffer.from(memory),
      progress: new HandedProgress(memory, blockBytes),
      ends,
    }
  }
  const contentOf = (bytes: Buffer): BlockContent => {
    const content = readBlock(bytes)
    assert.ok(typeof content !== 'string', JSON.stringify(content))
    return content
  }
  const numbersOf = (bytes: Buffer): number[][] =>
    [...contentOf(bytes).entries].map(({ lsn, seq }) => [lsn, seq])

  test('gives each entry its numbers in the log, and none that is in its file', () => {
    const { bytes, progress: written, ends } = handed()
    assert.deepEqual(numbersOf(bytes), [
      [1, 1],
      [2, 2],
      [3, 3],
    ])
    written.move(new Map([['system', { above: 0, by: 40 }]]), { above: 0, by: 70 })
    written.move(new Map([['system', { above: 42, by: 1 }]]), { above: 72, by: 9 })
    assert.deepEqual(numbersOf(bytes), [
      [71, 41],
      [72, 42],
      [82, 44],
    ])
    written.written(ends[1]!)
    assert.deepEqual(numbersOf(bytes), [[82, 44]])
    written.written(ends[2]!)
    assert.deepEqual(numbersOf(bytes), [])
  })

  test('refuses what is said wrongly, and never throws, whatever the bytes', () => {
    const { bytes, progress: written } = handed()
    written.move(new Map([['system', { above: 0, by: 40 }]]), { above: 0, by: 70 })
    let refused = 0
    const isRefused = (change: (copy: Buffer) => void): void => {
      const copy = Buffer.from(bytes)
      change(copy)
      if (typeof readBlock(copy) === 'string') refused++
    }
    for (const value of [-8, 3, 1e9, Number.NaN]) {
      isRefused((copy) => copy.writeDoubleLE(value, blockBytes))
    }
    for (const slot of [-1, 3, 2]) isRefused((copy) => copy.writeInt32LE(slot, blockBytes + 8))
    isRefused((copy) => copy.writeInt32LE(1 << 30, blockBytes + 16))
    isRefused((copy) => copy.write('9', blockBytes + 30))
    assert.equal(refused, 9)
    for (const length of [blockBytes, blockBytes + 8, bytes.length - besideBytes + 4095]) {
      assert.equal(typeof readBlock(bytes.subarray(0, length)), 'string')
    }
    const change = fc.tuple(fc.nat(besideBytes + 15), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 20 }), (changes) => {
        const copy = Buffer.from(bytes)
        for (const [at, byte] of changes) {
          // The header's word about its size, and all that stands behind the records.
          copy[at < 16 ? 16 + at : blockBytes + at - 16] = byte
        }
        readBlock(copy)
      }),
    )
  })
})
