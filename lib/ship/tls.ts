// TLS as every engine has it: the files that say whom we trust and who we are, and what is wrong
// when two do not trust each other. Trying again does not mend that, so it is said at once.

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type SecureContextOptions, createSecureContext } from 'node:tls'
import { visible } from '../entry/visible-text.ts'
import { EngineRefusal } from './engine.ts'

/** Names of files. */
export interface TlsFiles {
  /** Of those who sign the server's certificate. Undefined: those that Node trusts. */
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** What the files hold. */
export interface TlsContents {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/**
 * Reads the files, anew for each connection, as certificates are renewed.
 *
 * @throws {EngineRefusal} when one cannot be read, or is of another kind.
 */
export function readTlsFiles({ ca, cert, key }: TlsFiles): TlsContents {
  if ((cert === undefined) !== (key === undefined)) {
    const [got, missing] = cert === undefined ? ['key', 'certificate'] : ['certificate', 'key']
    throw new EngineRefusal(`Cannot use TLS: expected a ${missing} beside the ${got}, got none`)
  }
  const contents = {
    ...(ca !== undefined && { ca: readCertificate(ca) }),
    ...(cert !== undefined && { cert: readCertificate(cert) }),
    ...(key !== undefined && { key: readSmallFile(key, 'a private key') }),
  }
  checkPair(contents, `${cert} and ${key}`)
  return contents
}

function readCertificate(path: string): string {
  const content = readSmallFile(path, 'a certificate')
  if (isCertificate(content)) return content
  throw new EngineRefusal(
    `Cannot use ${visible(path)}: expected a certificate in PEM, got something else`,
  )
}

function isCertificate(content: string): boolean {
  try {
    return new X509Certificate(content).raw.length > 0
  } catch {
    // Whatever it is instead.
    return false
  }
}

/** @throws {EngineRefusal} */
export function readSmallFile(path: string, expected: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new EngineRefusal(
      `Cannot read ${visible(path)}: expected ${expected}, got ${code ?? String(cause)}`,
      { cause },
    )
  }
}

function checkPair(contents: SecureContextOptions, names: string): void {
  try {
    createSecureContext(contents)
  } catch (cause) {
    throw new EngineRefusal(
      `Cannot use ${visible(names)}: expected a certificate and its private key, got: ${visible((cause as Error).message)}`,
      { cause },
    )
  }
}

/** What OpenSSL says of a server's certificate that nobody we trust has signed. */
const strangers: ReadonlySet<string> = new Set([
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'INVALID_CA',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** What it says of any other fault of one. */
const faults: { readonly [code: string]: string } = {
  CERT_HAS_EXPIRED: 'expected a certificate that is valid, got one that has expired',
  CERT_NOT_YET_VALID: 'expected a certificate that is valid, got one that is not valid yet',
  CERT_REVOKED: 'expected a certificate that is valid, got one that was revoked',
}

/**
 * What is wrong with TLS; undefined when the error is of another kind.
 *
 * @param caOption How the file of an authority is named.
 */
export function tlsFaultOf(error: unknown, caOption: string): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code = '', message } = each as NodeJS.ErrnoException
    if (strangers.has(code)) {
      return `expected a certificate of an authority that is trusted, got: ${message}; ${caOption} names the file of an authority`
    }
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
      return `expected a certificate for this host, got: ${message}`
    }
    if (/^ERR_SSL_.*ALERT/.test(code)) {
      return `expected the server to accept our certificate, got: ${message}`
    }
    if (Object.hasOwn(faults, code)) return faults[code]
    if (/^(?:server does not support 'tls'|The server does not support SSL)/.test(message)) {
      return 'expected TLS, got a server without it'
    }
  }
  return undefined
}
