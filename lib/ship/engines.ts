// Which engines there are: each is a module of its own, loaded when a URL asks for it.

import { visible } from '../entry/visible-text.ts'
import { type EngineKind, type EnginePlace, EngineRefusal, type EngineSettings } from './engine.ts'

const kinds: { readonly [protocol: string]: () => Promise<EngineKind> } = {
  nats: async () => (await import('./nats.ts')).nats,
  tls: async () => (await import('./nats.ts')).nats,
  postgres: async () => (await import('./postgres.ts')).postgres,
  postgresql: async () => (await import('./postgres.ts')).postgres,
}

/** What a URL may be, for an error. */
export const urlExpected = 'nats://host[,host…]/STREAM, or postgres://host/database'

/** Whether a URL names a kind of engine. */
export function isEngineUrl(url: string): boolean {
  return Object.hasOwn(kinds, protocolOf(url))
}

/**
 * The engine that a URL names. Connects to nothing.
 *
 * @throws {EngineRefusal} when there is none of this kind, or the URL cannot be used.
 */
export async function placeAt(url: string, settings: EngineSettings): Promise<EnginePlace> {
  // Of a text that is no URL nothing is shown but this: there may be a password in it.
  const protocol = protocolOf(url)
  if (!isEngineUrl(url)) {
    throw new EngineRefusal(
      `Cannot use an engine: expected ${urlExpected}, got ${protocol === '' ? 'no URL' : `${visible(protocol)}://…`}`,
    )
  }
  return (await kinds[protocol]!()).at(url, settings)
}

function protocolOf(url: string): string {
  return /^([a-z][a-z0-9+.-]{0,20}):\/\//i.exec(url)?.[1]?.toLowerCase() ?? ''
}
