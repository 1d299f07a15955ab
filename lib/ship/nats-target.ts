// Where a NATS engine is, by its URL and the environment: servers, stream, and who we are. What is
// secret may stand in the environment, under the names that the command `nats` knows.
//
//   nats://[user:password@]host[:port][,host…]/STREAM
//     [?creds=FILE&ca=FILE&cert=FILE&key=FILE&tls&replicas=3]

import { visible } from '../entry/visible-text.ts'
import { EngineRefusal, type EngineSettings } from './engine.ts'

/** What a URL and the environment say. */
export interface NatsTarget {
  /** Without secrets. */
  readonly name: string
  readonly servers: readonly string[]
  readonly stream: string
  readonly user: string | undefined
  readonly password: string | undefined
  readonly token: string | undefined
  /** A file. */
  readonly creds: string | undefined
  /** Files. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined
  /** Of a stream that is made; undefined: three where there are as many servers. */
  readonly replicas: number | undefined
}

const shape = /^(nats|tls):\/\/(?:([^@/?]*)@)?([^@/?]+)\/([^/?]+)(?:\?(.*))?$/is
const server = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i
const streamName = /^[\w-]{1,255}$/
const expected = 'nats://host[:port][,host…]/STREAM'
const parameters: readonly string[] = ['creds', 'ca', 'cert', 'key', 'tls', 'replicas']

/** @throws {EngineRefusal} for a URL that cannot be used. What it says holds no secret. */
export function natsTargetOf(url: string, env: EngineSettings['env']): NatsTarget {
  const found = shape.exec(url)
  // A second @ stands in a password, whose rest must not be taken for a host and be shown.
  if (found === null || url.replace(/^[^@/?]*\/\/[^@/?]*@/, '').includes('@')) {
    throw refusal(
      `expected ${expected}, got something else; in a user or a password, @, / and ? are written as %40, %2F and %3F`,
    )
  }
  const [, protocol = '', login, hosts = '', stream = '', query] = found
  const servers = hosts.split(',')
  for (const host of servers) {
    if (server.test(host)) continue
    // Behind the colon may be a password that lacks its host.
    const shown = host.replace(/:.*/s, ':…')
    throw refusal(`expected hosts as name:port, got ${visible(shown)}`)
  }
  if (!streamName.test(stream)) {
    throw refusal(`expected a stream's name of letters, digits, _ and -, got ${visible(stream)}`)
  }
  const given = new URLSearchParams(query)
  for (const name of given.keys()) {
    if (!parameters.includes(name)) {
      throw refusal(`expected only ${parameters.join(', ')} behind ?, got ${visible(name)}`)
    }
  }
  const of = (name: string, variable: string): string | undefined =>
    given.get(name) ?? env[variable] ?? undefined
  const files = {
    ca: of('ca', 'NATS_CA'),
    cert: of('cert', 'NATS_CERT'),
    key: of('key', 'NATS_KEY'),
  }
  const hasTls =
    protocol.toLowerCase() === 'tls' ||
    given.has('tls') ||
    Object.values(files).some((file) => file !== undefined)
  return {
    name: `nats://${hosts}/${stream}`,
    servers,
    stream,
    ...loginOf(login, env),
    creds: of('creds', 'NATS_CREDS'),
    tls: hasTls ? presentOf(files) : undefined,
    replicas: replicasOf(given.get('replicas')),
  }
}

function loginOf(
  login: string | undefined,
  env: EngineSettings['env'],
): Pick<NatsTarget, 'user' | 'password' | 'token'> {
  const at = login?.indexOf(':') ?? -1
  // A name alone is a token, as everywhere with NATS.
  if (login !== undefined && at === -1) {
    return { user: undefined, password: undefined, token: decoded(login) }
  }
  if (login !== undefined) {
    const [user, password] = [decoded(login.slice(0, at)), decoded(login.slice(at + 1))]
    return { user, password, token: undefined }
  }
  return { user: env['NATS_USER'], password: env['NATS_PASSWORD'], token: env['NATS_TOKEN'] }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw refusal('expected %25 for a % in a user or a password, got one that stands alone')
  }
}

function replicasOf(text: string | null): number | undefined {
  if (text === null) return undefined
  if (/^[1-5]$/.test(text)) return Number(text)
  throw refusal(`expected replicas from 1 to 5, got ${visible(text)}`)
}

function presentOf(files: {
  readonly [name: string]: string | undefined
}): NonNullable<NatsTarget['tls']> {
  return Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined))
}

function refusal(what: string): EngineRefusal {
  return new EngineRefusal(`Cannot use NATS: ${what}`)
}
