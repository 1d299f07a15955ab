// Real engines for a test: nats-server, alone or three of them, and PostgreSQL, on loopback, each
// in a directory that is removed afterwards.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
} from 'node:fs'
import { rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Certificate } from './certificates.ts'

/** Servers that make up an engine. */
export interface Servers {
  readonly url: string
  readonly nodes: readonly Node[]
  readonly close: () => Promise<void>
}

/** Before a server that did not start is started again. Milliseconds. */
const againMs = 300
/** Characters of what it has said that are shown. */
const saidMax = 4000

/** A process that can be killed and started again. */
export class Node {
  readonly name: string
  readonly #command: readonly string[]
  readonly #saidIn: string
  readonly #output: number
  readonly #options: { readonly uid?: number; readonly gid?: number }
  readonly #isServer: boolean
  #child: ChildProcess | undefined
  #isClosed = false

  constructor(
    name: string,
    command: readonly string[],
    directory: string,
    options: { readonly uid?: number; readonly gid?: number } = {},
    isServer = false,
  ) {
    this.name = name
    this.#isServer = isServer
    this.#command = command
    this.#saidIn = join(directory, `${name}.out`)
    this.#output = openSync(this.#saidIn, 'a')
    this.#options = options
  }

  start(): void {
    const [file = '', ...args] = this.#command
    const stdio = ['ignore', this.#output, this.#output] as const
    const child = spawn(file, args, { stdio: [...stdio], ...this.#options })
    this.#child = child
    if (!this.#isServer) return
    // PostgreSQL does not start while children of the one that was killed still end.
    child.once('exit', (code) => {
      if (code !== null && code !== 0) setTimeout(() => this.#startAgain(child), againMs)
    })
  }

  #startAgain(ended: ChildProcess): void {
    if (this.#child === ended && !this.#isClosed) this.start()
  }

  /** Kills it for good. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.kill()
  }

  /** Its end, when it has one. */
  get code(): number | null | undefined {
    return this.#child?.exitCode
  }

  /** The end of all that it has said. */
  get said(): string {
    return readFileSync(this.#saidIn, 'utf8').slice(-saidMax)
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }
}

/** Ports that are free now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer()
          server.listen(0, '127.0.0.1', () => resolve(server))
        }),
    ),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** A nats-server, with its version. */
export interface NatsBinary {
  readonly path: string
  readonly version: string
}

/** The nats-servers that there are, the newest first: installed, or below build/servers. */
export function natsBinaries(): NatsBinary[] {
  const unpacked = existsSync('build/servers') ? readdirSync('build/servers') : []
  return [
    ...unpacked.map((name) => join('build/servers', name, 'usr/sbin/nats-server')),
    '/usr/sbin/nats-server',
  ]
    .filter((path) => existsSync(path))
    .map((path) => {
      const said = execFileSync(path, ['--version'], { encoding: 'utf8' })
      return { path, version: /\d+\.\d+\.\d+/.exec(said)?.[0] ?? '' }
    })
    .toSorted((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }))
}

/** Where PostgreSQL's programs are; undefined when it is not installed. */
export function postgresBinaries(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root) : []
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0]
  return newest === undefined ? undefined : join(root, newest, 'bin')
}

/** Where servers run. */
export interface ServerPlace {
  /** Their files are below it. */
  readonly directory?: string
  /** @default 127.0.0.1 */
  readonly host?: string
  /** In front of each command. */
  readonly prefix?: readonly string[]
}

function temporary(parent = tmpdir()): string {
  const directory = mkdtempSync(join(parent, 'ringlog-engine-'))
  chmodSync(directory, 0o755)
  return directory
}

/** One nats-server, or a cluster; with more lines in its configuration. */
export async function startNats(
  binary: string,
  count: number,
  more: readonly string[] = [],
  { directory: parent, host = '127.0.0.1', prefix = [] }: ServerPlace = {},
): Promise<Servers> {
  const directory = temporary(parent)
  const ports = await freePorts(2 * count)
  const routes = ports.slice(count).map((port) => `nats://127.0.0.1:${port}`)
  const nodes = Array.from({ length: count }, (_, i) => {
    const config = join(directory, `n${i}.conf`)
    const cluster = `cluster { name: c, listen: 127.0.0.1:${ports[count + i]}, routes: [${routes.join(', ')}] }`
    const lines = [
      `server_name: n${i}`,
      `listen: ${host}:${ports[i]}`,
      `jetstream { store_dir: "${directory}/js${i}", max_mem: 64M, max_file: 2G }`,
      count > 1 ? cluster : '',
      ...more,
    ]
    writeFileSync(config, lines.join('\n'))
    return new Node(`n${i}`, [...prefix, binary, '-c', config], directory)
  })
  for (const node of nodes) node.start()
  const hosts = ports.slice(0, count).map((port) => `${host}:${port}`)
  const close = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.kill()))
    rmSync(directory, { recursive: true, force: true })
  }
  // A cluster has to find its leader.
  await sleep(count > 1 ? 4000 : 500)
  return { url: `nats://${hosts.join(',')}/LOGS`, nodes, close }
}

