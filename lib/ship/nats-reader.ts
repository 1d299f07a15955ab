// The reader of the NATS engine. It uses ordered consumers: they leave nothing behind in the
// server, and begin again by themselves where a message was missed.

import type {
  Consumer,
  ConsumerMessages,
  JsMsg,
  MsgRequest,
  OrderedConsumerOptions,
} from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { clearInterval, monotonicMs, setInterval, sleep } from '../entry/clock.ts'
import type {
  EngineQuery,
  EngineReader,
  SeqStretch,
  SeriesName,
  ShippedLine,
  ShippedNumbers,
  ShippedSeries,
} from './engine.ts'
import { firstAnswer } from './first-answer.ts'
import type { Link } from './link.ts'
import { type NatsLink, answerMs, asRefusal, isOlder } from './nats-connection.ts'
import type { NatsTarget } from './nats-target.ts'
import { beforeIn, latestIn, linesIn, numbersIn, seqHeader, timeHeader } from './nats-message.ts'
import { allSubjects, seriesOf, subjectOf } from './subject.ts'
import { onceOnly } from '../entry/inherited-members.ts'

/** On the way at a time: more than 64 MB, and the server stops for a slow reader. */
const aheadBytes = 4 << 20

/** Subjects whose ends are asked for at the same time. */
const togetherMax = 64

/** Of more that have changed the ends come by a consumer, without the lines. */
const singlyMax = 4

/** How far the first step back goes, how much further each next one, in messages of the stream. */
const stepFirst = 16
const stepFactor = 4
/** So many messages too many are rather read than asked for once more. */
const nearMax = 64

const lastOfEach: Partial<OrderedConsumerOptions> = {
  filter_subjects: allSubjects,
  deliver_policy: 'last_per_subject',
  headers_only: true,
}

/** So long a consumer is waited for where there is another way. Milliseconds. */
const consumerMs = 1000

/** Between two looks whether anything comes. Milliseconds. */
const stallLookMs = 1000

/** The end of a series. */
interface End {
  /** Its messages; 0: to be asked for again. */
  readonly count: number
  readonly last: number
  readonly time: number
}

/** Reads the stream. */
export class NatsReader implements EngineReader {
  readonly #link: Link<NatsLink>
  readonly #name: string
  readonly #stream: string
  /** Of a stream that was made then and begins there. */
  #known: { readonly from: string; readonly ends: ReadonlyMap<string, End> } | undefined

  constructor(link: Link<NatsLink>, { name, stream }: Pick<NatsTarget, 'name' | 'stream'>) {
    this.#link = link
    this.#name = name
    this.#stream = stream
  }

  async logs(): Promise<readonly ShippedSeries[]> {
    const ends = await this.#ends()
    return [...ends].flatMap(([subject, { last, time }]) => {
      const name = seriesOf(subject)
      return name === undefined ? [] : [{ ...name, last, time }]
    })
  }

  /** The end of each series. One that has the messages that it had is not asked for again. */
  async #ends(): Promise<ReadonlyMap<string, End>> {
    const { created, state } = await this.#use(({ jsm }) =>
      firstAnswer(() => jsm.streams.info(this.#stream, { subjects_filter: allSubjects })),
    )
    const { subjects = {}, first_seq } = state
    const from = `${first_seq} ${created}`
    const isFirst = this.#known === undefined
    // Where something was deleted a subject may have as many messages, and others.
    const known = this.#known?.from === from ? this.#known.ends : new Map<string, End>()
    const names = Object.keys(subjects)
    const changed = names.filter((name) => known.get(name)?.count !== subjects[name])
    const isByConsumer = isFirst && changed.length > singlyMax
    const messages = isByConsumer
      ? this.#messages(lastOfEach, false, undefined)
      : this.#lastOneByOne(changed)
    const ends = new Map<string, End>()
    for (const name of names) if (known.has(name)) ends.set(name, known.get(name)!)
    for await (const { subject, headers } of messages) {
      const last = numbersIn(headers?.get(seqHeader))?.[1]
      const time = numbersIn(headers?.get(timeHeader))?.[1] ?? Infinity
      // A consumer may be on a server that lags: what it gives is asked for once more.
      const count = isByConsumer ? 0 : (subjects[subject] ?? 0)
      if (last !== undefined) ends.set(subject, { count, last, time })
    }
    this.#known = { from, ends }
    return ends
  }

