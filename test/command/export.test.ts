// OTLP/JSON against what OpenTelemetry's own transformer makes of the same values.

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer'
import { recordOf, requestOf } from '../../lib/command/otlp.ts'
import type { LogEntry } from '../../lib/index.ts'

const origin = { host: 'host-1', service: 'risk', logId: 'ab'.repeat(16), instance: '' }
const trace_id = '4bf92f3577b34da6a3ce929d0e0e4736'
const span_id = '00f067aa0ba902b7'
const seconds = 1_760_711_025

type Records = Parameters<(typeof JsonLogsSerializer)['serializeRequest']>[0]

const entry: LogEntry = {
  timestamp: '2025-10-17T14:23:45.123+00:00',
  level: 'ERROR',
  category: 'enforcement',
  account_id: 'ABC123',
  trace_id,
  span_id,
  message: 'Position closed',
  event: 'position.closed',
  context: {
    rule: 'UnrealizedLoss',
    loss: -210,
    share: 0.25,
    large: 9_007_199_254_740_991,
    nothing: null,
    ok: true,
    list: [1, 'a', [], {}],
    nested: { deep: { deeper: 'ü\u0000\ud800' } },
  },
  exception: {
    type: 'TypeError',
    message: 'no',
    stack_trace: 'TypeError: no\n    at x',
    code: 'E_NO',
    cause: { type: 'Error', message: 'inner', stack_trace: 'Error: inner' },
  },
  seq: 42,
  lsn: 1087,
}

/** The same in the terms of their SDK. */
function theirs(): Records {
  const { exception, context } = entry
  const time: [number, number] = [seconds, 123_000_000]
  return [
    {
      hrTime: time,
      hrTimeObserved: time,
      severityNumber: 17,
      severityText: 'ERROR',
      body: 'Position closed',
      eventName: 'position.closed',
      attributes: {
        'log.record.uid': `host-1/${'ab'.repeat(16)}/enforcement/42`,
        'ringlog.category': 'enforcement',
        'ringlog.seq': 42,
        'ringlog.lsn': 1087,
        account_id: 'ABC123',
        'exception.type': exception!.type,
        'exception.message': exception!.message,
        'exception.stacktrace': exception!.stack_trace,
        'exception.code': exception!.code,
        'exception.cause': exception!.cause,
        context,
      },
      droppedAttributesCount: 0,
      spanContext: { traceId: trace_id, spanId: span_id, traceFlags: 0 },
      resource: {
        attributes: {
          'host.name': 'host-1',
          'service.name': 'risk',
          'ringlog.log_id': 'ab'.repeat(16),
        },
      },
      instrumentationScope: { name: 'ringlog', version: '1.2.3' },
    },
  ] as unknown as Records
}

/** Their JSON has integers as numbers, which proto3 reads as well, and two members that are 0. */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'droppedAttributesCount' && key !== 'flags')
      .map(([key, each]) => [key, key === 'intValue' ? String(each) : normal(each)]),
  )
}

test('recordOf() makes of an entry what the transformer of OpenTelemetry makes of its values', () => {
  const line = { raw: JSON.stringify(entry), entry, file: 'system.log', offset: 0, cursor: '' }
  const request = requestOf(origin, [recordOf(line, origin, 0)], '1.2.3')
  const their = new TextDecoder().decode(JsonLogsSerializer.serializeRequest(theirs()))
  assert.deepEqual(JSON.parse(JSON.stringify(request)), normal(JSON.parse(their)))
  // What they make bytes of has the shape that they know.
  assert.ok(ProtobufLogsSerializer.serializeRequest(theirs())!.length > 500)
})

test('recordOf() gives every level its number, and an id that OpenTelemetry does not know as an attribute', () => {
  const numbers = (['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const).map((level) => {
    const { message, timestamp, category } = entry
    const other = { level, message, timestamp, category, trace_id: '0'.repeat(32), span_id: 'x' }
    const line = { raw: '', entry: other, file: 'system.log', offset: 0, cursor: '' }
    const record = recordOf(line, origin, 0)
    assert.ok(!('traceId' in record) && !('spanId' in record))
    assert.match(JSON.stringify(record), /"key":"trace_id"/)
    assert.doesNotMatch(JSON.stringify(record), /log\.record\.uid/)
    return record['severityNumber']
  })
  assert.deepEqual(numbers, [5, 9, 13, 17, 21])
})

test('recordOf() keeps a line that is no entry, with the time that it tells or was seen', () => {
  const of = (raw: string): Record<string, unknown> =>
    recordOf({ raw, entry: undefined, file: 'system.log', offset: 0, cursor: '' }, origin, 7)
  const human = of('[2025-10-17 14:23:45] WARNING | system      | Near the limit')
  assert.equal(human['timeUnixNano'], `${seconds}000000000`)
  assert.equal(human['severityNumber'], 13)
  assert.deepEqual(human['body'], { stringValue: 'Near the limit' })
  const torn = of('{"timestamp":"20')
  assert.equal(torn['observedTimeUnixNano'], '7000000')
  assert.ok(!('timeUnixNano' in torn))
  assert.deepEqual(torn['body'], { stringValue: '{"timestamp":"20' })
})

test('recordOf() outlives a context of any depth', () => {
  const depth = 100_000
  const raw = `${JSON.stringify(entry).slice(0, -1)},"context":${'['.repeat(depth)}${']'.repeat(depth)}}`
  let context: unknown = []
  for (let i = 0; i < depth; i++) context = [context]
  const deep = { ...entry, context: { deep: context } }
  const record = recordOf({ raw, entry: deep, file: 'a', offset: 0, cursor: '' }, origin, 0)
  assert.match(JSON.stringify(record), /\[Depth\]/)
})
