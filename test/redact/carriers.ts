// Everything that a caller can put a text into: each kind of secret goes through each of them, and
// must come out of none.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as Ringlog from '../../lib/index.ts'
import type { Kind } from './corpus.ts'

/** What logs a text in one way. */
export type Carry = (text: string) => void

class Instance {
  readonly note: string
  constructor(note: string) {
    this.note = note
  }
}

/** An error with a text as one of its parts. */
function failure(part: Readonly<Record<string, unknown>>, message = 'failed'): Error {
  return Object.assign(new Error(message), part)
}

/**
 * The carriers of a logger, by name; each logs exactly one entry to `system`, `audit` or
 * `enforcement`.
 */
export function carriersOf(
  { defineEvent, Type }: typeof Ringlog,
  log: Ringlog.Logger,
): Readonly<Record<string, Carry>> {
  const { system } = log
  const event = { name: 'carried', category: 'system', level: 'INFO', message: 'carried' } as const
  const typed = log.event(defineEvent({ ...event, context: Type.Object({ note: Type.String() }) }))
  const loose = log.event(
    defineEvent({ ...event, context: Type.Object({ note: Type.Optional(Type.String()) }) }),
  )
  const mismatched = log.event(
    defineEvent({ ...event, context: Type.Object({ note: Type.String(), n: Type.Number() }) }),
  )
  const placed = log.event(
    defineEvent({
      ...event,
      message: 'note {note}',
      context: Type.Object({ note: Type.String() }),
    }),
  )
  const context = (make: (text: string) => object): Carry => {
    return (text) => system.info('carried', make(text))
  }
  const error = (make: (text: string) => unknown): Carry => {
    return (text) => system.info('carried', make(text), {})
  }
  return {
    message: (text) => system.info(text),
    'context: string': context((note) => ({ note })),
    'context: nested': context((note) => ({ a: { b: { c: { note } } } })),
    'context: array': context((note) => ({ list: ['first', note] })),
    'context: Set': context((note) => ({ set: new Set([note]) })),
    'context: Map value': context((note) => ({ map: new Map([['note', note]]) })),
    'context: Map key': context((note) => ({ map: new Map([[note, 1]]) })),
    'context: object key': context((note) => ({ [note]: 1 })),
    'context: class instance': context((note) => ({ instance: new Instance(note) })),
    'context: toJSON string': context((note) => ({ own: { toJSON: () => note } })),
    'context: toJSON object': context((note) => ({ own: { toJSON: () => ({ note }) } })),
    'context: getter that throws': context((note) => ({
      get broken(): string {
        throw new Error(note)
      },
    })),
    'context: the text itself': (text) => system.info('carried', text as unknown as object),
    'context: oversize': context((note) => ({ note, filler: 'word '.repeat(20_000) })),
    'error: message': error((note) => new Error(note)),
    'error: stack': error((stack) => failure({ stack })),
    'error: cause': error((note) => new Error('failed', { cause: new Error(note) })),
    'error: code': error((code) => failure({ code })),
    'error: name': error((name) => failure({ name })),
    'error: property': error((details) => failure({ details })),
    'error: aggregate': error((note) => new AggregateError([new Error(note)], 'failed')),
    'error: in the context': context((note) => ({ error: new Error(note) })),
    'thrown string': error((note) => note),
    'thrown object': error((note) => ({ note })),
    bindings: (text) => log.with({ note: text }).system.info('carried'),
    'event: field': (note) => typed({ note }),
    'event: loose field': (note) => loose({ note }),
    'event: mismatched': (note) => mismatched({ note } as unknown as { note: string; n: number }),
    'event: place of the message': (note) => placed({ note }),
    'event: message': (text) => {
      const message = text.replaceAll('{', '{{').replaceAll('}', '}}')
      log.event(defineEvent({ ...event, message, context: Type.Object({}) }))({})
    },
    'event: name': (name) => {
      log.event(defineEvent({ ...event, name, context: Type.Object({}) }))({})
    },
    'event: key': (key) => {
      log.event(defineEvent({ ...event, context: Type.Object({ [key]: Type.Number() }) }))({
        [key]: 1,
      })
    },
    'event: loose key': (key) => {
      const schema = Type.Object({ [key]: Type.Optional(Type.Number()) })
      log.event(defineEvent({ ...event, context: schema }))({ [key]: 1 })
    },
    'account: context': context((note) => ({ account_id: note })),
    'account: bound': (text) => log.with({ account_id: text }).system.info('carried'),
    'account: event': (text) => typed({ note: 'none' }, text),
    'audit: actor': (text) => log.logAudit('changed', text, {}),
    'enforcement: rule': (text) => log.logEnforcement('DEMO123', text, 'flatten', {}),
  }
}

