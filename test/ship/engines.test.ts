import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadClient } from '../../lib/ship/client.ts'
import { EngineRefusal } from '../../lib/ship/engine.ts'
import { isEngineUrl, placeAt } from '../../lib/ship/engines.ts'

const settings = { warn: () => {}, env: {} }

test('isEngineUrl() knows the protocols, however they are spelled', () => {
  for (const url of ['nats://h/S', 'TLS://h/S', 'postgres://h/d', 'postgresql://h/d']) {
    assert.equal(isEngineUrl(url), true, url)
  }
  for (const url of ['http://h', 'nats:h', '', 'constructor://h', '/var/log', ' nats://h']) {
    assert.equal(isEngineUrl(url), false, url)
  }
})

test('placeAt() connects to nothing, and names the place without secrets', async () => {
  const nats = await placeAt('nats://me:geheim@h/LOGS', settings)
  const postgres = await placeAt('postgres://me:geheim@h/db', settings)
  assert.deepEqual([nats.name, postgres.name], ['nats://h/LOGS', 'postgres://h/db'])
})

test('placeAt() shows nothing of a text that is no URL', async () => {
  for (const [url, shown] of [
    ['me:geheim@h', 'no URL'],
    ['kafka://me:geheim@h', 'kafka://…'],
  ] as const) {
    await assert.rejects(placeAt(url, settings), (error) => {
      assert.ok(error instanceof EngineRefusal)
      assert.ok(error.message.endsWith(`got ${shown}`), error.message)
      return true
    })
  }
})

test('loadClient() says how to install what is missing', async () => {
  const [path] = await loadClient<[{ sep: string }]>('paths', ['node:path'])
  assert.equal(typeof path.sep, 'string')
  await assert.rejects(
    loadClient('an engine', ['node:path', 'ringlog-has-no-such-client']),
    (error) =>
      error instanceof EngineRefusal &&
      error.message.endsWith('npm install node:path ringlog-has-no-such-client') &&
      error.cause instanceof Error,
  )
})
