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
      // A key of a Map that is an object.
      [
        { m: new Map([[{ name: 'password', id: 3 }, 'x']]) },
        { m: { '{"name":"password","id":3}': mask } },
      ],
      [{ m: new Map([[['password', secret], 1]]) }, { m: { [`["password","${mask}"]`]: mask } }],
      [
        { m: new Map([[{ user: 'bob', password: secret }, true]]) },
        { m: { [`{"user":"bob","password":"${mask}"}`]: true } },
      ],
      [{ tokens: ['USDC', secret] }, { tokens: ['USDC', mask] }],
      [{ session: { id: secret, open: 1 } }, { session: { id: mask, open: 1 } }],
      // The paths of patches and of validators.
      [
        { patch: [{ op: 'replace', path: '/users/3/password', value: 'x' }] },
        { patch: [{ op: 'replace', path: '/users/3/password', value: mask }] },
      ],
      [
        { a: { value: 'x', op: 'add', path: '/credentials/-' } },
        { a: { value: mask, op: 'add', path: '/credentials/-' } },
      ],
      [
        { a: { path: ['user', 'password'], input: 'x' } },
        { a: { path: ['user', 'password'], input: mask } },
      ],
      [
        { a: { instancePath: '/password', data: 'x' } },
        { a: { instancePath: '/password', data: mask } },
      ],
      // Names and values of other spellings, and what was changed.
      [
        { a: { ParameterKey: 'DbPassword', ParameterValue: 'x' } },
        { a: { ParameterKey: 'DbPassword', ParameterValue: mask } },
      ],
      [{ a: { column: 'password', was: 'x' } }, { a: { column: 'password', was: mask } }],
      [{ a: { was: 'x', field: 'password' } }, { a: { was: mask, field: 'password' } }],
      [{ a: { type: 'password', value: 'x' } }, { a: { type: 'password', value: mask } }],
      [
        { a: { key: 'password', lhs: 'x', rhs: 'y' } },
        { a: { key: 'password', lhs: mask, rhs: mask } },
      ],
      [{ filter: ['password', '=', 'x'] }, { filter: ['password', '=', mask] }],
      // Columns beside rows, before or behind them; one row alone; the header of a table.
      [
        {
          columns: ['user', 'password'],
          rows: [
            ['bob', 'x'],
            ['eve', 7],
          ],
        },
        {
          columns: ['user', 'password'],
          rows: [
            ['bob', mask],
            ['eve', mask],
          ],
        },
      ],
      [
        { rows: [['bob', 'x']], fields: [{ name: 'user' }, { name: 'password' }] },
        { rows: [['bob', mask]], fields: [{ name: 'user' }, { name: 'password' }] },
      ],
      [
        { keys: ['user', 'password'], values: ['bob', 'x'] },
        { keys: ['user', 'password'], values: ['bob', mask] },
      ],
      [
        { header: ['id', 'apiKey'], data: [[1, 'x']] },
        { header: ['id', 'apiKey'], data: [[1, mask]] },
      ],
      [
        {
          table: [
            ['user', 'password', 'mail'],
            ['bob', 'x', 'y'],
          ],
        },
        {
          table: [
            ['user', 'password', 'mail'],
            ['bob', mask, 'y'],
          ],
        },
      ],
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
      // Requests, jobs, rules, tables without a secret.
      { headers: ['Host', 'x.com', 'Cookie', 'none'], data: ['a', 'b', 'c', 'd'] },
      { path: '/auth/password', value: 0.35 },
      { method: 'POST', path: '/reset/password', from: '10.0.0.1', to: 'api', data: 'a=1' },
      { name: 'reset-password', data: { userId: 7 } },
      { field: 'session', op: 'eq', value: 'RTH', expected: 'ETH' },
      { type: 'token', value: 'identifier', label: 'Token', content: 'USDC' },
      { patch: [{ op: 'replace', path: '/session', value: 'RTH' }] },
      { patch: [{ op: 'move', from: '/old_password', path: '/password' }] },
      { columns: ['symbol', 'session'], rows: [['ES', 'RTH']] },
      { fields: ['username', 'password'], values: 2, rows: [] },
      { columns: ['id', 'password'], rows: [[1, null]], keys: ['id'] },
      {
        m: { a: 1 },
        list: [
          ['a', 'b', 'c'],
          ['d', 'e', 'f'],
        ],
      },
      {
        body: [
          ['grant_type', 'password'],
          ['scope', 'trade'],
        ],
      },
      { rows: [['user', 'symbol'], ['bob', 'ES'], [['nested']]] },
      { credentials: 'same-origin', cookies: 'omit', apiKeyId: 'b1946ac92492d2347c6235b4' },
      { accessKeyId: 'reader-7', tokenLast4: 'f00d', passwordErrorCode: 'PW7' },
    ]
    for (const context of contexts) assert.deepEqual(written(context), context)
  })
})
