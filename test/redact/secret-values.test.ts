// Which values are secrets where their name alone does not say it.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  HINT,
  LIKELY,
  PLURAL,
  SHORT,
  STRONG,
  type Strength,
  WEAK,
} from '../../lib/redact/secret-keys.ts'
import {
  hidesNumber,
  hidesString,
  isNothing,
  looksLikePassword,
  looksSecret,
} from '../../lib/redact/secret-values.ts'

function all(judge: (text: string) => boolean, expected: boolean, texts: readonly string[]): void {
  const wrong = texts.filter((text) => judge(text) !== expected)
  assert.deepEqual(wrong, [])
}

describe('looksSecret()', () => {
  test('is true of letters and digits mixed, in one piece or several', () => {
    all(looksSecret, true, [
      '9f3aXq7Zk2CANARY00',
      'abcdef0123456789',
      '3f2b1c9e-8a7d-4c6b-9e1f-0a1b2c3d4e5f',
      's%3Aabc123def456.xyz789',
      // Digits at the end alone; a UUID that has letters in few of its parts.
      'gRkFKXpBKBVNepCqpAE8',
      'qyiwkxorktpovbgqhxgs8076',
      'c6317325-fa0b-d806-6443-254110599410',
    ])
  })

  test('is false of words, numbers, times, paths, addresses, objects, and what is short', () => {
    all(looksSecret, false, [
      'WindowsUpdateAgent',
      'WindowsUpdateAgent2',
      'initialized-by-client',
      '30546173_4261722401',
      '2026-11-27T10:31:05.123Z',
      '0x14f05578bd80001',
      'https://host.example.com/path',
      'com.example.Token@1f2e3d4',
      'bob.smith@example.com',
      '10.251.43.115:50010',
      'hunter2',
    ])
  })
})

describe('looksLikePassword()', () => {
  test('tells a password from a word, a number, a path', () => {
    all(looksLikePassword, true, ['hunter2', 'P@ssw0rd', 'abc!def'])
    all(looksLikePassword, false, ['required', '123456', '12.5ms', '/etc/secrets/db1', 'x1'])
  })
})

describe('isNothing()', () => {
  test('knows what stands in place of a secret', () => {
    all(isNothing, true, ['', 'null', 'None', '***', 'xxxx', '${PW}', '%s', '<hidden>', '[Object]'])
    all(isNothing, true, ['process.env.PW', 'os.environ["PW"]', '[REDACTED]'])
    all(isNothing, false, ['hunter2', 'nullable', 'x'])
  })
})

describe('hidesString()', () => {
  const cases: readonly (readonly [
    Strength,
    hidden: readonly string[],
    written: readonly string[],
  ])[] = [
    [
      HINT,
      ['9f3aXq7Zk2CANARY00', 'a4b8ffbb028d4d35a8c8d87f5b06771f'],
      ['x1y2', 'user:17:9f3aXq7Zk2b'],
    ],
    [HINT, [], ['6ba7b810-9dad-41d1-80b4-00c04fd430c8', 'ES-202612', 'exports/9f3aXq7Zk2b/1']],
    [WEAK, ['9f3aXq7Zk2CANARY00', 'abc123def', 'Bearer 9f3aXq7Zk2CANARY00'], ['RTH', 'regular']],
    [WEAK, [], ['pre-market', 'GLBX.MDP3', 'RTH-2026-11-27', 'SIMPLE', '12', 'true', '']],
    [LIKELY, ['CANARY', 'my-secret', 'hunter2', 'a1'], ['USDC', 'wstETH', 'bearer', 'expired']],
    [LIKELY, [], ['WETH/USDC', '1.0001', '0x0', 'none']],
    [SHORT, ['hunter2', '4711'], ['12', 'all', '12 ms', 'P1']],
    [STRONG, ['x', 'any words'], []],
    [HINT, ['AKIAQ3EGXMPL7K2V4T6Z'], ['key-7', 'prod_reader', '65f1c0', 'AKIAPROD']],
    [PLURAL, ['x', 'include me'], ['same-origin', 'omit', 'include', '3']],
  ]
  for (const [strength, hidden, written] of cases) {
    test(`of strength ${strength} hides ${hidden.join(', ')}; not ${written.join(', ')}`, () => {
      all((text) => hidesString(strength, text), true, hidden)
      all((text) => hidesString(strength, text), false, written)
    })
  }
})

describe('hidesNumber()', () => {
  test('hides the numbers of secrets, no counts', () => {
    assert.ok(hidesNumber(STRONG, 'otp', 123456))
    assert.ok(hidesNumber(SHORT, 'pin', 4711))
    assert.ok(hidesNumber(SHORT, 'pass', 12345678))
    assert.ok(!hidesNumber(SHORT, 'pin', 17))
    assert.ok(!hidesNumber(SHORT, 'pass', 12))
    assert.ok(!hidesNumber(PLURAL, 'passwords', 3))
    assert.ok(!hidesNumber(WEAK, 'session', 30546173))
    assert.ok(!hidesNumber(LIKELY, 'token', 812))
  })
})
