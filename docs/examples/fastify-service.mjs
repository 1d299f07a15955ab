// A Fastify service: the request's id on every line, also on audit entries, and nothing lost at the end.

import { AsyncLocalStorage } from 'node:async_hooks'
import Fastify from 'fastify'
import { createLogger } from 'ringlog'
import { pinoLogger } from 'ringlog/pino'

const requests = new AsyncLocalStorage()
const log = createLogger(
  { log_path: process.env.LOG_PATH ?? './logs', categories: { http: {} } },
  { context: () => requests.getStore() },
)

const app = Fastify({
  loggerInstance: pinoLogger(log, { category: 'http' }),
  requestIdLogLabel: 'request_id',
})
app.addHook('onRequest', (request, _reply, done) => {
  requests.run({ request_id: request.id }, done)
})
app.post('/accounts/:id/lock', (request, reply) => {
  const { id } = request.params
  request.log.info({ account: id }, 'locking %s', id)
  log.logAudit('account locked', 'admin', { account_id: id })
  void reply.send({ locked: true })
})
app.get('/broken', () => {
  throw new RangeError('no such order')
})

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    await app.close()
    await log.close()
  })
}

console.log(await app.listen({ port: Number(process.env.PORT ?? 3000) }))
