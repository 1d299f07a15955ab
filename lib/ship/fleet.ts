// All logs of all hosts in an engine as one: what is there, and what comes.
//
//   series of a log ─► merged by lsn ─┐
//   series of a log ─► merged by lsn ─┴► merged by time, hosts in the order of their names ─► lines
//
// What comes is gathered for a moment and put in order; nothing waits for a host whose clock is
// behind. Each series goes on by its numbers: where one is left out, what is between is fetched. So
// nothing is shown twice or left out when the engine was away, or when something came between the
// past and what comes.

import { setMaxListeners } from 'node:events'
import { monotonicMs, sleep, wallMs } from '../entry/clock.ts'
import { parseLine } from '../entry/line.ts'
import { visible } from '../entry/visible-text.ts'
import { merge, mergeLogs } from '../read/merge.ts'
import type { Wanted } from '../read/query.ts'
import type { Where } from '../read/where.ts'
import { type LogLine, ReadLine } from '../read/time-order.ts'
import { BackOff } from './back-off.ts'
import {
  EngineMissing,
  type EngineQuery,
  type EngineReader,
  EngineRefusal,
  type SeriesName,
  type ShippedLine,
  type ShippedSeries,
  keyOfSeries,
} from './engine.ts'
import {
  type FleetCursor,
  type FleetLine,
  FleetTrack,
  conditionsHash,
  gonePlaces,
  isInFront,
} from './fleet-cursor.ts'
import { PatientReader, readPatienceMs } from './patient-reader.ts'
import { onceOnly } from '../entry/inherited-members.ts'

/** How long what comes is gathered to be put in order. Milliseconds. */
const gatherMs = 150
/** How long after its moment an entry may come. Milliseconds. */
const arrivalMsMax = 5000
/** Lines that have come and are not given out, at most. */
const arrivedMax = 20_000
/** Series that are asked at the same time for their last lines: those that end later first. */
const togetherMax = 8
/** Between two looks whether what is wanted is over. Milliseconds. */
const untilLookMs = 60_000
/** Between two looks for what has come unheard. Milliseconds. */
const lookMs = 3000
/** For more of a series it is asked for so many times as many, each time. */
const moreFactor = 8

/** What is wanted of a fleet. */
export interface FleetQuery {
  readonly wanted: Wanted
  /** Behind which line. */
  readonly after?: FleetCursor | undefined
  readonly follow: boolean
  /** Only these; all when it is undefined. */
  readonly categories: readonly string[] | undefined
  /** Conditions that the engine may look at. */
  readonly levels: readonly string[] | undefined
  readonly accounts: readonly string[] | undefined
  readonly grep?: RegExp | undefined
  readonly where?: Where | undefined
  /** Told what a person should know: one line. */
  readonly tell: (text: string) => void
  /** Told that no log that is asked for is there, and that it is waited for. @default nobody */
  readonly waiting?: (() => void) | undefined
  readonly signal: AbortSignal
  /** So long an engine may give nothing, where it does not follow. @default 30,000 milliseconds */
  readonly patienceMs?: number
}

/** A series and how far it has been given out. */
interface Known {
  readonly name: SeriesName
  seq: number
}

/** Reads all logs of an engine. */
export class Fleet {
  readonly #reader: EngineReader
  /** Of what is there nothing is left out when a server is lost amid it. */
  readonly #patient: EngineReader
  readonly #query: FleetQuery
  readonly #known = new Map<string, Known>()
  /** The logs of each host: one is called by its host alone. */
  readonly #logsOf = new Map<string, Set<string>>()
  readonly #conditions: string
  #track: FleetTrack | undefined
  #isWhole = true

  constructor(reader: EngineReader, query: FleetQuery) {
    this.#reader = reader
    this.#query = query
    const { follow, tell, signal } = query
    const patienceMs = follow ? Infinity : (query.patienceMs ?? readPatienceMs)
    this.#patient = new PatientReader(reader, { patienceMs, tell, signal })
    // Each series that is read listens to it.
    setMaxListeners(0, query.signal)
    this.#conditions = conditionsOf(query)
  }

