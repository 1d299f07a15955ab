// Where a PostgreSQL engine is, by its URL and the environment, with the names and the meanings
// that `psql` gives to them.
//
//   postgres://[user[:password]@]host[:port]/database
//     [?table=schema.name&sslmode=verify-full&sslrootcert=FILE]
//
// The client has other meanings for `sslmode`, and no `PGSSLROOTCERT`, so TLS is decided here.

import type { ClientConfig } from 'pg'
import { visible } from '../entry/visible-text.ts'
import { EngineRefusal, type EngineSettings } from './engine.ts'
import { type TlsFiles, readTlsFiles } from './tls.ts'

/** The table, when the URL names none. */
const tableDefault = 'ringlog.entries'
const tablePattern = /^[a-z_][a-z0-9_]{0,62}(?:\.[a-z_][a-z0-9_]{0,62})?$/

/** `require` encrypts and looks at nothing, unless there is an authority. */
const modes: readonly string[] = ['disable', 'require', 'verify-ca', 'verify-full']

/** What a URL and the environment say. */
export interface PostgresTarget {
  /** Without secrets. */
  readonly name: string
  readonly table: string
  /** Of the connection. Reads the files of TLS. @throws {EngineRefusal} when it cannot. */
  readonly access: () => Pick<ClientConfig, 'connectionString' | 'ssl'>
}

/** @throws {EngineRefusal} for a URL that cannot be used. What it says holds no secret. */
export function postgresTargetOf(url: string, env: EngineSettings['env']): PostgresTarget {
  const parsed = urlOf(url)
  const { searchParams: given } = parsed
  const taken = (name: string, variable?: string): string | undefined => {
    const value = given.get(name)
    given.delete(name)
    return value ?? (variable === undefined ? undefined : env[variable] || undefined)
  }
  const table = taken('table') ?? tableDefault
  if (!tablePattern.test(table)) {
    throw refusal(`expected table to be a name as ${tableDefault}, got ${visible(table)}`)
  }
  if (parsed.hostname.includes(',')) {
    throw refusal('expected one host, which takes entries, got several')
  }
  const files = {
    ca: taken('sslrootcert', 'PGSSLROOTCERT'),
    cert: taken('sslcert', 'PGSSLCERT'),
    key: taken('sslkey', 'PGSSLKEY'),
  }
  const mode = taken('sslmode', 'PGSSLMODE')
  if (mode !== undefined && !modes.includes(mode)) {
    throw refusal(`expected sslmode to be one of ${modes.join(', ')}, got ${visible(mode)}`)
  }
  const connectionString = parsed.href
  return {
    name: visible(`postgres://${parsed.host}${parsed.pathname}`),
    table,
    access: () => {
      const ssl = sslOf(mode, files)
      return { connectionString, ...(ssl !== undefined && { ssl }) }
    },
  }
}

function urlOf(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  // What is behind an @ in the wrong place is the host; what is in front of it may be a password.
  if (parsed === undefined || /@/.test(parsed.pathname + parsed.search) || parsed.hash !== '') {
    throw refusal(
      'expected postgres://user@host/database, got something else; in a user or a password, %, @, /, ? and # are written as %25, %40, %2F, %3F and %23',
    )
  }
  return parsed
}

function sslOf(mode: string | undefined, files: TlsFiles): ClientConfig['ssl'] {
  const { ca, cert } = files
  if (mode === undefined && ca === undefined && cert === undefined) return undefined
  if (mode === 'disable') return false
  if (mode === 'verify-ca' && ca === undefined) {
    throw refusal('expected sslrootcert beside sslmode=verify-ca, got none')
  }
  const contents = readTlsFiles(files)
  if (mode === 'require' && ca === undefined) return { ...contents, rejectUnauthorized: false }
  if (mode !== 'require' && mode !== 'verify-ca') return { ...contents }
  return { ...contents, checkServerIdentity: () => undefined }
}

function refusal(what: string): EngineRefusal {
  return new EngineRefusal(`Cannot use PostgreSQL: ${what}`)
}
