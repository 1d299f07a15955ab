// A reader that asks once more: what it gives out when reads end amid the lines, and when it stops
// asking.

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import {
  type EngineQuery,
  EngineMissing,
  EngineRefusal,
  type SeriesName,
  type ShippedLine,
} from '../../lib/ship/engine.ts'
import { PatientReader, type ReadPatience } from '../../lib/ship/patient-reader.ts'
import { MemoryReader } from '../fakes/memory-reader.ts'

const system = { host: 'a', log_id: 'a'.repeat(32), category: 'system' }
const audit = { ...system, category: 'audit' }

/** An engine whose reads end amid the lines, one after the other. */
class LosingReader extends MemoryReader {
  /** How many lines each read gives; the one behind the last gives all. */
  gives: number[] = []
  error: Error = new Error('timeout')

  override async *read(query: EngineQuery): AsyncGenerator<readonly ShippedLine[], undefined> {
    const room = this.gives.shift() ?? Infinity
    let count = 0
    for await (const batch of super.read(query)) {
      const wanted = batch.filter(({ seq }) => seq > Number(query.after ?? 0))
      for (let i = 0; i < wanted.length; i += 3) {
        if (count >= room) throw this.error
        const lines = wanted.slice(i, Math.min(i + 3, i + room - count))
        count += lines.length
        yield lines
      }
    }
    if (count >= room) throw this.error
  }
}

function readerOf(gives: readonly number[], names: readonly SeriesName[] = [system]): LosingReader {
  const reader = new LosingReader()
  for (let seq = 1; seq <= 10; seq++) {
    for (const name of names) reader.store(name, seq, seq, seq)
  }
  reader.gives = [...gives]
  return reader
}

function patient(
  reader: MemoryReader,
  more: Partial<ReadPatience> = {},
  told: string[] = [],
): PatientReader {
  const backOff = (): { next: () => number; reset: () => void } => ({
    next: () => 0,
    reset: () => {},
  })
  return new PatientReader(reader, {
    patienceMs: Infinity,
    tell: (text) => told.push(text),
    backOff,
    ...more,
  })
}

async function seqsOf(reader: PatientReader, query: EngineQuery): Promise<number[]> {
  const seqs: number[] = []
  for await (const lines of reader.read(query)) for (const { seq } of lines) seqs.push(seq)
  return seqs
}

const all = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

test('PatientReader.read() gives each line once, wherever a read has ended', async () => {
  for (const gives of [[0], [1], [3], [5, 0, 2], [10], [9, 1, 0], [0, 0, 0, 4]]) {
    const told: string[] = []
    const reader = patient(readerOf(gives), {}, told)
    assert.deepEqual(await seqsOf(reader, { series: [system] }), all, gives.join())
    assert.deepEqual(told, ['the engine is away, and asked until it answers: timeout'])
  }
})

test('PatientReader.read() of several series gives each line of each once', async () => {
  for (const gives of [[0], [5], [7, 4], [20], [19, 2]]) {
    const reader = patient(readerOf(gives, [system, audit]))
    const seqs = await seqsOf(reader, {})
    assert.deepEqual(
      seqs.toSorted((a, b) => a - b),
      all.flatMap((seq) => [seq, seq]),
      gives.join(),
    )
  }
})

test('PatientReader.read() of the last lines goes on behind the one it has given', async () => {
  const engine = readerOf([2])
  assert.deepEqual(await seqsOf(patient(engine), { series: [system], lines: 4 }), [7, 8, 9, 10])
  assert.deepEqual(
    engine.queries.map(({ lines, after }) => [lines, after]),
    [
      [4, undefined],
      [undefined, '8'],
    ],
  )
})

test('PatientReader.read() hears a refusal, and that nothing is there, once', async () => {
  for (const error of [new EngineRefusal('no'), new EngineMissing('a stream')]) {
    const engine = readerOf([4])
    engine.error = error
    const told: string[] = []
    await assert.rejects(seqsOf(patient(engine, {}, told), {}), error)
    assert.deepEqual([engine.queries.length, told], [1, []])
  }
})

test('PatientReader asks no second time where nobody has ever listened, unless it is for ever', async () => {
  const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
  const refused = new Error('connection refused', { cause })
  const engine = readerOf([0])
  engine.error = refused
  await assert.rejects(seqsOf(patient(engine, { patienceMs: 60_000 }), {}), refused)
  const again = readerOf([3, 0, 0])
  again.error = refused
  assert.deepEqual(await seqsOf(patient(again, { patienceMs: 60_000 }), { series: [system] }), all)
  const waited = readerOf([0, 0])
  waited.error = refused
  assert.deepEqual(await seqsOf(patient(waited), { series: [system] }), all)
})

test('PatientReader gives up when nothing has come for so long, and says how long it asks', async () => {
  const engine = readerOf(Array.from({ length: 100 }, () => 0))
  await assert.rejects(seqsOf(patient(engine, { patienceMs: 0 }), {}), /timeout/)
  assert.equal(engine.gives.length, 99)
  const told: string[] = []
  const other = readerOf([0])
  await seqsOf(patient(other, { patienceMs: 10_000 }, told), { series: [system] })
  assert.deepEqual(told, ['the engine is away, and asked for 10 s: timeout'])
})

test('PatientReader throws the failure when it is told to end', async () => {
  const over = new AbortController()
  const engine = readerOf([0, 0, 0])
  const reader = patient(engine, { signal: over.signal, tell: () => over.abort() })
  await assert.rejects(seqsOf(reader, {}), /timeout/)
  assert.equal(engine.gives.length, 2)
})

test('PatientReader.logs() and numbers() are asked until they are answered', async () => {
  const engine = readerOf([])
  const reader = patient(engine)
  for (const question of ['logs', 'numbers'] as const) {
    engine.isAway = true
    const answer = reader[question]()
    await new Promise((resolve) => setImmediate(resolve))
    engine.isAway = false
    assert.equal((await answer).length, 1)
  }
})