  /** The last message of each subject, asked for one by one. */
  async *#lastOneByOne(subjects: readonly string[]): AsyncGenerator<Message, undefined> {
    for (let from = 0; from < subjects.length; from += togetherMax) {
      const some = subjects.slice(from, from + togetherMax)
      const found = await Promise.all(
        some.map((subject) => this.#messageAt({ last_by_subj: subject })),
      )
      for (const message of found) if (message !== undefined) yield message
    }
  }

  /** A message of the stream, by its leader: a direct get may be answered by one that lags. */
  async #messageAt(query: MsgRequest): Promise<Message | undefined> {
    const message = await this.#use(({ jsm }) =>
      firstAnswer(() => jsm.streams.getMessage(this.#stream, query)),
    )
    if (message === null) return undefined
    const { subject, seq, data, header: headers } = message
    return { subject, seq, data, headers }
  }

  async numbers(): Promise<readonly ShippedNumbers[]> {
    const found = new Map<string, SeqStretch[]>()
    const options = { filter_subjects: allSubjects, headers_only: true }
    for await (const message of this.#messages(options, false, undefined)) {
      const numbers = numbersIn(message.headers?.get(seqHeader))
      if (numbers === undefined) continue
      const stretches = found.get(message.subject) ?? []
      found.set(message.subject, stretches)
      const before = stretches.at(-1)
      if (before?.[1] === numbers[0] - 1) stretches[stretches.length - 1] = [before[0], numbers[1]]
      else stretches.push(numbers)
    }
    return [...found].flatMap(([subject, stretches]) => {
      const name = seriesOf(subject)
      if (name === undefined) return []
      const count = stretches.reduce((sum, [from, to]) => sum + to - from + 1, 0)
      const first = Math.min(...stretches.map(([from]) => from))
      const last = Math.max(...stretches.map(([, to]) => to))
      return [{ ...name, first, last, stretches, count }]
    })
  }

  async *read(query: EngineQuery): AsyncGenerator<readonly ShippedLine[], undefined> {
    const { series, after, behind, upTo = 0, since, until, follow = false, signal, lines } = query
    if (series?.length === 0 || signal?.aborted === true) return
    const [from, passed = behind] = after === undefined ? [] : after.split('.').map(Number)
    const ofAll = query.categories?.map((category) => subjectOf({ category })) ?? [allSubjects]
    const subjects = series === undefined ? ofAll : series.map(subjectOf)
    let start = from
    if (series?.length === 1 && after === undefined) {
      const found = await this.#begin(series[0]!, query)
      if (!Array.isArray(found)) start = found
      else if (found.length > 0) yield found
      if (Array.isArray(found)) return
    }
    const options: Partial<OrderedConsumerOptions> = {
      filter_subjects: [...new Set(subjects)],
      ...(start !== undefined && start > 0
        ? { deliver_policy: 'by_start_sequence', opt_start_seq: start }
        : {}),
      // What is there of many series is not asked for one by one.
      ...(series === undefined && lines === 0 && { deliver_policy: 'new' }),
    }
    let reached = passed ?? 0
    for await (const message of this.#messages(options, follow, signal)) {
      const name = seriesOf(message.subject)
      const numbers = numbersIn(message.headers?.get(seqHeader))
      if (name === undefined || numbers === undefined) continue
      reached = Math.max(reached, numbers[1])
      const [earliest, latest] = numbersIn(message.headers?.get(timeHeader)) ?? [
        -Infinity,
        Infinity,
      ]
      // Who asks for the last lines takes it from their number whether there are more.
      const isLate = latest < (since ?? -Infinity) || earliest > (until ?? Infinity)
      if (isLate && lines === undefined) continue
      const found = linesOf(message, name, numbers[0])
      const rest = passed === undefined ? found : found.filter(({ seq }) => seq > passed)
      if (rest.length > 0) yield rest
    }
    if (series?.length !== 1 || follow || reached >= upTo) return
    const isLeft = (): boolean => signal?.aborted === true
    if (!isLeft()) await this.#checkEnd(series[0]!, reached)
  }

