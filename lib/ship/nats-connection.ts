// A connection to NATS: made with what the URL and the environment say, and with the stream ready.

import type * as JetStream from '@nats-io/jetstream'
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream'
import type * as Transport from '@nats-io/transport-node'
import type { ConnectionOptions, MsgHdrs, NatsConnection } from '@nats-io/transport-node'
import { readFileSync } from 'node:fs'
import { visible } from '../entry/visible-text.ts'
import { EngineRefusal, type EngineSettings } from './engine.ts'
import { loadClient } from './client.ts'
import { readyStream } from './nats-stream.ts'
import type { NatsTarget } from './nats-target.ts'

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
  let nc: NatsConnection
  try {
    nc = await transport.connect(optionsOf(target, transport.credsAuthenticator))
  } catch (error) {
    throw asRefusal(error, target.name)
  }
  try {
    const version = nc.info?.version ?? ''
    if (isOlder(version)) {
      settings.warn(
        `the server is nats-server ${version}: before ${versionMin.join('.')} streams were lost when it was killed`,
      )
    }
    const jsm = await jetstreamManager(nc, { timeout: answerMs })
    const servers = {
      isCluster: nc.info?.cluster !== undefined,
      compresses: !isOlder(version, [2, 10, 0]),
    }
    await readyStream(jsm, target, servers, settings)
    return { nc, jsm, js: jetstream(nc, { timeout: answerMs }), newHeaders: transport.headers }
  } catch (error) {
    await nc.close().catch(() => {})
    throw error
  }
}

function optionsOf(
  { servers, user, password, token, creds, tls }: NatsTarget,
  credsAuthenticator: (creds: Uint8Array) => NonNullable<ConnectionOptions['authenticator']>,
): ConnectionOptions {
  return {
    servers: [...servers],
    name: 'ringlog ship',
    timeout: connectMs,
    pingInterval: pingMs,
    // A connection that comes back by itself may have lost what was asked on it.
    reconnect: false,
    maxReconnectAttempts: 0,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { pass: password }),
    ...(token !== undefined && { token }),
    ...(creds !== undefined && { authenticator: credsAuthenticator(fileOf(creds)) }),
    ...(tls !== undefined && {
      tls: {
        ...(tls.ca !== undefined && { caFile: tls.ca }),
        ...(tls.cert !== undefined && { certFile: tls.cert }),
        ...(tls.key !== undefined && { keyFile: tls.key }),
      },
    }),
  }
}

function fileOf(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new EngineRefusal(
      `Cannot read the credentials ${visible(path)}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
      { cause: error },
    )
  }
}

/** Who we are is asked once: trying again with the same gives the same. */
function asRefusal(error: unknown, name: string): unknown {
  if (
    !(error instanceof Error) ||
    !/^Authorization|Authentication/.test(`${error.name} ${error.message}`)
  ) {
    return error
  }
  return new EngineRefusal(`Cannot use ${visible(name)}: ${visible(error.message)}`, {
    cause: error,
  })
}

/** Whether a server is older than streams are safe with, or than another version. */
export function isOlder(version: string, than: readonly number[] = versionMin): boolean {
  const numbers = version.split(/[.-]/).slice(0, 3).map(Number)
  if (numbers.length < 3 || numbers.some(Number.isNaN)) return false
  const at = numbers.findIndex((number, i) => number !== than[i])
  return at !== -1 && numbers[at]! < than[at]!
}
