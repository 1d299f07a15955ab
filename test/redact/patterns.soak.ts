// No text can be made that masking is slow at: every pattern is proved to be safe, and texts that
// repeat what is searched for take a time in proportion to their length. Minutes of processor:
//
//   npm run test:patterns

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkSync } from 'recheck'
import { Redactor } from '../../lib/redact/secret-keys.ts'
import { mask, patterns } from '../../lib/redact/secret-text.ts'
import { paths, prefixed } from '../../lib/redact/vendor-tokens.ts'
import { carriers, carrying, namedCarriers, names } from '../secrets.ts'
import { kindsOf } from './corpus.ts'

describe('patterns', () => {
  const seen = new Set<string>()
  for (const [name, pattern] of Object.entries(patterns())) {
    // A sticky pattern is tried at one place.
    const source = pattern.sticky ? `^(?:${pattern.source})` : pattern.source
    const flags = pattern.flags.replaceAll(/[gy]/g, '')
    if (seen.has(source)) continue
    seen.add(source)
    test(`${name} cannot be made slow`, () => {
      // It counts steps; by default it also takes 1.5 s for an attack that has succeeded, which a
      // busy machine gives it.
      const limits = { timeout: 120_000, incubationTimeout: 40_000, attackTimeout: 40_000 }
      assert.equal(checkSync(source, flags, limits).status, 'safe')
    })
  }
})

/** The processor's clock is a coarse one: so many characters are masked between two looks at it. */
const measuredChars = 64 * 1024

/** Processor time per character, in nanoseconds: the least of several turns. */
function nsPerCharacter(text: string, redactor: Redactor): number {
  const times = Math.ceil(measuredChars / text.length)
  let best = Infinity
  for (let turn = 0; turn < 4; turn++) {
    const before = process.cpuUsage()
    for (let time = 0; time < times; time++) mask(text, redactor)
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, user + system)
  }
  return (best * 1000) / (text.length * times)
}

describe('mask()', () => {
  const redactor = new Redactor()
  const marks = [
    ' ',
    '=',
    ':',
    '"',
    "'",
    '`',
    ',',
    '[',
    '{',
    '(',
    '<',
    '\\\\"',
    '%22',
    '%3D',
    '@',
    '//',
    '|',
    '\n',
    '-',
  ]
  const words = [
    'token',
    'password',
    'authorization',
    'cookie',
    'key',
    'pin',
    'auth',
    'name',
    'value',
  ]
  // Commands whose quotes are not closed, or are escaped; each with what it takes as a secret.
  const quotes = ['', "'", '"', '\\"', "'b", '"b', "';", '";']
  const commands =
    `mysql -p|curl -u a:|http -a a:|sshpass -p |net use x /user:y |lftp -u a,|vault login
    |ConvertTo-SecureString |sqlplus a/|openssl -k |IDENTIFIED BY `
      .split(/\n? *\|/)
      .flatMap((command) => quotes.map((quote) => command + quote))
  // Names of vendors, words for keys, what almost is a token, and commands of other kinds.
  const others = String.raw`curl -u 'a:b;
curl -u "a:b;
curl -u "a":"
curl -u \"a:b
curl -u 'a1:'
curl -u a1:
run -u a -p b;
echo a | sudo -S
echo a:b | chpasswd
AUTH a
PASS
a1 LOGIN b
35=A|554=
HTTPBasicAuth("a","
.auth("a","
WIFI:S:a;P:
coda
wandb
wandb 1
deepgram key
coda-access-token-
coda key 1f2e3d4c-
codacodacodacodacodacodacodacoda1
deepgram_key=a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1
key=aB3aB3aB3aB3aB3aB3aB3aB3aB3/
keykey
(password):
following password:
xxxxxxxxxxxxxxxxxxx1`
    .split('\n')
    .flatMap((unit) => [unit, `${unit} `])
  const prefixes = [...prefixed, ...paths].flatMap(([, some]) => some.split(' '))
  const units = [
    ...marks,
    ...prefixes,
    ...words.flatMap((word) => marks.map((mark) => word + mark)),
    ...words.flatMap((word) => marks.map((mark) => `${word}=${mark}`)),
    ...words.flatMap((word) => marks.map((mark) => `name="${word}${mark}`)),
    ...[...carriers, ...namedCarriers].map((carrier) => carrying(carrier, names[0]!, 'x')),
    ...kindsOf(1).map(({ text }) => text),
    'login a password ',
    'mysql -p',
    'curl -u a',
    ...commands,
    ...others,
    'insert into t (password) values (',
    '-----BEGIN PRIVATE KEY-----',
    '-----END PRIVATE KEY-----',
    '\n-----END PRIVATE KEY-----',
    `${'A'.repeat(64)}\n-----END PRIVATE KEY-----\n`,
    'PuTTY-User-Key-File-2: ',
    'a'.repeat(63),
    'eyJ',
    'password: {',
    'password: [',
  ]

  test('takes a time in proportion to the text, whatever it repeats', () => {
    const slow: string[] = []
    for (const unit of units) {
      const [short, long] = [8 * 1024, 64 * 1024].map((length) =>
        nsPerCharacter(unit.repeat(Math.ceil(length / unit.length)), redactor),
      ) as [number, number]
      // A quadratic one would take eight times as long per character; a linear one has noise below
      // 50 ns.
      if (long > 3 * short + 100) slow.push(`${short.toFixed(0)} -> ${long.toFixed(0)} ns: ${unit}`)
    }
    assert.deepEqual(slow, [])
  })

  test('takes milliseconds of processor for 8 KB, whatever it repeats', () => {
    const slow: string[] = []
    for (const unit of units) {
      const text = unit.repeat(Math.ceil(8192 / unit.length))
      const ns = nsPerCharacter(text, redactor) * text.length
      if (ns > 10_000_000) slow.push(`${(ns / 1e6).toFixed(1)} ms: ${unit}`)
    }
    assert.deepEqual(slow, [])
  })
})
