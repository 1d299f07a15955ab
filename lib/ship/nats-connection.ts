// A connection to NATS: made with what the URL and the environment say, and with the stream ready.

import type * as JetStream from '@nats-io/jetstream'
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream'
import type * as Transport from '@nats-io/transport-node'
import type { ConnectionOptions, MsgHdrs, NatsConnection } from '@nats-io/transport-node'
import { isIP } from 'node:net'
import { visible } from '../entry/visible-text.ts'
import { EngineRefusal, type EngineSettings } from './engine.ts'
import { loadClient } from './client.ts'
import { readyStream } from './nats-stream.ts'
import type { NatsTarget } from './nats-target.ts'
import { readSmallFile, readTlsFiles, tlsFaultOf } from './tls.ts'

/** So long an answer is waited for, a connection, and a sign of life. Milliseconds. */
export const answerMs = 5000
const connectMs = 5000
const pingMs = 10_000

/** Earlier servers forgot streams when they were killed (#6888). */
const versionMin: readonly number[] = [2, 10, 23]

/** A connection. */
export interface NatsLink {
  readonly nc: NatsConnection
  readonly jsm: JetStreamManager
  readonly js: JetStreamClient
  readonly newHeaders: () => MsgHdrs
}

/** Connects. */
export async function connectTo(target: NatsTarget, settings: EngineSettings): Promise<NatsLink> {
  const [transport, { jetstream, jetstreamManager }] = await loadClient<
    [typeof Transport, typeof JetStream]
  >(target.name, ['@nats-io/transport-node', '@nats-io/jetstream'])
  const nc = await firstOf(target, (server) =>
    transport.connect(optionsOf(target, server, transport.credsAuthenticator)),
  )
  try {
    const version = nc.info?.version ?? ''
    if (isOlder(version)) {
      settings.warn(
        `the server is nats-server ${version}: before ${versionMin.join('.')} streams were lost when it was killed`,
      )
    }
    // The account is not asked for: what is wrong with it, the stream tells.
    const jsm = await jetstreamManager(nc, { timeout: answerMs, checkAPI: false })
    const servers = {
      isCluster: nc.info?.cluster !== undefined,
      compresses: !isOlder(version, [2, 10, 0]),
    }
    await readyStream(jsm, target, servers, settings)
    return { nc, jsm, js: jetstream(nc, { timeout: answerMs }), newHeaders: transport.headers }
  } catch (error) {
    await nc.close().catch(() => {})
    throw asRefusal(error, target.name)
  }
}

/**
 * The first server that takes us, of all in any order. One that refuses tells more than one that is
 * away.
 */
async function firstOf(
  { servers, name }: NatsTarget,
  connect: (server: string) => Promise<NatsConnection>,
): Promise<NatsConnection> {
  let failure: unknown
  for (const server of shuffled(servers)) {
    try {
      return await connect(server)
    } catch (error) {
      const told = asRefusal(error, name)
      if (!(failure instanceof EngineRefusal)) failure = told
    }
  }
  throw failure
}

function shuffled(servers: readonly string[]): string[] {
  return servers
    .map((server) => ({ server, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ server }) => server)
}

function optionsOf(
  { user, password, token, creds, tls }: NatsTarget,
  server: string,
  credsAuthenticator: (creds: Uint8Array) => NonNullable<ConnectionOptions['authenticator']>,
): ConnectionOptions {
  return {
    servers: [server],
    name: 'ringlog ship',
    timeout: connectMs,
    pingInterval: pingMs,
    // A connection that comes back by itself may have lost what was asked on it.
    reconnect: false,
    maxReconnectAttempts: 0,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { pass: password }),
    ...(token !== undefined && { token }),
    ...(creds !== undefined && { authenticator: credsAuthenticator(readCreds(creds)) }),
    ...(tls !== undefined && { tls: { ...readTlsFiles(tls), ...addressOf(server) } }),
  }
}

/**
 * The address that a certificate has to be for. The client names a host to TLS when it has a name,
 * and of an address TLS would take `localhost` in its place.
 */
function addressOf(server: string): { readonly host?: string } {
  const host = server.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return isIP(host) === 0 ? {} : { host }
}

function readCreds(path: string): Uint8Array {
  const content = readSmallFile(path, 'credentials')
  if (content.includes('-----BEGIN NATS USER JWT-----')) return Buffer.from(content)
  throw new EngineRefusal(
    `Cannot use ${visible(path)}: expected credentials of NATS, got something else`,
  )
}

/** Who we are and what we may is asked once: trying again with the same gives the same. */
export function asRefusal(error: unknown, name: string): unknown {
  if (!(error instanceof Error) || error instanceof EngineRefusal) return error
  const isLogin = /^Authorization|Authentication/.test(`${error.name} ${error.message}`)
  const fault = isLogin
    ? error.message
    : (permissionFaultOf(error) ?? tlsFaultOf(error, '?ca=FILE'))
  if (fault === undefined) return error
  return new EngineRefusal(`Cannot use ${visible(name)}: ${visible(fault)}`, { cause: error })
}

/** What the server says of what we may not do; undefined when the error is of another kind. */
function permissionFaultOf(error: unknown): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each.name === 'PermissionViolationError') return each.message
  }
  return undefined
}

/** Whether a server is older than streams are safe with, or than another version. */
export function isOlder(version: string, than: readonly number[] = versionMin): boolean {
  const numbers = version.split(/[.-]/).slice(0, 3).map(Number)
  if (numbers.length < 3 || numbers.some(Number.isNaN)) return false
  const at = numbers.findIndex((number, i) => number !== than[i])
  return at !== -1 && numbers[at]! < than[at]!
}
