// Which keys name a secret: lists of real names from both sides, and any spelling of them.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Redactor, normalized } from '../../lib/redact/secret-keys.ts'

const secret =
  'apiKey api_key API-KEY x-api-key X_API_KEY Authorization proxy-authorization password passWord db_password passwd pwd mysql_pwd clientSecret client-secret aws_secret_access_key AWS_ACCESS_KEY_ID refreshToken csrf-token XSRF-TOKEN privateKey PRIVATE_KEY passphrase Set-Cookie cookie session connect.sid sessionId connectionString apiSecret jwt pin otp seed_phrase bearerToken credentials PHPSESSID _csrf'.split(
    ' ',
  )
const harmless =
  'key id user symbol account position compass passed bypass author authority tokenCount maxTokens keyboard monkey spinning pinned option secretary sessionDurationMs authenticated primaryKey publicKey design assigned realizedPnl sidecar account_id order_id'.split(
    ' ',
  )

describe('Redactor.isSecret()', () => {
  test('knows the names of secrets, and leaves others alone', () => {
    const redactor = new Redactor()
    assert.deepEqual(
      secret.filter((key) => !redactor.isSecret(key)),
      [],
    )
    assert.deepEqual(
      harmless.filter((key) => redactor.isSecret(key)),
      [],
    )
  })

  test('does not care for case and punctuation', () => {
    const redactor = new Redactor()
    const spelled = fc
      .tuple(
        fc.constantFrom(...secret),
        fc.infiniteStream(fc.tuple(fc.boolean(), fc.constantFrom('', '', '_', '-', '.', ' '))),
      )
      .map(([key, stream]) =>
        Array.from(normalized(key), (letter) => {
          const [upper, mark] = stream.next().value as [boolean, string]
          return (upper ? letter.toUpperCase() : letter) + mark
        }).join(''),
      )
    fc.assert(fc.property(spelled, (key) => redactor.isSecret(key)))
  })

  test('takes further keys, and exceptions, which win', () => {
    const redactor = new Redactor({
      keys: ['broker_pin', 'codename'],
      allow: ['token_count', 'Code-Name'],
    })
    assert.ok(redactor.isSecret('BrokerPin'))
    assert.ok(!redactor.isSecret('codeName'))
    assert.ok(!redactor.isSecret('tokenCount'))
  })

  test('remembers a bounded number of keys', () => {
    const redactor = new Redactor()
    for (let i = 0; i < 20_000; i++) assert.equal(redactor.isSecret(`key ${i}`), false)
    assert.ok(redactor.isSecret('password'))
  })
})
