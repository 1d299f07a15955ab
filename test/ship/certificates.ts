// Certificates for a test, made by openssl: two authorities, and for each case a server's.

import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate and its key: files. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** An authority. */
export class Authority {
  readonly #directory: string
  readonly #name: string

  constructor(directory: string, name: string) {
    this.#directory = directory
    this.#name = name
    this.#openssl('req', '-x509', ...newKey, this.#file('key'), '-out', this.cert, ...subject(name))
  }

  /** The file that says who it is. */
  get cert(): string {
    return this.#file('pem')
  }

  /** One for a host: an address, or a name. Over since so many days when they are negative. */
  sign(name: string, host: string, days = 2): Certificate {
    const [cert, key, csr] = ['pem', 'key', 'csr'].map((kind) => this.#file(`${name}.${kind}`))
    const altName = `subjectAltName=${/^[\d.]+$/.test(host) ? 'IP' : 'DNS'}:${host}`
    this.#openssl('req', ...newKey, key!, '-out', csr!, ...subject(name), '-addext', altName)
    const by = ['-CA', this.cert, '-CAkey', this.#file('key'), '-CAcreateserial']
    const how = ['-days', String(days), '-copy_extensions', 'copy', '-out', cert!]
    this.#openssl('x509', '-req', '-in', csr!, ...by, ...how)
    // Servers may run as another user. PostgreSQL wants its key to be its own.
    chmodSync(key!, 0o644)
    return { cert: cert!, key: key! }
  }

  #file(kind: string): string {
    return join(this.#directory, `${this.#name}.${kind}`)
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { stdio: 'ignore' })
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout']

function subject(name: string): string[] {
  return ['-subj', `/CN=${name}`]
}
