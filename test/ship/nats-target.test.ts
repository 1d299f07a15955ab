import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EngineRefusal } from '../../lib/ship/engine.ts'
import { type NatsTarget, natsTargetOf } from '../../lib/ship/nats-target.ts'

const nothing: NatsTarget = {
  name: 'nats://h/S',
  servers: ['h'],
  stream: 'S',
  user: undefined,
  password: undefined,
  token: undefined,
  creds: undefined,
  tls: undefined,
  replicas: undefined,
}

describe('natsTargetOf()', () => {
  for (const [url, expected, env = {}] of [
    ['nats://h/S', {}],
    ['nats://u:p%40%2F@h/S', { user: 'u', password: 'p@/' }],
    ['nats://t%3A1@h/S', { token: 't:1' }],
    ['nats://:p@h/S', { user: '', password: 'p' }],
    [
      'nats://a:1,b:2,[::1]:3/S',
      { name: 'nats://a:1,b:2,[::1]:3/S', servers: ['a:1', 'b:2', '[::1]:3'] },
    ],
    ['tls://h/S', { tls: {} }],
    ['nats://h/S?tls', { tls: {} }],
    ['nats://h/S?ca=c&replicas=3', { tls: { ca: 'c' }, replicas: 3 }],
    ['nats://h/S?creds=f', { creds: 'f' }],
    ['nats://h/S', { user: 'u', password: 'p' }, { NATS_USER: 'u', NATS_PASSWORD: 'p' }],
    ['nats://h/S', { token: 't', tls: { key: 'k' } }, { NATS_TOKEN: 't', NATS_KEY: 'k' }],
    ['nats://x@h/S', { token: 'x' }, { NATS_TOKEN: 't', NATS_USER: 'u' }],
    ['nats://h/S?ca=mine', { tls: { ca: 'mine' } }, { NATS_CA: 'theirs' }],
  ] as const) {
    test(`${url} ${JSON.stringify(env)}`, () => {
      assert.deepEqual(natsTargetOf(url, env), { ...nothing, ...expected })
    })
  }

  for (const url of [
    'nats://h',
    'nats://u:geheim@x@h/S',
    'nats://h/S?creds=geheim@x',
    'nats://u:geheim/x@h/S',
    'nats://u:geheim%@h/S',
    'nats://h:geheim/S',
    'nats://h/S T',
    'nats://h/S/T',
    'nats://h/S?replicas=6',
    'nats://h/S?replicas=0',
    'nats://h/S?password=geheim',
    'http://h/S',
  ]) {
    test(`${url} is refused, and no secret shown`, () => {
      assert.throws(
        () => natsTargetOf(url, {}),
        (error) => error instanceof EngineRefusal && !error.message.includes('geheim'),
      )
    })
  }

  test('has from 1 to 5 replicas, and says so of others', () => {
    for (let replicas = 1; replicas <= 5; replicas++) {
      assert.equal(natsTargetOf(`nats://h/S?replicas=${replicas}`, {}).replicas, replicas)
    }
    for (const replicas of ['0', '6', '11', 'two']) {
      const message = new RegExp(`expected replicas from 1 to 5, got ${replicas}$`)
      assert.throws(() => natsTargetOf(`nats://h/S?replicas=${replicas}`, {}), { message })
    }
  })
})