/** Its certificate and key, as files of its own. */
function keysIn(data: string, { cert, key }: Certificate, { uid, gid }: User): string[] {
  const files = { cert: join(data, 'server.pem'), key: join(data, 'server.key') }
  copyFileSync(cert, files.cert)
  copyFileSync(key, files.key)
  chmodSync(files.key, 0o600)
  if (uid !== undefined && gid !== undefined) {
    for (const file of Object.values(files)) chownSync(file, uid, gid)
  }
  return ['-c', `ssl_cert_file=${files.cert}`, '-c', `ssl_key_file=${files.key}`]
}

interface User {
  readonly uid?: number
  readonly gid?: number
}

/** The prefix needs root; what comes behind it is to be this user. */
function prefixOf(prefix: readonly string[], { uid, gid }: User): readonly string[] {
  if (prefix.length === 0 || uid === undefined) return prefix
  return [...prefix, 'setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups']
}

/** How PostgreSQL is started. */
export interface PostgresOptions {
  /** `pg_hba.conf`: who may connect. @default everyone, from this machine */
  readonly hba?: readonly string[]
  readonly certificate?: Certificate
  /** Run before anybody else connects. */
  readonly sql?: string
}

/** PostgreSQL, which refuses to be root. */
export async function startPostgres(
  binaries: string,
  { hba, certificate, sql, ...place }: PostgresOptions & ServerPlace = {},
): Promise<Servers> {
  const { host = '127.0.0.1', prefix = [] } = place
  const directory = temporary(place.directory)
  const data = join(directory, 'data')
  mkdirSync(data)
  const isRoot = process.getuid?.() === 0
  const user: User = isRoot
    ? {
        uid: Number(execFileSync('id', ['-u', 'postgres'])),
        gid: Number(execFileSync('id', ['-g', 'postgres'])),
      }
    : {}
  if (isRoot) execFileSync('chown', ['postgres', data])
  execFileSync(
    join(binaries, 'initdb'),
    ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--no-locale'],
    {
      ...user,
      stdio: 'ignore',
    },
  )
  if (sql !== undefined) {
    const single = ['--single', '-D', data, 'postgres']
    execFileSync(join(binaries, 'postgres'), single, { ...user, input: sql, stdio: 'pipe' })
  }
  if (hba !== undefined) writeFileSync(join(data, 'pg_hba.conf'), hba.join('\n'))
  const [port = 0] = await freePorts(1)
  const settings = ['-c', `listen_addresses=${host}`, '-c', 'restart_after_crash=off']
  if (certificate !== undefined) settings.push('-c', 'ssl=on', ...keysIn(data, certificate, user))
  const node = new Node(
    'postgres',
    [
      ...prefixOf(prefix, user),
      join(binaries, 'postgres'),
      '-D',
      data,
      '-p',
      String(port),
      '-k',
      data,
      ...settings,
    ],
    directory,
    prefix.length === 0 ? user : {},
    true,
  )
  node.start()
  const close = async (): Promise<void> => {
    await node.close()
    // Its own children end a moment later.
    await sleep(200)
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  }
  await sleep(1500)
  return { url: `postgres://postgres@${host}:${port}/postgres`, nodes: [node], close }
}
