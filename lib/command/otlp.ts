// A line of a log → a record of OpenTelemetry's log data model, as OTLP/JSON.
//
//   timestamp           timeUnixNano, observedTimeUnixNano
//   level               severityText, severityNumber
//   message             body
//   event               eventName
//   trace_id, span_id   traceId, spanId
//   exception           exception.type, .message, .stacktrace
//   context             attribute `context`, a map
//   account_id, category, seq, lsn: attributes
//
// OTLP knows no deduplication. `log.record.uid` names the entry, so that whoever is behind can do
// it: host, log, category and seq. Integers are strings, as proto3 has them in JSON.

import type { LogEntry } from '../entry/entry.ts'
import { levelNames } from '../entry/level.ts'
import { lineHead } from '../entry/line.ts'
import type { LogLine } from '../read/time-order.ts'

/** A value in OTLP; none of the members: null. */
type AnyValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values: readonly AnyValue[] } }
  | { readonly kvlistValue: { readonly values: readonly KeyValue[] } }
  | Record<string, never>

interface KeyValue {
  readonly key: string
  readonly value: AnyValue
}

/** Where entries come from. */
export interface Origin {
  readonly host: string
  readonly service: string
  /** The identity of the log, where it is known. */
  readonly logId: string | undefined
  /** How the log is called among several; empty where it is alone. */
  readonly instance: string
}

/** A record, ready for JSON. */
export type OtlpRecord = { readonly [key: string]: unknown }

/** DEBUG, INFO, WARN, ERROR, FATAL: the first number of each range. */
const severityNumbers = [5, 9, 13, 17, 21]

const traceIdPattern = /^(?!0+$)[0-9a-f]{32}$/
const spanIdPattern = /^(?!0+$)[0-9a-f]{16}$/

/** Entries of ours are no deeper than this; what is deeper is told by a mark. */
const depthMax = 64

/** A request, as it may be posted to `/v1/logs`, or lie in a file of the collector. */
export function requestOf(origin: Origin, records: readonly OtlpRecord[], version: string): object {
  const { host, service, logId, instance } = origin
  const attributes = attributesOf({
    'host.name': host,
    'service.name': service,
    'service.instance.id': instance === '' ? undefined : instance,
    'ringlog.log_id': logId,
  })
  const scopeLogs = [{ scope: { name: 'ringlog', version }, logRecords: records }]
  return { resourceLogs: [{ resource: { attributes }, scopeLogs }] }
}

/** @param now For a line that tells no time: when it was seen. In milliseconds since 1970. */
export function recordOf(line: LogLine, origin: Origin, now: number): OtlpRecord {
  const { entry } = line
  return entry === undefined ? strayRecordOf(line, now) : entryRecordOf(entry, origin)
}

function entryRecordOf(entry: LogEntry, { host, logId }: Origin): OtlpRecord {
  const { timestamp, level, category, message, event, account_id, context, exception } = entry
  const { trace_id, span_id, seq, lsn } = entry
  const time = nanosOf(Date.parse(timestamp))
  const isTrace = trace_id !== undefined && traceIdPattern.test(trace_id)
  const isSpan = isTrace && span_id !== undefined && spanIdPattern.test(span_id)
  const uid = [host, ...(logId === undefined ? [] : [logId]), category, seq].join('/')
  return {
    timeUnixNano: time,
    observedTimeUnixNano: time,
    severityNumber: severityNumbers[levelNames.indexOf(level)]!,
    severityText: level,
    body: { stringValue: message },
    ...(event !== undefined && { eventName: event }),
    attributes: attributesOf({
      'log.record.uid': seq === undefined ? undefined : uid,
      'ringlog.category': category,
      'ringlog.seq': seq,
      'ringlog.lsn': lsn,
      account_id,
      ...exceptionOf(exception),
      context,
      trace_id: isTrace ? undefined : trace_id,
      span_id: isSpan ? undefined : span_id,
    }),
    ...(isTrace && { traceId: trace_id }),
    ...(isSpan && { spanId: span_id }),
  }
}

/** The attributes that the semantic conventions name, and what of an exception they do not know. */
function exceptionOf(exception: LogEntry['exception']): { readonly [key: string]: unknown } {
  if (exception === undefined) return {}
  const { type, message, stack_trace: stacktrace, ...more } = exception
  const known = { type, message, stacktrace, ...more }
  return Object.fromEntries(
    Object.entries(known).map(([key, value]) => [`exception.${key}`, value]),
  )
}

/** A human line, a torn one: the line is the body. */
function strayRecordOf({ raw, file }: LogLine, now: number): OtlpRecord {
  const head = lineHead(raw)
  const time = head === undefined ? NaN : Date.parse(head.timestamp)
  const severity = levelNames.findIndex((name) => name === head?.level)
  return {
    ...(!Number.isNaN(time) && { timeUnixNano: nanosOf(time) }),
    observedTimeUnixNano: nanosOf(Number.isNaN(time) ? now : time),
    ...(severity !== -1 && {
      severityNumber: severityNumbers[severity]!,
      severityText: levelNames[severity]!,
    }),
    body: { stringValue: head?.human === true ? raw.slice(head.text.length) : raw },
    attributes: attributesOf({ 'ringlog.category': head?.category, 'log.file.name': file }),
  }
}

function nanosOf(ms: number): string {
  return `${BigInt(ms) * 1_000_000n}`
}

/** Without those that are undefined. */
function attributesOf(values: { readonly [key: string]: unknown }): KeyValue[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: valueOf(value, 0) }],
  )
}

function valueOf(value: unknown, depth: number): AnyValue {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') {
    // What is no exact integer any more is no integer to a receiver either.
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  }
  if (typeof value !== 'object' || value === null) return {}
  if (depth >= depthMax) return { stringValue: '[Depth]' }
  if (Array.isArray(value)) {
    return { arrayValue: { values: value.map((each) => valueOf(each, depth + 1)) } }
  }
  const values = Object.entries(value).map(([key, each]) => ({
    key,
    value: valueOf(each, depth + 1),
  }))
  return { kvlistValue: { values } }
}
