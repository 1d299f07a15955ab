import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { type LogEntry, type StreamOptions, streamLogs } from '../../lib/index.ts'
import { conditionOf, type Where } from '../../lib/read/where.ts'

const entry: LogEntry = JSON.parse(`{
  "timestamp": "2026-01-01T00:00:00.000+00:00", "level": "INFO", "category": "enforcement",
  "message": "m", "seq": 42,
  "context": {
    "rule": "UnrealizedLoss", "violation": { "limit": -200, "hard": true, "note": null },
    "http.status": 404, "a.b": { "c.d": 1 }, "ids": ["x", "y"], "empty": {}, "__proto__": { "own": 1 }
  }
}`)

test('conditionOf() finds fields by their paths, and compares them as text', () => {
  const conditions: readonly (readonly [Where, boolean])[] = [
    [{}, true],
    [{ 'context.rule': 'UnrealizedLoss' }, true],
    [{ 'context.rule': 'unrealizedloss' }, false],
    [{ 'context.rule': ['A', 'UnrealizedLoss'] }, true],
    [{ 'context.rule': [] }, false],
    [{ 'context.violation.limit': -200 }, true],
    [{ 'context.violation.limit': '-200' }, true],
    [{ 'context.violation.limit': 200 }, false],
    [{ 'context.violation.hard': true, seq: 42 }, true],
    [{ 'context.violation.hard': true, seq: 43 }, false],
    [{ 'context.violation.note': null }, true],
    [{ 'context.http.status': 404 }, true],
    [{ 'context.a.b.c.d': 1 }, true],
    [{ 'context.ids': 'y' }, true],
    [{ 'context.ids.0': 'x' }, true],
    [{ 'context.ids.length': 2 }, true],
    [{ 'context.empty': '[object Object]' }, false],
    [{ 'context.none': 'undefined' }, false],
    [{ 'context.__proto__.own': 1 }, true],
    [{ 'context.constructor.name': 'Object' }, false],
    [{ toString: 'x' }, false],
  ]
  for (const [where, expected] of conditions) {
    assert.equal(conditionOf(where)(entry), expected, JSON.stringify(where))
  }
})

test('streamLogs({ where }) refuses what is no object of fields', () => {
  for (const where of ['a=b', null, [], { a: {} }, { a: [[]] }, { a: undefined }]) {
    const options = { where } as unknown as StreamOptions
    assert.throws(() => streamLogs(options), /expected where to be an object of fields/)
  }
})