  /** @throws when a series goes on behind a number, and so did not come to its end. */
  async #checkEnd(name: SeriesName, reached: number): Promise<void> {
    const last = await this.#messageAt({ last_by_subj: subjectOf(name) })
    const end = numbersIn(last?.headers?.get(seqHeader))?.[1] ?? 0
    // What has been deleted since is not waited for.
    if (end > reached) throw new Error(`the server has sent entries up to ${reached} of ${end}`)
  }

  /**
   * The sequence in the stream from which on a series is read, 0: from its beginning; or all lines
   * that are wanted, where the last message has them, or none is.
   */
  async #begin(
    name: SeriesName,
    { behind = 0, lines = Infinity, since = -Infinity, follow = false }: EngineQuery,
  ): Promise<number | ShippedLine[]> {
    if (behind === 0 && lines === Infinity && since === -Infinity) return 0
    const last = await this.#messageAt({ last_by_subj: subjectOf(name) })
    const numbers = numbersIn(last?.headers?.get(seqHeader))
    if (last === undefined || numbers === undefined) return follow ? 0 : []
    const first = Math.max(behind + 1, numbers[1] - lines + 1)
    if (first > numbers[1]) return follow ? last.seq + 1 : []
    if (!follow && (latestIn(last.headers) ?? Infinity) < since) return []
    // Most often the last message has as many, and no consumer is needed.
    if (!follow && numbers[0] <= first) {
      return linesOf(last, name, numbers[0]).filter(({ seq }) => seq > behind)
    }
    const byNumber = await this.#startOf(last, ({ headers }) => {
      const [from = Infinity] = numbersIn(headers?.get(seqHeader)) ?? []
      return from <= first
    })
    if (since === -Infinity) return byNumber
    const byTime = await this.#startOf(last, ({ headers }) => {
      return (beforeIn(headers) ?? Infinity) < since
    })
    return Math.max(byNumber, byTime)
  }

  close(): Promise<void> {
    return this.#link.close()
  }

  /** @throws {EngineRefusal} for what we may not do. */
  async #use<T>(work: (link: NatsLink) => Promise<T>): Promise<T> {
    try {
      return await this.#link.use(work)
    } catch (error) {
      throw asRefusal(error, this.#name)
    }
  }

  /**
   * A sequence in front of which no message of a series is wanted, and not many behind it are not:
   * by steps back from the last one that grow, and then by halves.
   *
   * @param isEarly Whether all in front of a message is not wanted: which holds for all in front of
   *   one for which it holds.
   */
  async #startOf(
    { subject, seq }: Message,
    isEarly: (message: Message) => boolean,
  ): Promise<number> {
    const isEarlyAt = async (at: number): Promise<boolean> => {
      const query = { seq: at, next_by_subj: subject } as { seq: number }
      const message = await this.#messageAt(query)
      return message !== undefined && isEarly(message)
    }
    let [early, late] = [0, seq]
    for (let step = stepFirst; early === 0 && step < seq; step *= stepFactor) {
      if (await isEarlyAt(seq - step)) early = seq - step
      else late = seq - step
    }
    while (late - early > nearMax) {
      const middle = Math.floor((early + late) / 2)
      if (await isEarlyAt(middle)) early = middle
      else late = middle
    }
    return early
  }

  /** Messages up to the end that there is at the beginning, or for ever. */
  async *#messages(
    options: Partial<OrderedConsumerOptions>,
    follow: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Message, undefined> {
    const opened = await this.#use(async ({ js, nc }) => {
      const { filter_subjects: subjects = allSubjects } = options
      const filter_subjects = filterOf([subjects].flat(), nc.info?.version)
      const coming = js.consumers.get(this.#stream, { ...options, filter_subjects })
      const consumer = follow ? await coming : await inTime(coming)
      if (consumer === undefined) return undefined
      const info = await consumer.info(true)
      const isEmpty = !follow && info.num_pending === 0
      return {
        nc,
        messages: isEmpty ? undefined : await consumer.consume({ max_bytes: aheadBytes }),
      }
    })
    if (opened === undefined) yield* this.#oneByOne(options, signal)
    else if (opened.messages !== undefined) {
      yield* messagesOf(opened.messages, opened.nc, follow, signal)
    }
  }

  /**
   * The same without a consumer: each is asked for, which takes a round trip, and works as long as
   * the stream has a leader.
   */
  async *#oneByOne(
    {
      filter_subjects: subjects = allSubjects,
      deliver_policy: policy,
      opt_start_seq: start = 1,
    }: Partial<OrderedConsumerOptions>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Message, undefined> {
    const [first = allSubjects, ...others] = [subjects].flat()
    const subject = others.length === 0 ? first : allSubjects
    const { state } = await this.#use(({ jsm }) =>
      firstAnswer(() => jsm.streams.info(this.#stream, { subjects_filter: subject })),
    )
    if (policy === 'last_per_subject') {
      yield* this.#lastOneByOne(Object.keys(state.subjects ?? {}))
      return
    }
    const isOver = (): boolean => signal?.aborted === true
    for (let seq = start; seq <= state.last_seq && !isOver();) {
      const query = { seq, next_by_subj: subject } as { seq: number }
      const message = await this.#messageAt(query)
      if (message === undefined || message.seq > state.last_seq) return
      yield message
      seq = message.seq + 1
    }
  }
}