  /** The series that were there when it was looked last, in the order of their names. */
  get series(): readonly SeriesName[] {
    return [...this.#known.values()].map(({ name }) => name)
  }

  /** The cursor of where it has come to; empty before it has looked. */
  get cursor(): string {
    return this.#track?.cursor ?? ''
  }

  /** False when something behind the cursor that it was given is not there, which is told. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /**
   * @throws what the engine says when it does not answer for 30 seconds; while it follows, it is
   *   asked for as long as it takes.
   */
  async *lines(): AsyncGenerator<LogLine, undefined> {
    const { follow, signal } = this.#query
    try {
      const found = await this.#look(this.#patient)
      if (signal.aborted) return
      const series = found.filter((each) => this.#isWanted(each))
      if (follow && series.length === 0) this.#query.waiting?.()
      const track = this.#begin(found, series)
      for await (const batch of this.#history(series, track)) {
        for (const line of batch) {
          if (signal.aborted) return
          yield track.pass(line)
        }
      }
      // What is too late to be shown has not been passed.
      if (this.#query.wanted.until === Infinity) {
        for (const name of series) track.end(keyOfSeries(name), name.last)
      }
    } catch (error) {
      if (signal.aborted) return
      throw error
    }
    if (follow) yield* this.#following()
  }

  /** The series there are; those that are new begin at their beginning. */
  async #look(reader: EngineReader): Promise<ShippedSeries[]> {
    const found = await reader.logs().catch((error: unknown) => {
      // Nothing has been shipped yet.
      if (error instanceof EngineMissing) return []
      throw error
    })
    for (const { host, log_id } of found) {
      const logs = this.#logsOf.get(host) ?? new Set()
      this.#logsOf.set(host, logs.add(log_id))
    }
    return found.toSorted(byName)
  }

  #isWanted({ category }: SeriesName): boolean {
    return this.#query.categories?.includes(category) ?? true
  }

  /** Finds where each series begins: at its beginning, or where the cursor says. */
  #begin(found: readonly ShippedSeries[], wanted: readonly ShippedSeries[]): FleetTrack {
    const { after } = this.#query
    const keys = new Set(found.map(keyOfSeries))
    const places = found.map((name) => {
      const at = after?.places.get(keyOfSeries(name))?.at ?? 0
      return { name, at, until: name.last }
    })
    const gone = after === undefined ? [] : gonePlaces(after, keys)
    const track = new FleetTrack([...places, ...gone], after, this.#conditions)
    this.#track = track
    const isNoneThere = gone.length > 0 && gone.length === after?.places.size
    if (isNoneThere) this.#tellGone('none of its logs is there; going on from the beginning')
    for (const name of wanted) {
      const key = keyOfSeries(name)
      const at = track.at(key)
      this.#known.set(key, { name, seq: Math.max(name.last, at) })
      if (at > name.last)
        this.#tellGone(`of ${textOfName(name)} ${name.last} is the last, not ${at}`)
    }
    return track
  }

