// A Fastify service: the ids of the request and of its trace on every line, the audit's included,
// and nothing lost at the end. fastify-service.test.mjs tests it without files.

import { AsyncLocalStorage } from 'node:async_hooks'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import Fastify, { LogController } from 'fastify'
import { createLogger } from 'ringlog'
import { activeTrace } from 'ringlog/otel'
import { pinoLogger } from 'ringlog/pino'

// Your own set-up of OpenTelemetry comes here; with its instrumentation the span is there already.
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
trace.setGlobalTracerProvider(new BasicTracerProvider())
const requests = new AsyncLocalStorage()

// Fastify says `incoming request` before its hooks have run, so without a trace: the hook says it.
class Requests extends LogController {
  incomingRequest() {}
}

export const config = { stdout: 'json', categories: { http: {} } }
export const surroundings = { context: () => requests.getStore(), trace: activeTrace }

export function service(log) {
  const app = Fastify({
    loggerInstance: pinoLogger(log, { category: 'http' }),
    logController: new Requests({ requestIdLogLabel: 'request_id' }),
  })
  app.addHook('onRequest', (request, reply, done) => {
    trace.getTracer('service').startActiveSpan(request.url, (span) => {
      reply.raw.once('close', () => span.end())
      requests.run({ request_id: request.id }, () => {
        request.log.info({ req: request }, 'incoming request')
        done()
      })
    })
  })
  app.post('/accounts/:id/lock', async (request) => {
    request.log.info('locking %s', request.params.id)
    log.logAudit('account locked', 'admin', { account_id: request.params.id })
    return { locked: true }
  })
  app.get('/broken', () => Promise.reject(new RangeError('no such order')))
  return app
}

if (process.argv[1] === import.meta.filename) {
  const log = createLogger({ ...config, log_path: process.env.LOG_PATH ?? './logs' }, surroundings)
  const app = service(log)
  process.once('SIGTERM', async () => {
    await app.close()
    await log.close()
    process.exit()
  })
  await app.listen({ port: Number(process.env.PORT ?? 3000) })
}