/** What of a secret must not be found: the whole, each of its lines, its halves. */
function piecesOf(secret: string): string[] {
  const half = Math.ceil(secret.length / 2)
  return [secret, secret.slice(0, half), secret.slice(-half)]
    .flatMap((piece) => piece.split('\n'))
    .filter((piece) => piece.length >= Math.min(6, secret.length))
}

/** A kind that came out of a carrier. */
export interface Leak {
  readonly kind: Kind
  readonly carrier: string
}

/** What a line holds whatever was logged: its numbers, its moment, the places of a stack. */
const ours = /"(?:seq|lsn)":\d+|"timestamp":"[^"]*"|:\d+:\d+(?=\)?(?:\\n|"))/g

/** Kinds that go through one logger. */
const kindsPerLogger = 40

/** Logs all kinds in all carriers, and gives those that are found in the files afterwards. */
export async function leaksOf(
  ringlog: typeof Ringlog,
  directory: string,
  kinds: readonly Kind[],
): Promise<{ readonly leaks: readonly Leak[]; readonly calls: number }> {
  const leaks: Leak[] = []
  let calls = 0
  for (let first = 0; first < kinds.length; first += kindsPerLogger) {
    const some = kinds.slice(first, first + kindsPerLogger)
    const log_path = join(directory, String(first))
    const log = ringlog.createLogger({ log_path, console: 'off' })
    const carriers = Object.entries(carriersOf(ringlog, log))
    for (const { text } of some) for (const [, carry] of carriers) carry(text)
    await log.close()
    const lines = new Map<string, string[]>()
    for (const file of ['audit', 'enforcement', 'system']) {
      const text = readFileSync(join(log_path, `${file}.log`), 'utf8')
      lines.set(file, text.split('\n').slice(0, -1))
    }
    for (const kind of some) {
      const pieces = piecesOf(kind.secret).map((piece) => JSON.stringify(piece).slice(1, -1))
      for (const [carrier] of carriers) {
        const file = /^(?:audit|enforcement)/.exec(carrier)?.[0] ?? 'system'
        const line = lines.get(file)!.shift()
        if (line === undefined) throw new Error(`Cannot judge: expected an entry of ${carrier}`)
        const theirs = line.replaceAll(ours, '')
        if (pieces.some((piece) => theirs.includes(piece))) leaks.push({ kind, carrier })
      }
    }
    calls += some.length * carriers.length
  }
  return { leaks, calls }
}

/** Logs harmless lines, and gives those that came out changed. */
export async function changedOf(
  { createLogger }: typeof Ringlog,
  directory: string,
  lines: readonly string[],
): Promise<readonly string[]> {
  const log_path = join(directory, 'harmless')
  const log = createLogger({ log_path, console: 'off' })
  for (const line of lines) log.system.info(line, { line })
  await log.close()
  const written = readFileSync(join(log_path, 'system.log'), 'utf8').split('\n').slice(0, -1)
  return lines.filter((line, i) => {
    const { message, context } = JSON.parse(written[i]!) as Ringlog.LogEntry
    return message !== line || (context as { readonly line: string }).line !== line
  })
}
