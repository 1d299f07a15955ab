// Who we are, and who they are: TLS, passwords, tokens and credentials, against real servers. What
// does not fit ends at once with a sentence that says what to do, and that holds no secret.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { nkeys } from '@nats-io/transport-node'
import { createLogger } from '../../lib/index.ts'
import { Authority, type Certificate } from './certificates.ts'
import {
  type Servers,
  natsBinaries,
  postgresBinaries,
  startNats,
  startPostgres,
} from './servers.ts'

/** What must not be in any message. */
const secret = 'p4ss-w0rd'

const directory = mkdtempSync(join(tmpdir(), 'ringlog-access-'))
const logs = join(directory, 'logs')

interface Run {
  readonly code: number | null
  readonly text: string
}

/** Programs at a time. */
const concurrency = 3
let hosts = 0

/**
 * `ringlog ship --once`, as a user runs it, for a host of its own: there may be one shipper of a
 * log. Killed when it has not ended by itself.
 */
function ship(url: string, env: { readonly [name: string]: string } = {}): Promise<Run> {
  const args = [resolve('dist/cli.js'), 'ship', url, '-d', logs, '--host', `h${hosts++}`, '--once']
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, args, {
    env: { PATH, HOME: directory, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
    killSignal: 'SIGKILL',
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  }
  return new Promise((done) => child.once('close', (code) => done({ code, text })))
}

async function accepts(url: string, env?: { readonly [name: string]: string }): Promise<void> {
  const { code, text } = await ship(url, env)
  assert.equal(code, 0, text)
  assert.match(text, /entries of 1 log sent to/)
  assert.doesNotMatch(text, /SECURITY/)
}

async function refuses(
  expected: RegExp,
  url: string,
  env?: { readonly [name: string]: string },
): Promise<void> {
  const { code, text } = await ship(url, env)
  assert.match(text, expected)
  assert.ok(code === 1 || code === 2, `${code}: ${text}`)
  assert.doesNotMatch(text, new RegExp(secret))
}

const nats = natsBinaries()[0]
const postgres = postgresBinaries()
const noNats = nats === undefined && 'nats-server is not installed'
const noPostgres = postgres === undefined && 'PostgreSQL is not installed'

const authority = new Authority(directory, 'ours')
const other = new Authority(directory, 'other')
const here = authority.sign('here', '127.0.0.1')
const old = authority.sign('old', '127.0.0.1', -1)
const elsewhere = authority.sign('elsewhere', 'db.example')
const client = authority.sign('client', 'client.example')
const noFile = join(directory, 'nothing.pem')
const noPem = join(directory, 'noise.pem')

before(async () => {
  writeFileSync(noPem, 'noise')
  const log = createLogger({ log_path: logs })
  log.system.info('Started')
  log.audit.error('Changed')
  await log.close()
})

after(() => rmSync(directory, { recursive: true, force: true }))

/** Servers for the tests of one block. */
function serving(start: () => Promise<Servers>): { readonly url: (login?: string) => string } {
  let servers: Servers | undefined
  before(async () => {
    servers = await start()
  })
  after(() => servers?.close())
  return { url: (login = '') => servers!.url.replace('://', `://${login}`) }
}

function natsTls({ cert, key }: { cert: string; key: string }, more = ''): string {
  return `tls { cert_file: "${cert}", key_file: "${key}", timeout: 5, ${more} }`
}

/** Of a stream that a server keeps for one block. */
function natsOf(...more: readonly string[]): { readonly url: (login?: string) => string } {
  return serving(() => startNats(nats!.path, 1, more))
}

/** A port at which nobody listens. */
const nobody = '127.0.0.1:1'

describe('ringlog ship to NATS with TLS', { skip: noNats, concurrency }, () => {
  const right = natsOf(natsTls(here))
  const expired = natsOf(natsTls(old))
  const wrong = natsOf(natsTls(elsewhere))
  const asking = natsOf(natsTls(here, `ca_file: "${authority.cert}", verify: true`))
  const plain = natsOf()
  const ca = `?ca=${authority.cert}`

  test('trusts an authority that the URL or the environment names', async () => {
    await accepts(`${right.url()}${ca}`)
    await accepts(right.url().replace('nats:', 'tls:'), { NATS_CA: authority.cert })
  })

  test('refuses a certificate of another authority, and one of which it knows none', async () => {
    const expected = /expected a certificate of an authority that is trusted.*\?ca=FILE names/
    await refuses(expected, `${right.url()}?ca=${other.cert}`)
    await refuses(expected, right.url(`u:${secret}@`))
  })

  test('refuses one that is over, and one of another host', async () => {
    await refuses(/got one that has expired/, `${expired.url()}${ca}`)
    await refuses(/expected a certificate for this host/, `${wrong.url()}${ca}`)
  })

  test('refuses a server without TLS when it is asked for', async () => {
    await refuses(/expected TLS, got a server without it/, `${plain.url(`u:${secret}@`)}?tls`)
    await accepts(plain.url())
  })

  test('shows a certificate of its own', async () => {
    const { cert, key } = client
    await accepts(`${asking.url()}${ca}&cert=${cert}&key=${key}`)
    await accepts(`${asking.url()}${ca}`, { NATS_CERT: cert, NATS_KEY: key })
    await refuses(/expected the server to accept our certificate/, `${asking.url()}${ca}`)
    await refuses(/expected a key beside the certificate/, `${asking.url()}${ca}&cert=${cert}`)
    await refuses(
      /its private key, got: .*mismatch/,
      `${asking.url()}${ca}&cert=${cert}&key=${here.key}`,
    )
  })

  test('says which file cannot be read, or is of another kind', async () => {
    await refuses(/nothing\.pem: expected a certificate, got ENOENT/, `${right.url()}?ca=${noFile}`)
    await refuses(/noise\.pem: expected a certificate in PEM/, `${right.url()}?ca=${noPem}`)
    await refuses(/expected a certificate, got EISDIR/, `${right.url()}?ca=${directory}`)
  })

  test('takes the first of several servers that is there, and tells one that refuses', async () => {
    const two = (url: string): string => url.replace('://', `://${nobody},`)
    await accepts(`${two(right.url())}${ca}`)
    await refuses(/got one that has expired/, `${two(expired.url())}${ca}`)
  })
})

describe('ringlog ship to every NATS that there is', { concurrency }, () => {
  for (const { path, version } of natsBinaries()) {
    const server = serving(() => startNats(path, 1))
    test(`makes its stream on ${version}`, () => accepts(server.url()))
  }
})

describe('ringlog ship to NATS with a login', { skip: noNats, concurrency }, () => {
  const users = natsOf(`authorization { users: [{ user: shipper, password: "${secret}" }] }`)
  const powerless = natsOf(
    `authorization { users: [{ user: a, password: b, permissions: { publish: { deny: "$JS.API.>" } } }] }`,
  )
  const token = natsOf(`authorization { token: "${secret}" }`)
  const jwt = makeJwt()
  const claims = natsOf(jwt.config)
  const denied = /Cannot use nats:\/\/[\w.:]+\/LOGS: .*(?:Authorization|Authentication)/i

  test('is who the URL or the environment says', async () => {
    await accepts(users.url(`shipper:${secret}@`))
    await accepts(users.url(), { NATS_USER: 'shipper', NATS_PASSWORD: secret })
    await accepts(token.url(`${secret}@`))
    await accepts(token.url(), { NATS_TOKEN: secret })
  })

  test('refuses a wrong password, a wrong token, and none', async () => {
    await refuses(denied, users.url(`shipper:${secret}x@`))
    await refuses(denied, users.url())
    await refuses(denied, token.url(`${secret}x@`))
    await refuses(denied, token.url(), { NATS_TOKEN: `${secret}x` })
  })

  test('refuses at once who may not ask for the stream', async () => {
    await refuses(/Cannot use nats:.*Permissions Violation/, powerless.url('a:b@'))
  })

  test('takes credentials from a file', async () => {
    await accepts(`${claims.url()}?creds=${jwt.creds}`)
    await accepts(claims.url(), { NATS_CREDS: jwt.creds })
    await refuses(denied, `${claims.url()}?creds=${jwt.strange}`)
    await refuses(denied, claims.url())
    await refuses(
      /expected credentials of NATS, got something else/,
      `${claims.url()}?creds=${noPem}`,
    )
    await refuses(
      /nothing\.pem: expected credentials, got ENOENT/,
      `${claims.url()}?creds=${noFile}`,
    )
  })

  test('shows nothing of a password that is written so that a URL breaks', async () => {
    for (const login of [
      `u:a/${secret}@`,
      `u:a?${secret}@`,
      `u:a@${secret}@`,
      `u:${secret}/b@`,
      `u:${secret}?b@`,
      `u:12/${secret}@`,
      `u:%${secret}@`,
    ]) {
      await refuses(/ringlog: Cannot use NATS: expected/, `nats://${login}host/LOGS`)
    }
    await refuses(/expected hosts as name:port, got u:…/, `nats://u:${secret}/LOGS`)
    await refuses(/Cannot use an engine/, `nat://u:${secret}@host/LOGS`)
    await refuses(/Cannot use an engine/, `u:${secret}@host/LOGS`)
  })
})

/** What an operator, an account and a user of NATS are, with a file of credentials. */
function makeJwt(): { readonly config: string; readonly creds: string; readonly strange: string } {
  const [operator, account, user] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createUser(),
  ]
  const text = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = (by: nkeys.KeyPair, of: nkeys.KeyPair, type: string, more: object): string => {
    const names = { iss: by.getPublicKey(), sub: of.getPublicKey(), name: type, jti: type, iat: 1 }
    const head = text({ typ: 'JWT', alg: 'ed25519-nkey' })
    const body = `${head}.${text({ ...names, nats: { ...more, type, version: 2 } })}`
    return `${body}.${Buffer.from(by.sign(Buffer.from(body))).toString('base64url')}`
  }
  const of = (...names: string[]): object => Object.fromEntries(names.map((name) => [name, -1]))
  const limits = of('subs', 'data', 'payload', 'imports', 'exports', 'conn', 'leaf')
  const store = of('mem_storage', 'disk_storage', 'streams', 'consumer')
  const system = nkeys.createAccount()
  // The system's own account may have no streams.
  const preload = [account, system].map((each) => {
    const own = { ...limits, ...(each === account && store), wildcards: true }
    return `${each.getPublicKey()}: ${signed(operator, each, 'account', { limits: own })}`
  })
  const credsOf = (name: string, by: nkeys.KeyPair): string => {
    const token = signed(by, user, 'user', { subs: -1, data: -1, payload: -1 })
    const seed = Buffer.from(user.getSeed()).toString()
    const path = join(directory, name)
    const part = (kind: string, value: string): string =>
      `-----BEGIN ${kind}-----\n${value}\n------END ${kind}------\n`
    writeFileSync(path, `${part('NATS USER JWT', token)}\n${part('USER NKEY SEED', seed)}`)
    return path
  }
  return {
    config: [
      `operator: ${signed(operator, operator, 'operator', {})}`,
      'resolver: MEMORY',
      `resolver_preload: { ${preload.join(', ')} }`,
      `system_account: ${system.getPublicKey()}`,
    ].join('\n'),
    creds: credsOf('user.creds', account),
    strange: credsOf('strange.creds', nkeys.createAccount()),
  }
}

