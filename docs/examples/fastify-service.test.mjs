// The service with a logger in memory: no files, no port, and the entries as objects.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestLogger } from 'ringlog/testing'
import { config, service, surroundings } from './fastify-service.mjs'

test('locking an account is in the audit, with the request that did it', async () => {
  const log = createTestLogger(config, surroundings)
  await service(log).inject({ method: 'POST', url: '/accounts/A1/lock' })
  const [audit] = log.entries.filter(({ category }) => category === 'audit')
  assert.deepEqual([audit.account_id, audit.context.request_id], ['A1', 'req-1'])
  assert.match(audit.trace_id, /^[0-9a-f]{32}$/)
})
