// The service with a logger in memory: no files, no port, and the entries as objects.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestLogger } from 'ringlog/testing'
import { config, service, surroundings } from './fastify-service.mjs'

test('locking an account is in the audit, with the request that did it', async () => {
  const log = createTestLogger(config, surroundings)
  await service(log).inject({ method: 'POST', url: '/accounts/A1/lock' })
  const [audit] = log.entries.filter(({ category }) => category === 'audit')
  assert.equal(audit.account_id, 'A1')
  assert.equal(audit.context.action, 'account locked')
  assert.equal(audit.context.request_id, 'req-1')
  assert.match(audit.trace_id, /^[0-9a-f]{32}$/)
})