  #tellGone(what: string): void {
    this.#isWhole = false
    this.#query.tell(`Cannot go on exactly behind the line of the cursor: ${what}`)
  }

  async *#history(
    series: readonly ShippedSeries[],
    track: FleetTrack,
  ): AsyncGenerator<FleetLine[]> {
    const { lines, until } = this.#query.wanted
    if (lines === 0) return
    if (lines === Infinity) {
      yield* this.#merged(series, track, (name) => this.#linesOf(name, {}))
      return
    }
    const last = await this.#lastOfAll(series, lines)
    let merged: FleetLine[] = []
    const of = (name: ShippedSeries): AsyncGenerator<FleetLine[]> =>
      once(last.get(keyOfSeries(name)) ?? [])
    for await (const batch of this.#merged(series, track, of)) {
      merged = [...merged, ...batch].slice(-lines)
    }
    // What stands in front of them has been passed.
    const firsts = new Map(merged.toReversed().map(({ key, seq }) => [key, seq - 1]))
    for (const name of series) {
      const key = keyOfSeries(name)
      const to = firsts.get(key) ?? (until === Infinity ? name.last : undefined)
      if (to !== undefined) track.passTo(key, to)
    }
    yield merged
  }

  /** The series of each log by lsn, the logs by time. */
  #merged(
    series: readonly ShippedSeries[],
    track: FleetTrack,
    linesOf: (name: ShippedSeries) => AsyncGenerator<FleetLine[]>,
  ): AsyncGenerator<FleetLine[]> {
    const logs = new Map<string, ShippedSeries[]>()
    for (const each of series) {
      const log = JSON.stringify([each.host, each.log_id])
      logs.set(log, [...(logs.get(log) ?? []), each])
    }
    return mergeLogs(
      [...logs.values()].map((each) => this.#behind(merge(each.map(linesOf)), track)),
    )
  }

  /** Leaves out what stands in front of the cursor, where other conditions hold than before. */
  async *#behind(
    batches: AsyncGenerator<FleetLine[]>,
    track: FleetTrack,
  ): AsyncGenerator<FleetLine[]> {
    const { after } = this.#query
    const isSame = this.#conditions !== '' && after?.conditions === this.#conditions
    let isFront = after !== undefined && !isSame
    for await (const batch of batches) {
      const first = isFront ? batch.findIndex((line) => !isInFront(line, after!)) : 0
      isFront = first === -1
      for (const line of isFront ? batch : batch.slice(0, first)) track.skip(line)
      if (!isFront) yield batch.slice(first)
    }
  }

  /** The last lines of each series; of one that ends before all that is wanted, none. */
  async #lastOfAll(
    series: readonly ShippedSeries[],
    count: number,
  ): Promise<Map<string, FleetLine[]>> {
    const last = new Map<string, FleetLine[]>()
    const rest = series.toSorted((a, b) => b.time - a.time)
    let latest: number[] = []
    const take = async (): Promise<void> => {
      for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
        if (latest.length === count && name.time < latest[0]!) return
        const lines = await this.#lastOf(name, count)
        last.set(keyOfSeries(name), lines)
        latest = [...latest, ...lines.map(({ time }) => time)].toSorted((a, b) => a - b)
        latest = latest.slice(-count)
      }
    }
    await Promise.all(Array.from({ length: togetherMax }, take))
    return last
  }

  /** The last lines of a series that are wanted. */
  async #lastOf(name: ShippedSeries, count: number): Promise<FleetLine[]> {
    const there = name.last - this.#beginOf(name)
    for (let lines = count; ; lines *= moreFactor) {
      let last: FleetLine[] = []
      let given = 0
      for await (const batch of this.#linesOf(name, { lines }, (more) => (given += more))) {
        last = [...last, ...batch].slice(-count)
      }
      // What has come since then is among those that were given.
      if (last.length >= count || given < lines || lines >= there) return last
    }
  }

  /** What of a series was there when it was looked. */
  async *#linesOf(
    name: ShippedSeries,
    more: EngineQuery,
    given: (count: number) => void = () => {},
  ): AsyncGenerator<FleetLine[]> {
    const { wanted, levels, accounts, grep, where, signal } = this.#query
    const behind = this.#beginOf(name)
    if (behind >= name.last) return
    const query: EngineQuery = {
      series: [name],
      ...(behind > 0 && { behind }),
      upTo: name.last,
      ...(wanted.since > -Infinity && { since: wanted.since }),
      ...(wanted.until < Infinity && { until: wanted.until }),
      ...(levels && { levels }),
      ...(accounts && { accounts }),
      ...(grep && { grep }),
      ...(where && { where }),
      ...more,
      signal,
    }
    // Where not all is asked for, the first that comes need not be the next.
    let next = behind > 0 && wanted.isAll && wanted.lines === Infinity ? behind + 1 : undefined
    for await (const batch of this.#patient.read(query)) {
      given(batch.length)
      const there = batch.filter(({ seq }) => seq > behind && seq <= name.last)
      const [first] = there
      if (first !== undefined && next !== undefined && first.seq > next) {
        const missing = `${next} to ${first.seq - 1}`
        this.#tellGone(`of ${textOfName(name)} the engine does not have ${missing} any more`)
      }
      if (first !== undefined) next = undefined
      yield there.map((each) => this.#timed(each)).filter(wanted.matches)
      if ((batch.at(-1)?.seq ?? 0) >= name.last) return
    }
  }

  /** Behind which number of a series what is wanted begins. */
  #beginOf(name: SeriesName): number {
    return this.#query.after?.places.get(keyOfSeries(name))?.at ?? 0
  }

  #timed(shipped: ShippedLine): FleetLine {
    const { host, log_id, category, raw, time, seq } = shipped
    const entry = parseLine(raw)
    const isOne = (this.#logsOf.get(host)?.size ?? 0) <= 1
    const log = isOne ? host : `${host}/${log_id.slice(0, 8)}`
    const line = new ReadLine(raw, entry, `${log}/${category}`, 0)
    const name = { host, log_id, category }
    const key = keyOfSeries(name)
    return { line, time, lsn: entry?.lsn, slackMs: 0, source: log_id, end: 0, name, key, seq }
  }

  /** What comes, gathered and in order. */
  async *#following(): AsyncGenerator<LogLine, undefined> {
    const { signal, wanted } = this.#query
    const inbox = new Inbox()
    const ended = new AbortController()
    const end = (): void => ended.abort()
    signal.addEventListener('abort', end, onceOnly)
    ended.signal.addEventListener('abort', () => inbox.wake(), onceOnly)
    if (signal.aborted) end()
    if (wanted.until < Infinity) void this.#untilOver(ended.signal).then(end)
    const listening = this.#listen(inbox, ended.signal).catch((error: unknown) => inbox.fail(error))
    try {
      while (!ended.signal.aborted) {
        await inbox.arrived()
        await sleep(gatherMs, undefined, { signal: ended.signal }).catch(() => {})
        for (const arrived of inbox.take()) {
          if (signal.aborted) return
          if (wanted.matches(arrived)) yield this.#track!.pass(arrived)
          else this.#track!.skip(arrived)
        }
      }
    } finally {
      end()
      signal.removeEventListener('abort', end)
      await listening
    }
  }

  /** Resolves when nothing that is wanted can come any more. */
  async #untilOver(ended: AbortSignal): Promise<void> {
    const last = this.#query.wanted.until + arrivalMsMax
    // Its clock may be set meanwhile, and a timer takes 24 days at most.
    for (let restMs = last - wallMs(); restMs > 0 && !ended.aborted; restMs = last - wallMs()) {
      const ms = Math.min(restMs, untilLookMs)
      await sleep(ms, undefined, { signal: ended }).catch(() => {})
    }
  }

  /** Hears what comes, for as long as it takes. @throws {EngineRefusal} */
  async #listen(inbox: Inbox, ended: AbortSignal): Promise<void> {
    const { tell, categories } = this.#query
    const backOff = new BackOff()
    let awaySince: number | undefined
    while (!ended.aborted) {
      const round = new AbortController()
      const leave = (): void => round.abort()
      ended.addEventListener('abort', leave, onceOnly)
      const looking = this.#lookAgain(inbox, round.signal, () => {
        if (awaySince === undefined) return
        tell(`the engine is back after ${Math.round((monotonicMs() - awaySince) / 1000)} s`)
        awaySince = undefined
        backOff.reset()
      })
      // Its failure is the round's.
      looking.catch(leave)
      try {
        const query = { follow: true, lines: 0, ...(categories && { categories }) }
        for await (const batch of this.#reader.read({ ...query, signal: round.signal })) {
          await this.#hear(batch, inbox, round.signal)
        }
        leave()
        await looking
      } catch (error) {
        if (ended.aborted) return
        if (error instanceof EngineRefusal) throw error
        if (awaySince === undefined && !(error instanceof EngineMissing)) {
          awaySince = monotonicMs()
          tell(`the engine is away, and asked until it answers: ${textOf(error)}`)
        }
      } finally {
        leave()
        ended.removeEventListener('abort', leave)
        await looking.catch(() => {})
      }
      await sleep(backOff.next(), undefined, { signal: ended }).catch(() => {})
    }
  }

  /** Looks for what came before anybody listened, and then every now and then. */
  async #lookAgain(inbox: Inbox, signal: AbortSignal, answered: () => void): Promise<void> {
    while (!signal.aborted) {
      for (const series of await this.#look(this.#reader)) {
        if (!this.#isWanted(series)) continue
        await this.#fill(series, series.last, inbox, signal)
      }
      answered()
      await sleep(lookMs, undefined, { signal }).catch(() => {})
    }
  }

  async #hear(batch: readonly ShippedLine[], inbox: Inbox, signal: AbortSignal): Promise<void> {
    for (const line of batch) {
      if (!this.#isWanted(line)) continue
      const known = this.#knownOf(line)
      if (line.seq > known.seq + 1) await this.#fill(line, line.seq - 1, inbox, signal)
      // What is between may not have come: the next round begins there.
      if (signal.aborted) return
      this.#give(known, line, inbox)
    }
    await inbox.room(signal)
  }

  #knownOf(line: SeriesName): Known {
    const key = keyOfSeries(line)
    const { host, log_id, category } = line
    const known = this.#known.get(key) ?? { name: { host, log_id, category }, seq: 0 }
    this.#known.set(key, known)
    const logs = this.#logsOf.get(host) ?? new Set()
    this.#logsOf.set(host, logs.add(log_id))
    return known
  }

  #give(known: Known, line: ShippedLine, inbox: Inbox): void {
    if (line.seq <= known.seq) return
    known.seq = line.seq
    inbox.push(this.#timed(line))
  }

  /** Fetches what is between what was given out of a series and a number. */
  async #fill(name: SeriesName, to: number, inbox: Inbox, signal: AbortSignal): Promise<void> {
    const known = this.#knownOf(name)
    if (known.seq >= to) return
    const query = { series: [known.name], behind: known.seq, signal }
    for await (const batch of this.#reader.read(query)) {
      if (signal.aborted) return
      for (const line of batch) if (line.seq <= to) this.#give(known, line, inbox)
      await inbox.room(signal)
      // What is still not there is not in the engine.
      if ((batch.at(-1)?.seq ?? 0) >= to) return
    }
  }
}

