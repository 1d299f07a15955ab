import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { EngineRefusal } from '../../lib/ship/engine.ts'
import { readSmallFile, readTlsFiles, tlsFaultOf } from '../../lib/ship/tls.ts'
import { logDirectory } from '../log-directory.ts'

function fileWith(t: TestContext, text: string): string {
  const directory = logDirectory(t)
  mkdirSync(directory)
  writeFileSync(join(directory, 'file'), text)
  return join(directory, 'file')
}

function refuses(work: () => unknown, pattern: RegExp): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof EngineRefusal)
    assert.match(error.message, pattern)
    return true
  })
}

describe('readTlsFiles()', () => {
  test('wants a certificate and its key together', () => {
    assert.deepEqual(readTlsFiles({}), {})
    refuses(() => readTlsFiles({ cert: 'c' }), /expected a key beside the certificate/)
    refuses(() => readTlsFiles({ key: 'k' }), /expected a certificate beside the key/)
  })

  test('says which file is not there, and which is none', (t) => {
    const path = fileWith(t, 'rubbish')
    refuses(() => readTlsFiles({ ca: `${path}.x` }), /file\.x: expected a certificate, got ENOENT$/)
    refuses(() => readTlsFiles({ ca: path }), /file: expected a certificate in PEM/)
    assert.equal(readSmallFile(path, 'text'), 'rubbish')
  })
})

describe('tlsFaultOf()', () => {
  const errorOf = (code: string, message = 'why', cause?: unknown): Error =>
    Object.assign(new Error(message, { cause }), { code })

  test('says what two do not trust in each other, also of the cause of an error', () => {
    for (const [code, pattern] of [
      ['SELF_SIGNED_CERT_IN_CHAIN', /trusted, got: why; --ca names the file/],
      ['ERR_TLS_CERT_ALTNAME_INVALID', /for this host, got: why/],
      ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /accept our certificate, got: why/],
      ['CERT_HAS_EXPIRED', /one that has expired/],
    ] as const) {
      assert.match(tlsFaultOf(errorOf(code), '--ca') ?? '', pattern)
      assert.match(tlsFaultOf(errorOf('X', 'outer', errorOf(code)), '--ca') ?? '', pattern)
    }
    assert.match(
      tlsFaultOf(new Error('The server does not support SSL connections'), '--ca') ?? '',
      /got a server without it/,
    )
  })

  test('is undefined for what trying again may mend', () => {
    for (const error of [errorOf('ECONNREFUSED'), errorOf('toString'), 'text', undefined]) {
      assert.equal(tlsFaultOf(error, '--ca'), undefined)
    }
  })
})
