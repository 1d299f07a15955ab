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
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { Certificate } from './certificates.ts'

/** Servers that make up an engine. */
export interface Servers {
  readonly url: string
  readonly nodes: readonly Node[]
  readonly close: () => Promise<void>
}

/** Before a server that did not start is started again. Milliseconds. */
const againMs = 300
/** Between two looks whether a server is ready. Milliseconds. */
const lookMs = 20
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
    return this.#allSaid.slice(-saidMax)
  }

  get #allSaid(): string {
    return readFileSync(this.#saidIn, 'utf8')
  }

  /** Resolves when it has said something for the first time. @throws when it has ended before. */
  async says(expected: RegExp): Promise<void> {
    while (!expected.test(this.#allSaid)) {
      if (this.code != null && !this.#isServer) {
        throw new Error(`${this.name}: expected ${expected}, got its end: ${this.said}`)
      }
      await sleep(lookMs)
    }
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }
}

/**
 * Ports for servers lie below those that the system gives to whoever connects, which would take one
 * away between two starts. Each process has some of its own: test files run side by side.
 */
const portFirst = 10_000
const portsOfProcess = 100
const processes = 200
let portsGiven = 0

/** Ports that are free. */
async function freePorts(count: number): Promise<number[]> {
  const begin = portFirst + (process.pid % processes) * portsOfProcess
  const ports: number[] = []
  for (let tries = 0; ports.length < count; tries++) {
    if (tries === portsOfProcess) throw new Error(`expected ${count} free ports from ${begin} on`)
    const port = begin + (portsGiven++ % portsOfProcess)
    if (await isFree(port)) ports.push(port)
  }
  return ports
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, () => server.close(() => resolve(true)))
  })
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
  await Promise.all(nodes.map((node) => node.says(/Server is ready/)))
  const url = `nats://${hosts.join(',')}/LOGS`
  if (count > 1) {
    // Nobody answers where there is no leader.
    await Promise.all(nodes.map((node) => node.says(/JetStream cluster (?:new )?metadata leader/)))
    await canReplicate(hosts[0]!, count)
  }
  return { url, nodes, close }
}

/** Resolves when a cluster has its leader, who knows all of its servers: it takes a stream. */
async function canReplicate(server: string, replicas: number): Promise<void> {
  const connection = await connect({ servers: server })
  const jsm = await jetstreamManager(connection, { checkAPI: false, timeout: 1000 })
  for (;;) {
    try {
      await jsm.streams.add({ name: 'READY', subjects: ['ready'], num_replicas: replicas })
      await jsm.streams.delete('READY')
      await connection.close()
      return
    } catch {
      await sleep(lookMs)
    }
  }
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

let template: string | undefined

/** A directory of PostgreSQL as it begins, of which each server has a copy. */
function templateOf(binaries: string, user: User): string {
  if (template !== undefined) return template
  const directory = temporary()
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  template = join(directory, 'data')
  mkdirSync(template)
  if (user.uid !== undefined) execFileSync('chown', ['postgres', template])
  const settings = ['-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--no-locale', '--no-sync']
  const options = { ...user, stdio: 'ignore' } as const
  execFileSync(join(binaries, 'initdb'), ['-D', template, ...settings], options)
  return template
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
  execFileSync('cp', ['-a', `${templateOf(binaries, user)}/.`, data])
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
  await node.says(/ready to accept connections/)
  return { url: `postgres://postgres@${host}:${port}/postgres`, nodes: [node], close }
}
