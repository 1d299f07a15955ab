// An engine: where logs of many machines are kept, as the shipper and the reading side see it.
//
//   Engine         one log of one host: how far has it come, and: append this behind it
//   EngineReader   all logs of all hosts: which are there, and their lines
//   EngineKind     makes both from a URL
//
// The engine is the only checkpoint. The shipper keeps no position: it asks `last()`, and sends
// what comes behind. That needs two promises of an engine. What `last()` tells is what the engine
// would keep through its own crash as well as anything it has acknowledged. And `append()` stores a
// batch whole or not at all, only when it follows what `last()` or the append before it has told,
// which the engine itself checks in the same step: a second shipper, or a batch that was sent
// before and arrives late, cannot come between.

import type { Where } from '../read/where.ts'

import { visible } from '../entry/visible-text.ts'
import type { ErrorCode } from '../errors.ts'

/** A log of a host. */
export interface LogName {
  readonly host: string
  /** Of the directory: 32 hexadecimal digits. */
  readonly log_id: string
}

/** Entries with numbers of their own, 1, 2, 3 …: those of one category of one log. */
export interface SeriesName extends LogName {
  readonly category: string
}

/** A text of its own for each series. */
export function keyOfSeries({ host, log_id, category }: SeriesName): string {
  return JSON.stringify([host, log_id, category])
}

/** An entry on its way. */
export interface Shipment {
  readonly category: string
  readonly seq: number
  /** Its timestamp, in milliseconds since 1970. */
  readonly time: number
  /** The bytes of its line, without the line end. They arrive as they are. */
  readonly line: Buffer
}

/** The last entry of a category in an engine. */
export type LastEntry = Omit<Shipment, 'category'>

/**
 * What one log of one host is sent to. Nothing is connected before it is asked for; a rejection of
 * anything but an {@link EngineRefusal} means that nobody knows what was stored, and the next
 * question comes by a connection of its own.
 */
export interface Engine {
  /**
   * What is sent in one order, one batch after the other: each category by itself, or all of a log.
   * Each has a queue of its own.
   */
  readonly order: 'category' | 'log'
  /**
   * How far each category has come, told by whoever decides what is appended: of several servers by
   * their leader.
   */
  last(): Promise<ReadonlyMap<string, LastEntry>>
  /**
   * Stores a batch of one queue. Resolves when it is acknowledged; rejects with a
   * {@link NotNextError} when it is sure that it is not stored and never will be.
   *
   * @param queue The category, or `*` where a queue is a log.
   * @param batch At least one entry, at most {@link batchBytesMax} unless it is one; of each
   *   category in ascending order. Within a category there is no gap: what follows one is a batch
   *   of its own.
   */
  append(queue: string, batch: readonly Shipment[]): Promise<void>
  /** Lets go of the connection. */
  close(): Promise<void>
}

/** Bytes of lines in a batch, and entries: at most, unless one entry alone is larger. */
export const batchBytesMax: number = 256 * 1024
export const batchEntriesMax = 2000

/** From and to, both included. */
export type SeqStretch = readonly [from: number, to: number]

/** A category of a log of a host in an engine. */
export interface ShippedSeries extends SeriesName {
  /** The number of its last entry. */
  readonly last: number
  /** The time of that one, or a later one, in milliseconds since 1970. */
  readonly time: number
}

/** The same with all its numbers. */
export interface ShippedNumbers extends SeriesName {
  readonly first: number
  readonly last: number
  /**
   * Without a gap within, in the order in which the engine has them: where one ends and the next
   * does not begin behind it, numbers are missing, are there twice, or out of order.
   */
  readonly stretches: readonly SeqStretch[]
  readonly count: number
}

/** A line in an engine. */
export interface ShippedLine extends SeriesName {
  readonly seq: number
  /** Its timestamp, in milliseconds since 1970. */
  readonly time: number
  /** As it stands in the file, without its line end. */
  readonly raw: string
  /** `read({ after: position })` goes on behind this line; good for the same series only. */
  readonly position: string
}

/**
 * Which lines are wanted. An engine may give more than asked for, where it cannot tell before it
 * has sent them: whoever asks looks again. It never gives less.
 */
export interface EngineQuery {
  /** Only these; all when it is undefined. */
  readonly series?: readonly SeriesName[]
  /** Only these, where `series` names none. */
  readonly categories?: readonly string[]
  /** From behind a line of this series on. Only with exactly one series. */
  readonly after?: string
  /** From behind this number of the series on, where `after` says no more. The same. */
  readonly behind?: number
  /**
   * The series is known to go as far as this number: where the iteration does not come to it, as on
   * a server that lags, it throws. Only with exactly one series.
   */
  readonly upTo?: number
  /** Entries of this moment and later, in milliseconds since 1970. */
  readonly since?: number
  /** Up to and with this moment. */
  readonly until?: number
  /** Only these levels, upper case. */
  readonly levels?: readonly string[]
  /** Only these accounts. */
  readonly accounts?: readonly string[]
  /** Only messages that match. */
  readonly grep?: RegExp
  /** Only entries that have these fields. */
  readonly where?: Where
  /**
   * The last so many of each series that meet what the engine looks at, or more; fewer only where
   * there are no more.
   */
  readonly lines?: number
  /** Go on with what comes, also with series that are new where none are named. */
  readonly follow?: boolean
  readonly signal?: AbortSignal
}

/** All that an engine has. */
export interface EngineReader {
  /** Which series there are. */
  logs(): Promise<readonly ShippedSeries[]>
  /** Which numbers are there: every message is looked at, which may take its time. */
  numbers(): Promise<readonly ShippedNumbers[]>
  /**
   * Lines in batches: those of one series in the order of their numbers, those of several in any
   * order.
   *
   * The iteration throws when the connection is lost; `after` leads on.
   */
  read(query: EngineQuery): AsyncIterable<readonly ShippedLine[]>
  close(): Promise<void>
}

/** What an engine is made with. */
export interface EngineSettings {
  /** Told of what is worth knowing and no failure: an old server. One line, without secrets. */
  readonly warn: (text: string) => void
  /** Nothing is made that is missing: {@link EngineMissing} is thrown. @default false */
  readonly dry?: boolean
  /** Environment variables, for what should not stand in a URL. */
  readonly env: { readonly [name: string]: string | undefined }
}

/** A kind of engine: a module in this folder. */
export interface EngineKind {
  /** As in a URL: `nats`. */
  readonly protocols: readonly string[]
  /**
   * Looks at a URL of one of these protocols. Connects to nothing.
   *
   * @throws {EngineRefusal} when it is none that can be used, without showing secrets.
   */
  at(url: string, settings: EngineSettings): EnginePlace
}

/** An engine at a place. */
export interface EnginePlace {
  /** The place without secrets, for people. */
  readonly name: string
  log(name: LogName): Engine
  reader(): EngineReader
}

/** There is no stream, or no table, and it was not to be made. */
export class EngineMissing extends Error {
  constructor(what: string) {
    super(`${what} is not there`)
  }
}

/**
 * A batch that the engine has not stored, and will not, as it does not follow what is there: by
 * now, somebody else has appended.
 */
export class NotNextError extends Error {}

/**
 * What will not get better by trying again: a package that is not installed, a password that is
 * wrong, a stream with other settings. The message says what is to be done.
 */
export class EngineRefusal extends Error {
  readonly code: ErrorCode = 'RINGLOG_REFUSED'

  constructor(message: string, options?: ErrorOptions) {
    super(visible(message), options)
    this.name = 'EngineRefusal'
  }
}