/** Lines that have come and wait to be put in order. */
class Inbox {
  #arrived: FleetLine[] = []
  #error: { readonly error: unknown } | undefined
  #isOver = false
  #wake: (() => void) | undefined
  #hasRoom: (() => void) | undefined

  push(arrived: FleetLine): void {
    this.#arrived.push(arrived)
    this.#wake?.()
  }

  fail(error: unknown): void {
    this.#error = { error }
    this.#wake?.()
  }

  /** Nothing more is waited for. */
  wake(): void {
    this.#isOver = true
    this.#wake?.()
    this.#hasRoom?.()
  }

  async arrived(): Promise<void> {
    if (this.#arrived.length > 0 || this.#error !== undefined || this.#isOver) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#wake = undefined
  }

  /** Resolves when so little waits that more may come. */
  async room(signal: AbortSignal): Promise<void> {
    if (this.#arrived.length < arrivedMax || signal.aborted || this.#isOver) return
    await new Promise<void>((resolve) => {
      this.#hasRoom = resolve
    })
  }

  /** What has come, in order. @throws what has failed. */
  take(): FleetLine[] {
    const arrived = this.#arrived
    this.#arrived = []
    this.#hasRoom?.()
    this.#hasRoom = undefined
    if (arrived.length === 0 && this.#error !== undefined) throw this.#error.error
    return inOrder(arrived)
  }
}

/** Each log by lsn; the logs by time, of one time by host and log. */
function inOrder(arrived: readonly FleetLine[]): FleetLine[] {
  const logs = new Map<string, FleetLine[]>()
  for (const each of arrived) {
    const log = JSON.stringify([each.name.host, each.name.log_id])
    const lines = logs.get(log)
    if (lines === undefined) logs.set(log, [each])
    else lines.push(each)
  }
  // A line has the time of the latest in front of it, so that sorting by time keeps each order.
  const timed = [...logs].flatMap(([log, lines]) => {
    let time = -Infinity
    return lines.toSorted(byLsn).map((each) => {
      time = Math.max(time, each.time)
      return { each, time, log }
    })
  })
  timed.sort((a, b) => a.time - b.time || compare(a.log, b.log))
  return timed.map(({ each }) => each)
}

function byLsn(a: FleetLine, b: FleetLine): number {
  if (a.key === b.key) return a.seq - b.seq
  return a.lsn === undefined || b.lsn === undefined ? a.time - b.time : a.lsn - b.lsn
}

async function* once(lines: FleetLine[]): AsyncGenerator<FleetLine[]> {
  yield lines
}

/** What of all there is is asked for; empty where that does not tell what was passed. */
function conditionsOf({ wanted, categories, levels, accounts, grep, where }: FleetQuery): string {
  const { since, until, lines } = wanted
  // What stands in front of the last lines has been passed without being read.
  if (lines < Infinity && until < Infinity) return ''
  const names = [categories, accounts].map((each) => each?.toSorted())
  return conditionsHash([...names, levels, String(grep), where, since, until])
}

/** How people call a series. */
function textOfName({ host, category }: SeriesName): string {
  return visible(`${host}/${category}`)
}

function byName(a: SeriesName, b: SeriesName): number {
  return compare(a.host, b.host) || compare(a.log_id, b.log_id) || compare(a.category, b.category)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function textOf(error: unknown): string {
  return visible(error instanceof Error ? error.message : String(error))
}
