// `ringlog/otel` with OpenTelemetry itself: its API, its context manager, its tracer.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { context, trace, TraceFlags } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { createLogger, defineEvent, Type } from '../lib/index.ts'
import { activeTrace } from '../lib/otel.ts'
import { isValidLine } from './line-schema.ts'
import { type Line, linesOf, logDirectory } from './log-directory.ts'

type Traced = Line & { readonly trace_id?: string; readonly span_id?: string }

describe('activeTrace()', () => {
  const manager = new AsyncLocalStorageContextManager()
  before(() => {
    context.setGlobalContextManager(manager.enable())
    trace.setGlobalTracerProvider(new BasicTracerProvider())
  })
  after(() => {
    trace.disable()
    context.disable()
  })

  test('gives the ids of the span that is active at each call', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory }, { trace: activeTrace })
    const event = log.event(
      defineEvent({
        category: 'sdk',
        level: 'INFO',
        message: 'typed',
        context: Type.Object({ n: Type.Number() }),
      }),
    )
    const tracer = trace.getTracer('test')
    const wanted: (readonly [string | undefined, string | undefined])[] = []
    log.system.info('outside')
    wanted.push([undefined, undefined])
    await Promise.all(
      [1, 2, 3].map((n) =>
        tracer.startActiveSpan('outer', async (outer) => {
          await new Promise(setImmediate)
          const { traceId } = outer.spanContext()
          event({ n })
          wanted.push([traceId, outer.spanContext().spanId])
          tracer.startActiveSpan('inner', (inner) => {
            log.system.info('inner', { n })
            assert.equal(inner.spanContext().traceId, traceId)
            wanted.push([traceId, inner.spanContext().spanId])
            inner.end()
          })
          outer.end()
        }),
      ),
    )
    event({ n: 0 })
    wanted.push([undefined, undefined])
    await log.close()
    const lines = linesOf(directory, 'system.log') as Traced[]
    assert.deepEqual(
      lines.map(({ trace_id: traceId, span_id: spanId }) => [traceId, spanId]),
      wanted,
    )
    assert.equal(new Set(wanted.map(([traceId]) => traceId)).size, 4)
    for (const line of lines) assert.ok(isValidLine(line), JSON.stringify(isValidLine.errors))
  })

  test('gives nothing for a span whose ids are not valid', () => {
    const invalid = trace.wrapSpanContext({
      traceId: '0'.repeat(32),
      spanId: '0'.repeat(16),
      traceFlags: TraceFlags.NONE,
    })
    context.with(trace.setSpan(context.active(), invalid), () => {
      assert.equal(activeTrace(), undefined)
    })
    assert.equal(activeTrace(), undefined)
  })

  test('gives lower-case ids, whatever a propagator has taken over', () => {
    const span = trace.wrapSpanContext({
      traceId: '4BF92F3577B34DA6A3CE929D0E0E4736',
      spanId: '00F067AA0BA902B7',
      traceFlags: TraceFlags.SAMPLED,
    })
    context.with(trace.setSpan(context.active(), span), () => {
      assert.deepEqual(activeTrace(), {
        trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
        span_id: '00f067aa0ba902b7',
      })
    })
  })
})

test('import of ringlog/otel without its peer says in one sentence what to install', (t) => {
  const project = mkdtempSync(join(tmpdir(), 'ringlog-test-'))
  t.after(() => rmSync(project, { recursive: true, force: true }))
  const installed = join(project, 'node_modules', 'ringlog')
  mkdirSync(installed, { recursive: true })
  cpSync('dist', join(installed, 'dist'), { recursive: true })
  cpSync('package.json', join(installed, 'package.json'))
  writeFileSync(
    join(project, 'program.mjs'),
    "await import('ringlog/otel').catch((error) => console.log(error.message))",
  )
  const said = execFileSync(process.execPath, ['program.mjs'], { cwd: project, encoding: 'utf8' })
  assert.equal(
    said,
    'Cannot import ringlog/otel: expected @opentelemetry/api to be installed, got none: npm install @opentelemetry/api\n',
  )
})
