// Secrets whose name stands beside them: pairs, lists of headers, arguments, fields for a name and
// its value.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { captureContext } from '../../lib/capture/context.ts'
import { Lanes } from '../../lib/capture/lanes.ts'
import { LineEncoder } from '../../lib/encode/line-encoder.ts'
import { Redactor } from '../../lib/redact/secret-keys.ts'

const places = 1 << 12
const encoder = new LineEncoder(new Redactor(), 1 << 20)

/** A context as it is written. */
function written(context: object): unknown {
  const lanes = new Lanes(places, 1 << 20)
  lanes.begin(places)
  captureContext(lanes, context)
  return JSON.parse(encoder.value(lanes))
}

const mask = '[REDACTED]'
const secret = 'CANARY9f3aXq7Zk2'

describe('LineEncoder.value()', () => {
  test('masks a value whose name stands beside it', () => {
    const cases: readonly (readonly [object, object])[] = [
      [{ a: [['password', 'x']] }, { a: [['password', mask]] }],
      [
        {
          a: [
            ['user', 'bob'],
            ['token', secret],
          ],
        },
        {
          a: [
            ['user', 'bob'],
            ['token', mask],
          ],
        },
      ],
      [{ a: { name: 'X-Api-Key', value: 'x' } }, { a: { name: 'X-Api-Key', value: mask } }],
      [{ a: { value: 'x', name: 'X-Api-Key' } }, { a: { value: mask, name: 'X-Api-Key' } }],
      [{ a: { k: 'password', v: 'x' } }, { a: { k: 'password', v: mask } }],
      [
        { argv: ['--password', 'x', '--port', '80'] },
        { argv: ['--password', mask, '--port', '80'] },
      ],
      [{ argv: ['mysql', '-psecret', 'db'] }, { argv: ['mysql', `-p${mask}`, 'db'] }],
      [{ argv: ['curl', '-u', 'bob:x1'] }, { argv: ['curl', '-u', `bob:${mask}`] }],
      [
        { any: ['Host', 'x', 'Authorization', 'Bearer x'] },
        { any: ['Host', 'x', 'Authorization', mask] },
      ],
      [{ rawHeaders: ['Cookie', 'x', 'A', 'b'] }, { rawHeaders: ['Cookie', mask, 'A', 'b'] }],
      [{ m: new Map([['password', 'x']]) }, { m: { password: mask } }],
      [{ tokens: ['USDC', secret] }, { tokens: ['USDC', mask] }],
      [{ session: { id: secret, open: 1 } }, { session: { id: mask, open: 1 } }],
    ]
    for (const [context, expected] of cases) assert.deepEqual(written(context), expected)
  })

  test('leaves alone what is none', () => {
    const contexts: readonly object[] = [
      { session: 'RTH', token: 'USDC', auth: 'basic' },
      { session: { open: 1, high: 2.5 }, auth: { required: true } },
      { pass: 12, fail: 0, pin: 17, auth: true },
      { hasPassword: true, password: null, secret: false },
      { input_tokens: 812, tokens: 3, passwords: 2 },
      { baseToken: 'WETH', token: '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48' },
      { required: ['username', 'password', 'email'] },
      { a: [['session', 'RTH']], b: { name: 'mode', value: 'paper' } },
      { a: { key: 'mode', value: { nested: [1] } }, argv: ['node', 'x.js', '--port', '80'] },
      { privateKeyPath: '/x/key.pem', secretName: 'app', tokenCount: 5, passwordPolicy: 'strong' },
      { session: '30546173_4261722401', sid: 1 },
      { credentials: 'same-origin', cookies: 'omit', apiKeyId: 'b1946ac92492d2347c6235b4' },
      { accessKeyId: 'reader-7', tokenLast4: 'f00d', passwordErrorCode: 'PW7' },
    ]
    for (const context of contexts) assert.deepEqual(written(context), context)
  })
})
