// What is written of a context: no secret whose key names one, and all that only looks like one by
// its key.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { captureContext } from '../../lib/capture/context.ts'
import { Lanes } from '../../lib/capture/lanes.ts'
import { LineEncoder } from '../../lib/encode/line-encoder.ts'
import { Redactor } from '../../lib/redact/secret-keys.ts'

const places = 1 << 12
const encoder = new LineEncoder(new Redactor(), 1 << 20)

/** A context as it is written. */
function written(context: object): string {
  const lanes = new Lanes(places, 1 << 20)
  lanes.begin(places)
  captureContext(lanes, context)
  return encoder.value(lanes)
}

/** The members of a context as they are bound. */
function bound(context: object): string {
  const lanes = new Lanes(places, 1 << 20)
  lanes.begin(places)
  captureContext(lanes, context)
  return encoder
    .members(lanes)
    .map(([, text]) => text)
    .join(',')
}

const secret = 'CANARY7q'

const secrets: readonly object[] = [
  { password: secret },
  { db: { pass: secret } },
  { DB_PASS: secret },
  { userPassword: secret },
  { pw: secret },
  { apiKey: secret },
  { api_keys: ['a', secret] },
  { tokens: [`9fK2${secret}x81Zq4`] },
  { token: secret },
  { token: 'secret-CANARY' },
  { accessToken: { value: secret } },
  { token: { value: secret } },
  { auth: { username: 'u', password: secret } },
  { auth: `Bearer ${secret}` },
  { credentials: { user: 'u', other: secret } },
  { privateKey: { kty: 'EC', d: secret } },
  { jwk: { kty: 'EC', d: secret } },
  { passwords: { a: secret } },
  { password: [secret] },
  { cookies: { sid: secret } },
  { session: { id: `9fK2${secret}x81Zq4` } },
  { sessionID: 'CANARYWORD' },
  { wandb: 'CANARY7q9f3aXq7Zk2b4' },
  { kind: 'Secret', data: { extra: 'CANARY' } },
  { data: { extra: 'CANARY' }, kind: 'Secret' },
  { stringData: { extra: 'CANARY' }, kind: 'Secret', type: 'Opaque' },
  { mnemonic: 'CANARY ability able' },
  { connectionString: `Server=${secret}` },
  { dsn: `postgres://u:${secret}@h/d` },
  { DATABASE_URL: `postgres://u:${secret}@h/d` },
  { password: { toJSON: () => secret } },
  { url: new URL(`https://bob:${secret}@h/?token=${secret}`) },
  { map: new Map([['password', secret]]) },
  { entries: [['authorization', secret]] },
  { rawHeaders: ['Host', 'h', 'Authorization', `Bearer ${secret}`, 'Cookie', `a=${secret}`] },
  { argv: ['node', 'app', '--password', secret] },
  { form: { name: 'password', type: 'password', value: secret } },
  { name: 'password', value: secret },
  { value: secret, name: 'X-Api-Key' },
  { header: 'Authorization', val: secret },
  { Name: 'DB_PASSWORD', Value: secret },
  { VALUE: secret, KEY: 'db_password' },
  { field: 'password', input: secret },
  { key: 'broker_password', old: secret, new: `${secret}2` },
  { type: 'field', value: secret, path: 'password', location: 'body' },
  { body: JSON.stringify({ field: 'password', received: secret }) },
  { list: [{ k: 'secret', v: secret }] },
  { entries: [{ key: 'password', value: { x: secret } }] },
  { body: JSON.stringify({ client_secret: secret }) },
  { body: JSON.stringify(JSON.stringify({ password: secret })) },
  { pin: 'CANARY 4711' },
  { [`password=${secret}`]: 1 },
  { [`https://u:${secret}@h`]: 1 },
]

const numbers: readonly object[] = [
  { password: 12345678 },
  { pin: 4711 },
  { pinCode: 4711 },
  { otp: 123456 },
  { cvv: 123 },
  { pan: 4111111111111111 },
  { password: 12345678901234567890n },
]

const harmless: readonly object[] = [
  { session: 'RTH' },
  { session: 'regular' },
  { session: 'pre-market' },
  { session: 'RTH-2026-11-27' },
  { session: 'GLBX.MDP3' },
  { session: { open: '09:30', high: 5000.25 } },
  { tradingSession: 'ETH' },
  { sessions: 3, session_id: 12, sessionCount: 1 },
  { sessionID: 'FIX.4.4:ME->BROKER' },
  { token: 'USDC' },
  { token: 'wstETH' },
  { token: 'bearer' },
  { token: null },
  { baseToken: 'WETH', quoteToken: 'USDC', tokenPair: 'WETH/USDC' },
  { tokens: ['USDC', 'WETH'] },
  { tokenCount: 3, input_tokens: 812, output_tokens: 9 },
  { token_type: 'bearer', expires_in: 3600 },
  { pass: 12, fail: 0 },
  { pass: 'all', passed: 3, passRate: 0.5 },
  { pin: 17, pinned: true, spin: 1 },
  { auth: true },
  { auth: 'SIMPLE' },
  { auth: { type: 'basic', enabled: true } },
  { authMethod: 'password' },
  { hasPassword: true },
  { password: null },
  { password: false },
  { passwords: 3 },
  { secretName: 'db/prod', privateKeyPath: '/etc/k.pem' },
  { sign: -1, signal: 'SIGTERM' },
  { signature: 'invalid' },
  { sec: 12, secs: 3, security: 'AAPL' },
  { compass: 'N', author: 'bob' },
  { list: ['token', 'price', 'volume'] },
  { fields: ['password', 'email'] },
  { missing: ['apiKey', 'apiSecret'] },
  { name: 'token', value: 'USDC' },
  { path: '/auth/password', value: 0.35 },
  { key: 'limit', old: 200, new: 300 },
  { from: 'MNQ', to: 'password' },
  { sig: 'SIGTERM' },
  { kind: 'ConfigMap', data: { a: 'b' } },
  { data: { a: 'b' }, kind: 'Pod' },
  { kind: 'Secret', data: 3 },
  { wandb: 'run-7', beamer: 'on', enigma: 'a1b2c3d4e5f6a7b8c9d0' },
  { key: 'a', value: 'b' },
  { keyId: 'k1', key: 'ES-2026' },
]

describe('LineEncoder.value()', () => {
  test('leaves no text with a secret in the bytes of a buffer', () => {
    const text = `password=${secret}`
    const bytes = [text, JSON.stringify({ apiKey: secret })].map((body) => Buffer.from(body))
    for (const body of [...bytes, new Uint8Array(bytes[0]!), Buffer.from(text, 'utf16le')]) {
      assert.match(written({ body }), /"hex":"\[REDACTED\]"/)
    }
    assert.match(written({ body: Buffer.from('pass=3 fail=2') }), /"hex":"706173733d33/)
  })

  for (const context of secrets) {
    test(`writes no secret of ${written(context)}`, () => {
      assert.doesNotMatch(written(context), /CANARY/)
      assert.doesNotMatch(bound(context), /CANARY/)
    })
  }

  test('writes no number whose key names a secret', () => {
    for (const context of numbers) assert.doesNotMatch(written(context), /\d/, written(context))
  })

  test('writes what is no secret, though its key may name one', () => {
    for (const context of harmless) assert.equal(written(context), JSON.stringify(context))
  })
})
