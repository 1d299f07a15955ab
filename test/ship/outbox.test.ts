// The way of one log into an engine that answers, and takes nothing.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ShipReport } from '../../lib/ship/events.ts'
import { Outbox } from '../../lib/ship/outbox.ts'
import { type Fate, MemoryEngine } from '../fakes/memory-engine.ts'

async function outboxOf(
  fates: Fate[],
  patienceMs: number,
  troubleMs?: number,
): Promise<{ outbox: Outbox; told: string[]; engine: MemoryEngine }> {
  const engine = new MemoryEngine()
  engine.fates = fates
  const told: string[] = []
  const note = (word: string) => () => void told.push(word)
  const report: ShipReport = {
    logs: 1,
    sent: 0,
    bytes: 0,
    batches: 0,
    already: 0,
    missing: 0,
    passed_over: 0,
    last_time: undefined,
  }
  const outbox = new Outbox(engine.log({ host: 'h', log_id: 'l' }), {
    events: { away: note('away'), back: note('back'), lost: note('lost'), other: note('other') },
    report,
    patienceMs,
    ...(troubleMs !== undefined && { troubleMs }),
    signal: new AbortController().signal,
  })
  await outbox.begin(() => {})
  outbox.push({ category: 'a', seq: 1, time: 1, line: Buffer.from('{}') })
  await outbox.drained()
  await outbox.close()
  return { outbox, told, engine }
}

describe('Outbox', () => {
  test('tells an engine that answers and takes nothing, and that it takes again', async () => {
    const none: Fate = 'not stored'
    const { outbox, told, engine } = await outboxOf([none, none, none, none, none], Infinity)
    assert.equal(outbox.ending, undefined)
    assert.deepEqual(told, ['away', 'back'])
    assert.deepEqual(engine.linesOf('a'), ['{}'])
  })

  test('tells it as well when appends fail for long, however few they are', async () => {
    const { told } = await outboxOf(['not stored', 'not stored'], Infinity, 0)
    assert.deepEqual(told, ['away', 'back'])
  })

  test('gives such an engine up when its patience is over', async () => {
    const { outbox } = await outboxOf(['not stored'], 0)
    const { ending } = outbox
    assert.equal(ending?.kind === 'failed' && ending.error.message, 'no answer')
  })

  test('tells nothing of a single trouble', async () => {
    const { told } = await outboxOf(['not stored', 'stored'], Infinity)
    assert.deepEqual(told, [])
  })
})
