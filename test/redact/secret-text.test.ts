// Secrets inside strings: every form of them is masked, and what looks like one stays. That no text
// is slow is shown by `patterns.soak.ts`.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { mask } from '../../lib/redact/secret-text.ts'
import { Redactor, redacted } from '../../lib/redact/secret-keys.ts'
import { carriers, carrying, namedCarriers, names } from '../secrets.ts'
import { runs } from '../runs.ts'

const redactor = new Redactor({ keys: ['broker_pin', 'codename'], allow: ['session'] })
const secret = 'CANARY9f3aXq7Zk2'

describe('mask()', () => {
  test('masks a secret in every carrier, in every spelling of its name', () => {
    const leaks: string[] = []
    for (const name of names) {
      for (const carrier of [...carriers, ...namedCarriers]) {
        const text = carrying(carrier, name, secret)
        const masked = mask(text, redactor)
        if (masked.includes(secret) || !masked.includes(redacted))
          leaks.push(`${text} -> ${masked}`)
        assert.equal(mask(masked, redactor), masked, 'masking twice changes nothing')
      }
    }
    assert.deepEqual(leaks, [])
  })

  // Put together here, as whoever scans this repository for secrets would take them for some.
  const letters = 'aB3'.repeat(20)
  const tokens: readonly string[] = [
    `AKIA${'ABCD2345'.repeat(2)}`,
    `ghp_${letters.slice(0, 36)}`,
    `github_pat_${letters}`,
    `glpat-${letters.slice(0, 20)}`,
    `xoxb-123456789012-${letters}`,
    `sk_live_${letters.slice(0, 24)}`,
    `sk-proj-${letters}`,
    `AIza${letters.slice(0, 35)}`,
    `npm_${letters.slice(0, 36)}`,
    `hf_${letters.slice(0, 34)}`,
    `SG.${letters.slice(0, 22)}.${letters.slice(0, 43)}`,
    `123456789:A${letters.slice(0, 34)}`,
    `eyJ${letters}.eyJ${letters}.${letters}`,
    `eyJ${letters}..${letters}.${letters}.${letters}`,
    `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n${letters}\n-----END RSA PRIVATE KEY-----`,
    `-----BEGIN PRIVATE KEY-----${String.raw`\n`}${letters}${String.raw`\n`}-----END PRIVATE KEY-----`,
  ]
  for (const token of tokens) {
    test(`masks ${JSON.stringify(token.slice(0, 24))}… by its form`, () => {
      for (const [before, after] of [
        ['', ''],
        ['a ', ' b'],
        ['["', '"]'],
      ] as const) {
        assert.equal(mask(before + token + after, redactor), before + redacted + after)
      }
      assert.equal(mask(token.slice(0, 5), redactor), token.slice(0, 5))
    })
  }

  test('masks what stands behind the name, and no more', () => {
    const whole: readonly (readonly [string, string])[] = [
      ['a=1 password=x b=2', 'a=1 password=[REDACTED] b=2'],
      ['{"password":"x","user":"u"}', '{"password":"[REDACTED]","user":"u"}'],
      ['https://u:p@host:80/a?pwd=x&b=1', 'https://[REDACTED]@host:80/a?pwd=[REDACTED]&b=1'],
      ['Server=s;Password=x;Database=d', 'Server=s;Password=[REDACTED];Database=d'],
      ['Server=s;Pwd=x#y&z%;Database=d', 'Server=s;Pwd=[REDACTED];Database=d'],
      ['x_key=195944c22f63701559dba2251b51bcca: failed', 'x_key=[REDACTED] failed'],
      ['https://u:4#x@host/a', 'https://[REDACTED]@host/a'],
      ['pg://u:4#x@host:80', 'pg://[REDACTED]@host:80'],
      ["password: 'it\\'s x', b: 1", "password: '[REDACTED]', b: 1"],
      ['Cookie: a=b; c=d\nAccept: e', 'Cookie: [REDACTED]\nAccept: e'],
      ['-H "Authorization: Token x" -H "B: c"', '-H "Authorization: [REDACTED]" -H "B: c"'],
      ['{ credentials: { a: 1 }, b: [2] }', '{ credentials: [REDACTED], b: [2] }'],
      ['<pwd>x</pwd><b>c</b>', '<pwd>[REDACTED]</pwd><b>c</b>'],
      ['(password=x)', '(password=[REDACTED])'],
      ['curl -u risk:x host', 'curl -u risk:[REDACTED] host'],
      ['secret=%22x', 'secret=%22[REDACTED]'],
      ['tried hunter2x, password=hunter2x', 'tried [REDACTED], password=[REDACTED]'],
      ['{"password":"hunter2x"} hunter2xy', '{"password":"[REDACTED]"} hunter2xy'],
      ['db failed, password=failed', 'db failed, password=[REDACTED]'],
      ['docker run -p80:80 mysql -px', 'docker run -p80:80 mysql -p[REDACTED]'],
      ['secret=%22[REDACTED]', 'secret=%22[REDACTED]'],
    ]
    for (const [text, masked] of whole) assert.equal(mask(text, redactor), masked)
  })

  test('leaves alone what holds none', () => {
    const clean: readonly string[] = [
      '',
      'Daily loss limit breached for account DEMO123: realized=-512.50 unrealized=-100.25 limit=500 action=flatten',
      'Order filled: MNQ 2 @ 5000.00',
      'TokenExpiredError: jwt expired\n    at verify (/app/auth/token.js:12:9)\n    at file:///app/password.ts:3:4',
      'Unexpected token } in JSON at position 5',
      `Unexpected token 'h', "hello" is not valid JSON`,
      'Basic authentication failed: token validation failed',
      'password: undefined, token: null, secret: true',
      'tokens: 17, token_count=9, max_tokens: 5',
      'if (token === undefined) return',
      'at 12:30:45 order 81293: filled, 2026-11-24T10:00:00Z',
      `Cannot read properties of undefined (reading 'password')`,
      'postgres://db:5432/x?user=a@b and http://host:8080/path@x and ssh://git@github.com/x',
      '-----BEGIN CERTIFICATE-----',
      'order 3f2b1c9e-8a7d-4c6b-9e1f-0a1b2c3d4e5f',
      'key: value, primary key: 7, compass: x, passed=3 bypass:4 author: me',
      'AuthorizationError: user is denied',
      'session=RTH session: open',
      'at async Promise.all (index 0)\n    at node:internal/process/task_queues:95:5',
      'C:\\Program Files\\x --verbose -u',
    ]
    for (const text of clean) assert.equal(mask(text, redactor), text)
  })

  test('goes by the configured keys, and by the exceptions', () => {
    assert.equal(mask('code-name: x', new Redactor()), 'code-name: x')
    assert.equal(mask('code-name: x', redactor), `code-name: ${redacted}`)
    assert.equal(mask(`session=${secret}`, new Redactor()), `session=${redacted}`)
    assert.equal(mask(`session=${secret}`, redactor), `session=${secret}`)
    const others = new Redactor({ keys: ['пароль', '№ 7', 'ab'] })
    for (const text of ['пароль=x', 'Пароль: x', 'ab=x', '{"A-B":"x"}']) {
      assert.ok(mask(text, others).includes(redacted), text)
    }
  })

  test('never throws, and is done when it is done, whatever the text', () => {
    const pieces = fc.constantFrom(
      ...carriers,
      ...namedCarriers,
      ...names,
      // With a secret, so that a mask comes to stand in every place.
      ...[...carriers, ...namedCarriers].map((carrier) => carrying(carrier, 'password', secret)),
      redacted,
      ...'= : @ -- // \\ " \' ` [ { } ] , ; & % %3D %22 eyJ . -----BEGIN \n < > </'.split(' '),
    )
    const text = fc
      .array(fc.oneof(pieces, fc.string({ maxLength: 8 })), { maxLength: 12 })
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, (given) => {
        const masked = mask(given, redactor)
        // What is left holds no secret of a form known to the first pass but for what masking has
        // joined.
        assert.equal(mask(mask(masked, redactor), redactor), mask(masked, redactor))
      }),
      { numRuns: runs(1500) },
    )
  })
})
