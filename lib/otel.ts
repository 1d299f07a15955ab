// `ringlog/otel`: the active trace of OpenTelemetry, for `options.trace`. The one file that needs
// `@opentelemetry/api`, which is loaded by those alone who import this.

import { createRequire } from 'node:module'
import type { TraceIds } from './logger/surroundings.ts'

/** What is used of it. */
interface Api {
  readonly trace: {
    getActiveSpan(): { spanContext(): { traceId: string; spanId: string } } | undefined
  }
  isSpanContextValid(context: { traceId: string; spanId: string }): boolean
}

function loadApi(): Api {
  try {
    // Not by an import, which could not say what is missing.
    return createRequire(import.meta.url)('@opentelemetry/api') as Api
  } catch (error) {
    throw new Error(
      'Cannot import ringlog/otel: expected @opentelemetry/api to be installed, got none: npm install @opentelemetry/api',
      { cause: error },
    )
  }
}

const api = loadApi()

/**
 * The ids of the span that is active where it is called; undefined when none is, or its ids are not
 * valid.
 *
 * @example
 * ```ts
 * const log = createLogger('./system.json', { trace: activeTrace })
 * ```
 */
export function activeTrace(): TraceIds | undefined {
  const context = api.trace.getActiveSpan()?.spanContext()
  if (context === undefined || !api.isSpanContextValid(context)) return undefined
  return { trace_id: context.traceId.toLowerCase(), span_id: context.spanId.toLowerCase() }
}