describe('ringlog ship to PostgreSQL', { skip: noPostgres, concurrency }, () => {
  const sql = `create role shipper login superuser password '${secret}'`
  const hba = ['host all shipper 127.0.0.1/32 scram-sha-256']
  const start = (certificate?: Certificate): ReturnType<typeof serving> =>
    serving(() => startPostgres(postgres!, { sql, hba, ...(certificate && { certificate }) }))
  const right = start(here)
  const expired = start(old)
  const wrong = start(elsewhere)
  const plain = start()
  const env = { PGPASSWORD: secret }
  const ca = `sslrootcert=${authority.cert}`
  const to = (server: typeof right, query = '', login = 'shipper'): string =>
    `${server.url().replace('postgres@', `${login}@`)}${query}`

  test('trusts an authority that the URL or the environment names', async () => {
    await accepts(to(right, `?sslmode=verify-full&${ca}`), env)
    await accepts(to(right, `?${ca}`), env)
    await accepts(to(right), { ...env, PGSSLMODE: 'verify-full', PGSSLROOTCERT: authority.cert })
  })

  test('looks at as much of a certificate as sslmode says', async () => {
    await accepts(to(wrong, '?sslmode=require'), env)
    await accepts(to(wrong, `?sslmode=verify-ca&${ca}`), env)
    await accepts(to(right, '?sslmode=disable'), env)
    await refuses(/expected sslrootcert beside/, to(right, '?sslmode=verify-ca'), env)
    await refuses(/expected sslmode to be one of.*got prefer/, to(right, '?sslmode=prefer'), env)
    const require = `?sslmode=require&sslrootcert=${other.cert}`
    await refuses(/an authority that is trusted/, to(right, require), env)
  })

  test('refuses a certificate of another authority, that is over, and of another host', async () => {
    const trusted = /an authority that is trusted.*sslrootcert names/
    await refuses(trusted, to(right, '?sslmode=verify-full'), env)
    await refuses(trusted, to(right, `?sslrootcert=${other.cert}`), env)
    await refuses(/got one that has expired/, to(expired, `?${ca}`), env)
    await refuses(/expected a certificate for this host/, to(wrong, `?${ca}`), env)
  })

  test('refuses a server without TLS, and a file that is none', async () => {
    await refuses(/expected TLS, got a server without it/, to(plain, `?${ca}`), env)
    await refuses(/nothing\.pem: .* got ENOENT/, to(right, `?sslrootcert=${noFile}`), env)
    await refuses(/certificate in PEM/, to(right, `?sslrootcert=${noPem}`), env)
  })

  test('takes a password from the URL, the environment and a file', async () => {
    const passwords = join(directory, 'pgpass')
    writeFileSync(passwords, `*:*:*:shipper:${secret}\n`, { mode: 0o600 })
    await accepts(to(plain, '', `shipper:${secret}`))
    await accepts(to(plain), env)
    await accepts(to(plain), { PGPASSFILE: passwords })
  })

  test('refuses a wrong password, none, another user and another database', async () => {
    await refuses(/password authentication failed/, to(plain, '', `shipper:${secret}x`))
    await refuses(/password authentication failed/, to(plain), { PGPASSWORD: `${secret}x` })
    await refuses(/expected a password, got none; PGPASSWORD/, to(plain))
    await refuses(/pg_hba\.conf/, to(plain, '', `nobody:${secret}`))
    const nowhere = to(plain, '', `shipper:${secret}`).replace('/postgres', '/nowhere')
    await refuses(/database "nowhere" does not exist/, nowhere)
  })

  test('shows nothing of a password that is written so that a URL breaks', async () => {
    for (const login of [
      `u:a/${secret}@`,
      `u:a?${secret}@`,
      `u:a#${secret}@`,
      `u:12/${secret}@`,
      `u:12?${secret}@`,
      `u:12#${secret}@`,
      `u:${secret}/b@`,
    ]) {
      await refuses(/ringlog: Cannot use PostgreSQL: expected/, `postgres://${login}host/logs`)
    }
    await refuses(/expected one host/, `postgres://u:${secret}@a,b/logs`)
  })
})
