import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EngineRefusal } from '../../lib/ship/engine.ts'
import { postgresTargetOf } from '../../lib/ship/postgres-target.ts'

const url = 'postgres://me:geheim@h:5433/db'

describe('postgresTargetOf()', () => {
  test('names the place without secrets, and leaves the client only what is its own', () => {
    const { name, table, access } = postgresTargetOf(`${url}?table=s.t&sslmode=disable&x=1`, {})
    assert.deepEqual([name, table], ['postgres://h:5433/db', 's.t'])
    assert.deepEqual(access(), { connectionString: `${url}?x=1`, ssl: false })
    assert.equal(postgresTargetOf(url, {}).table, 'ringlog.entries')
  })

  test('decides on TLS as psql does', () => {
    const sslOf = (query: string, env = {}): unknown =>
      postgresTargetOf(url + query, env).access().ssl
    assert.equal(sslOf(''), undefined)
    assert.equal(sslOf('', { PGSSLMODE: '' }), undefined)
    assert.deepEqual(sslOf('?sslmode=require'), { rejectUnauthorized: false })
    assert.deepEqual(sslOf('', { PGSSLMODE: 'require' }), { rejectUnauthorized: false })
    assert.deepEqual(sslOf('?sslmode=verify-full'), {})
    assert.equal(sslOf('?sslmode=disable', { PGSSLMODE: 'require' }), false)
    assert.throws(() => sslOf('?sslmode=verify-ca'), /expected sslrootcert beside/)
    assert.throws(() => sslOf('?sslrootcert=/no/such'), /expected a certificate, got ENOENT/)
    assert.throws(() => sslOf('?sslcert=/no/such'), /expected a key beside/)
  })

  for (const wrong of [
    'postgres://me:geheim',
    'postgres://me:ge/heim@h/db',
    'postgres://h/db#geheim',
    'postgres://h/db?x=geheim@h',
    'postgres://a,b/db',
    `${url}?table=a;drop`,
    `${url}?table=A.b`,
    `${url}?sslmode=prefer`,
  ]) {
    test(`${wrong} is refused, and no secret shown`, () => {
      assert.throws(
        () => postgresTargetOf(wrong, {}),
        (error) => error instanceof EngineRefusal && !/geheim|heim@/.test(error.message),
      )
    })
  }
})
