// NATS JetStream as an engine: a message is a batch of lines of one series, and each names the one
// before it by its sequence in the stream (`Nats-Expected-Last-Subject-Sequence`). The server
// compares that with its own store, so it holds after any restart, and of two shippers one is
// refused.
//
// Two other headers that one thinks of first are traps. `Nats-Msg-Id` is forgotten after a window,
// and a cluster has answered `duplicate` for what it never stored. `Nats-Expected-Last-Msg-Id` is
// rebuilt from that window, and a server that is started later than it refuses everything for ever
// (nats-server 2.9.10 and 2.10.27, 2026-11). An acknowledgement that says `duplicate` is therefore
// no success here.

import { visible } from '../entry/visible-text.ts'
import {
  type Engine,
  type EngineKind,
  EngineRefusal,
  type EngineSettings,
  type LastEntry,
  type LogName,
  NotNextError,
  type Shipment,
} from './engine.ts'
import { Link } from './link.ts'
import { type NatsLink, answerMs, connectTo } from './nats-connection.ts'
import {
  bodyOf,
  headersOf,
  latestIn,
  linesIn,
  numbersIn,
  seqHeader,
  timeHeader,
  timesOf,
} from './nats-message.ts'
import { NatsReader } from './nats-reader.ts'
import { numberOf } from './nats-stream.ts'
import { natsTargetOf } from './nats-target.ts'
import { seriesOf, subjectOf } from './subject.ts'

/** The server's number for: not behind the message that you have named. */
const wrongLastSequence = 10071

export const nats: EngineKind = {
  protocols: ['nats', 'tls'],
  at: (url, settings) => {
    const target = natsTargetOf(url, settings.env)
    const given = { ...settings, warn: onceEach(settings.warn) }
    const link = (): Link<NatsLink> =>
      new Link(
        () => connectTo(target, given),
        ({ nc }) => nc.close(),
      )
    return {
      name: visible(target.name),
      log: (log) => new NatsEngine(link(), log, target.stream),
      reader: () => new NatsReader(link(), target),
    }
  },
}

function onceEach(warn: EngineSettings['warn']): EngineSettings['warn'] {
  const told = new Set<string>()
  return (text) => {
    if (told.has(text)) return
    told.add(text)
    warn(text)
  }
}

/** One log in the stream. */
class NatsEngine implements Engine {
  readonly order = 'category'
  readonly #link: Link<NatsLink>
  readonly #log: LogName
  readonly #stream: string
  /** The sequence of the last message of each category. */
  readonly #sequences = new Map<string, number>()
  /** The latest time of each; undefined where a message does not tell it. */
  readonly #latest = new Map<string, number | undefined>()

  constructor(link: Link<NatsLink>, log: LogName, stream: string) {
    this.#link = link
    this.#log = log
    this.#stream = stream
  }

  last(): Promise<ReadonlyMap<string, LastEntry>> {
    return this.#link.use(async ({ jsm }) => {
      const filter = { subjects_filter: subjectOf(this.#log) }
      const { state } = await jsm.streams.info(this.#stream, filter)
      this.#sequences.clear()
      this.#latest.clear()
      const found = new Map<string, LastEntry>()
      for (const subject of Object.keys(state.subjects ?? {})) {
        const category = seriesOf(subject)?.category
        // By the leader: a direct get may be answered by a follower that lags.
        const message = await jsm.streams.getMessage(this.#stream, { last_by_subj: subject })
        if (message === null || category === undefined) continue
        const seq = numbersIn(message.header.get(seqHeader))?.[1]
        if (seq === undefined) {
          throw new EngineRefusal(
            `Cannot go on behind message ${message.seq} of ${subject}: expected the header ${seqHeader}, got none; somebody else has published it`,
          )
        }
        const line = linesIn(message.data).at(-1)!
        const time = numbersIn(message.header.get(timeHeader))?.[1] ?? 0
        this.#sequences.set(category, message.seq)
        this.#latest.set(category, latestIn(message.header))
        found.set(category, { seq, time, line })
      }
      return found
    })
  }

  append(category: string, batch: readonly Shipment[]): Promise<void> {
    const body = bodyOf(batch)
    return this.#link.use(async ({ nc, js, newHeaders }) => {
      const bytesMax = nc.info?.max_payload ?? Infinity
      if (batch.length === 1 && body.length + 512 > bytesMax) {
        throw new EngineRefusal(
          `Cannot ship ${visible(category)} entry ${batch[0]!.seq}: expected at most ${bytesMax} bytes, which is the server's max_payload, got ${body.length}; raise max_payload to 64 MB at most, or lower buffer.entry_bytes`,
        )
      }
      const headers = newHeaders()
      const before = this.#latest.has(category) ? this.#latest.get(category) : -Infinity
      for (const [name, value] of headersOf(batch, before)) headers.set(name, value)
      const expect = { lastSubjectSequence: this.#sequences.get(category) ?? 0 }
      const { stream, seq, duplicate } = await js
        .publish(subjectOf({ ...this.#log, category }), body, {
          headers,
          expect,
          timeout: answerMs,
        })
        .catch((error: unknown) => {
          if (numberOf(error) !== wrongLastSequence) throw error
          throw new NotNextError((error as Error).message, { cause: error })
        })
      if (duplicate) throw new Error('the server takes the batch for one that it has')
      if (stream !== this.#stream) {
        throw new EngineRefusal(
          `Cannot ship into the stream ${this.#stream}: expected it to take the subjects, got ${stream}`,
        )
      }
      this.#sequences.set(category, seq)
      const latest = before === undefined ? before : Math.max(before, timesOf(batch)[1])
      this.#latest.set(category, latest)
    })
  }

  close(): Promise<void> {
    return this.#link.close()
  }
}