/** What of a message is read. */
type Message = Pick<JsMsg, 'subject' | 'seq' | 'data' | 'headers'>

/** What a consumer gives. */
async function* messagesOf(
  messages: ConsumerMessages,
  nc: NatsConnection,
  follow: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<Message, undefined> {
  const stop = (): void => messages.stop()
  signal?.addEventListener('abort', stop, onceOnly)
  let lost: string | undefined
  const lose = (what: string): void => {
    lost ??= what
    stop()
  }
  // A connection that has gone gives nothing more, and says nothing.
  void nc.closed().then(() => lose('the connection to the server was lost'))
  // Nor does a server that had the consumer, and is not the one that we are connected to.
  let waitsMs: number | undefined = monotonicMs()
  const look = (): void => {
    const isLate = waitsMs !== undefined && monotonicMs() - waitsMs >= answerMs
    if (isLate) lose('the server sends nothing')
  }
  // The connection keeps the process alive. Who leaves it alone does not call return(), and then
  // nothing here may.
  const looks = follow ? undefined : setInterval(look, stallLookMs).unref()
  try {
    for await (const message of messages) {
      if (signal?.aborted === true) return
      waitsMs = undefined
      yield message
      waitsMs = monotonicMs()
      if (!follow && message.info.pending === 0) return
    }
    if (lost !== undefined && signal?.aborted !== true) throw new Error(lost)
  } finally {
    clearInterval(looks)
    signal?.removeEventListener('abort', stop)
    stop()
  }
}

/**
 * A consumer, unless it is late. For a minute a cluster gives some of them to a server that it has
 * lost, and nobody answers (nats-server 2.10.27, three servers, 2026-11).
 */
async function inTime(coming: Promise<Consumer>): Promise<Consumer | undefined> {
  const isThere = new AbortController()
  const late = sleep(consumerMs, undefined, { signal: isThere.signal }).catch(() => undefined)
  const consumer = await Promise.race([coming, late]).finally(() => isThere.abort())
  if (consumer === undefined) {
    coming
      .then((other) => other.delete())
      .catch(() => {
        // The server removes it when nobody has asked for anything for some minutes.
      })
  }
  return consumer
}

/** Servers before 2.10 take one: of several, all is asked for, and whoever asks looks again. */
function filterOf(subjects: readonly string[], version = ''): string | string[] {
  const [only = allSubjects] = subjects
  if (subjects.length === 1) return only
  return isOlder(version, [2, 10, 0]) ? allSubjects : [...subjects]
}

function linesOf(
  message: Pick<JsMsg, 'data' | 'seq'>,
  name: SeriesName,
  first: number,
): ShippedLine[] {
  return linesIn(message.data).map((line, i) => {
    const raw = line.toString()
    const seq = first + i
    return { ...name, seq, time: timeIn(raw), raw, position: `${message.seq}.${seq}` }
  })
}

function timeIn(raw: string): number {
  return Date.parse(/^\{"timestamp":"([^"\\]{1,40})"/.exec(raw)?.[1] ?? '')
}
