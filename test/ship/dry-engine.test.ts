import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { dryPlace } from '../../lib/ship/dry-engine.ts'
import {
  type Engine,
  EngineMissing,
  type EngineReader,
  type LastEntry,
} from '../../lib/ship/engine.ts'

const log = { host: 'h', log_id: '0'.repeat(32) }
const shipmentOf = (category: string, seq: number) => ({
  category,
  seq,
  time: 0,
  line: Buffer.from('x'),
})

function rig(last: () => Promise<ReadonlyMap<string, LastEntry>>) {
  const told: unknown[] = []
  const done: string[] = []
  const engine: Engine = {
    order: 'log',
    last,
    append: async () => {
      done.push('append')
    },
    close: async () => {
      done.push('close')
    },
  }
  const reader = {} as EngineReader
  const place = dryPlace({ name: 'p', log: () => engine, reader: () => reader }, (...what) =>
    told.push(what),
  )
  return { told, done, place, reader, dry: place.log(log) }
}

describe('dryPlace()', () => {
  test('sends nothing, and tells at the end what would have been sent of each category', async () => {
    const end = new Map([['a', { seq: 2, time: 0, line: Buffer.from('x') }]])
    const { told, done, place, reader, dry } = rig(() => Promise.resolve(end))
    assert.deepEqual([place.name, place.reader(), dry.order], ['p', reader, 'log'])
    assert.equal(await dry.last(), end)
    await dry.append('*', [shipmentOf('a', 3), shipmentOf('b', 1), shipmentOf('a', 4)])
    await dry.append('*', [shipmentOf('a', 5)])
    assert.deepEqual([told, done], [[], []])
    await dry.close()
    assert.deepEqual(told, [
      [log, 'a', 3, 5],
      [log, 'b', 1, 1],
    ])
    assert.deepEqual(done, ['close'])
  })

  test('takes what is missing for empty, and nothing else', async () => {
    const missing = rig(() => Promise.reject(new EngineMissing('the table')))
    assert.deepEqual(await missing.dry.last(), new Map())
    const refused = rig(() => Promise.reject(new Error('no')))
    await assert.rejects(refused.dry.last(), /no/)
  })
})
