// A file sink on a simulated disk, whoever uses it, and what is promised to them: each line once,
// in order, none split, nothing acknowledged lost, and no word of the sink that is not so. One step
// of it is one thing that happens: a call, an answer of the thread pool, a timer, something that
// others do to the file.

import { join } from 'node:path'
import type { Claim } from '../../../lib/directory/lock.ts'
import type { FileSink } from '../../../lib/sinks/file-sink.ts'
import type { Patience } from '../../../lib/sinks/disk-timeout.ts'
import {
  Disk,
  type DiskFaults,
  type Inode,
  type PoolTask,
  cut,
  directory,
  failure,
} from './disk.ts'
import { type Environment, type Timer, environment, settled } from './environment.ts'
import type { Oracle } from './oracle.ts'

/** The parts of the library, loaded after the environment was replaced. */
export interface Library {
  readonly FileSink: typeof FileSink
  readonly Patience: typeof Patience
}

/** What may happen in a world. */
export interface Variant {
  readonly name: string
  readonly synced: boolean
  readonly limitBytes: number
  /** No file grows beyond it. */
  readonly bytesMax: number
  /** How long lines are, in turn. */
  readonly lineLengths: readonly number[]
  readonly linesPerBatch: number
  readonly batchesMax: number
  readonly faults: DiskFaults
  /** Others remove, rename, truncate the file, or put a link in its place. */
  readonly tampering: boolean
  /** The process is killed, and another one goes on. */
  readonly kills: boolean
  /** Another writer takes the directory, as one may when this process was paused. */
  readonly rivals: boolean
}

interface Action {
  readonly name: string
  readonly cost: number
  readonly run: () => void
}

/** A promise that was not kept. */
export class Broken extends Error {}

const file = 'a.log'
const path = join(directory, file)
const hangMs = 2_000
const longMs = 120_000
const nothing = Buffer.alloc(0)
/** A line of another writer. */
const foreign = 'xx\n'

function isAwaiting(state: string): boolean {
  return /^(?:opening|writing|syncing|reopening)/.test(state)
}

/** A line of another writer, or one that stands in the place of lines which came too late. */
function isOthers(line: string): boolean {
  return line === foreign || /^ +\n$/.test(line)
}

/** One sink and all that happens to it. */
export class World {
  readonly #library: Library
  readonly #variant: Variant
  readonly #oracle: Oracle
  readonly #disk: Disk
  readonly #environment: Environment
  #sink: FileSink
  /** The first line that has not been handed over. */
  #next = 0
  /** The first line of the batch that is with the sink, if one is. */
  #outstanding: number | undefined
  /** Lines that were acknowledged. */
  readonly #acknowledged = new Set<number>()
  /**
   * Lines that were in a file when somebody took it away, or that a killed process has left behind.
   */
  readonly #gone = new Set<number>()
  #down = false
  #hasEnded = false
  #batches = 0
  /**
   * How often the directory has been taken, whether it is ours, and whether another writer has it.
   */
  #tenures = 1
  #isOurs = true
  #isOccupied = false
  /** How long each file was when another writer took over, by its number. */
  readonly #bounds = new Map<number, number>()
  /** Naps in which nothing happens. */
  #quietNaps = 0
  /**
   * Found in the midst of a call. Thrown there, the sink would take it for an error of the disk.
   */
  #broken: Error | undefined
  /** What happened, for whoever reads of a broken promise. */
  readonly log: string[]

  constructor(library: Library, variant: Variant, oracle: Oracle) {
    this.#library = library
    this.#variant = variant
    this.#oracle = oracle
    this.log = oracle.log
    this.#disk = new Disk(oracle, variant.faults, variant.bytesMax)
    this.#environment = {
      disk: this.#disk,
      nowMs: 1e6,
      timers: [],
      immediates: [],
      nap: () => this.#nap(),
    }
    environment.current = this.#environment
    this.#sink = this.#start()
  }

  /** Opens the sink; the first step. */
  async begin(): Promise<void> {
    this.#sink.open()
    await this.#pass()
  }

  /**
   * Has one thing happen.
   *
   * @param isKnown It has happened before, in another run: what is promised held then.
   */
  async step(isKnown: boolean): Promise<void> {
    const actions = this.#actions()
    const action = actions[this.#oracle.choose(actions.map(({ cost }) => cost))]
    if (action === undefined) throw new Error('expected an action, got none')
    this.log.push(action.name)
    this.#disk.changed = isKnown ? undefined : () => this.#judgeAmid()
    const { begun } = this.#disk
    const wasOurs = this.#isOurs
    action.run()
    if (isKnown) {
      await this.#pass()
      return
    }
    await this.#settle()
    if (!wasOurs && !this.#isOurs && this.#disk.begun > begun) {
      throw new Broken('it writes to a directory that another one has')
    }
  }

  /**
   * Nothing fails any more, and whatever is due happens: then everything must get into the file.
   */
  async heal(): Promise<void> {
    const disk = this.#disk
    this.log.push('— nothing fails any more')
    disk.isHealthy = true
    disk.isFull = false
    if (disk.names.get(path) === 'link') disk.names.delete(path)
    this.#isOccupied = false
    this.#sink.revisit()
    await this.#settle()
    await this.#goOn()
    if (this.#outstanding !== undefined) throw new Broken('the batch is never written')
    if (this.#down) throw new Broken('it never says that it can write again')
    this.#write()
    await this.#settle()
    await this.#goOn()
    if (this.#outstanding !== undefined) throw new Broken('the next batch is never written')
    this.#judge(true)
  }

  /**
   * The process ends: everything is written that can be, and the sink does not say more than is so.
   */
  async exit(): Promise<void> {
    this.log.push('— exit')
    const acknowledged = new Set(this.#acknowledged)
    const patience = new this.#library.Patience(true)
    const isDone = this.#outstanding === undefined || this.#sink.writeSync(nothing, patience)
    if (isDone) {
      const batch = this.#handOver()
      if (this.#sink.writeSync(batch, patience)) this.#acknowledge()
    }
    this.#checkLanded()
    // What the thread pool has begun, it ends.
    for (const task of this.#disk.pool) if (task.outcome === undefined) this.#disk.run(task, 0)
    // That it is on the device is not waited for any more.
    this.#judge(false, acknowledged)
    await settled()
  }

  /** The sink is closed: it lets go of everything, and writes no more than the thread pool has. */
  async close(): Promise<void> {
    this.log.push('— close')
    this.#checkLanded()
    let isClosed = false
    const wasSilent = this.#sink.inspect().includes('silent')
    const end = async (): Promise<void> => {
      await this.#sink.close()
      isClosed = true
    }
    void end()
    this.#hasEnded = true
    await this.#settle()
    if (wasSilent && !isClosed) throw new Broken('close() waits for a disk that does not answer')
    for (let i = 0; i < 20 && this.#goOnce(); i++) await this.#settle()
    if (!isClosed) throw new Broken('close() does not end')
    if (this.#disk.pool.length > 0) throw new Broken('something is begun after the end')
    const open = this.#disk.inodes.filter((inode) => this.#disk.openingsOf(inode).length > 0)
    if (open.length > 0) throw new Broken('a descriptor is left open')
    if (this.#retries().length > 0) throw new Broken('a timer is left')
  }

  // --- what can happen ---

  #actions(): Action[] {
    const { pool } = this.#disk
    const { immediates, timers } = this.#environment
    const free = (name: string, run: () => void): Action => ({ name, cost: 0, run })
    const actions: Action[] = []
    if (this.#outstanding === undefined && this.#batches < this.#variant.batchesMax) {
      actions.push(
        free('write()', () => this.#write()),
        free('writeSync()', () => this.#writeSync()),
      )
    }
    if (this.#outstanding !== undefined) {
      actions.push(free('writeSync() of nothing', () => this.#finishSync()))
    }
    for (const task of pool) {
      if (task.outcome !== undefined) {
        actions.push(free(`callback of ${task.name}`, () => this.#deliver(task)))
        continue
      }
      actions.push(
        free(`${task.name} and its callback`, () => {
          this.#disk.run(task, this.#oracle.fault(task.name, task.faults))
          this.#deliver(task)
        }),
      )
      if (task.name === 'close') continue
      actions.push(
        free(task.name, () => {
          this.#disk.run(task, this.#oracle.fault(task.name, task.faults))
        }),
      )
    }
    if (immediates.length > 0) actions.push(free('immediate', () => immediates.shift()!()))
    for (const timer of this.#retries()) actions.push(free('retry', () => this.#fire(timer)))
    const watch = timers.find(({ isArmed, delayMs }) => isArmed && delayMs === hangMs)
    const isWatched = watch !== undefined && this.#outstanding !== undefined
    // It takes long, in a run of many.
    const state = isWatched || this.#mayRest ? this.#sink.inspect() : ''
    if (isWatched && isAwaiting(state)) {
      actions.push(
        free('2 s pass', () => {
          this.#fire(watch)
          // It looks a macrotask later, behind those that wait already.
          while (immediates.length > 0) immediates.shift()!()
        }),
      )
    }
    if (state.includes('rests')) {
      actions.push(free('a rest ends', () => void (this.#environment.nowMs += longMs)))
    }
    return [...actions, ...this.#troubles()]
  }

  /** Whether a file may be kept from being put aside. */
  get #mayRest(): boolean {
    const { rename, stat, read } = this.#variant.faults
    return rename || stat || read
  }

  /** What others do, and the end of the process. */
  #troubles(): Action[] {
    const { names } = this.#disk
    const trouble = (name: string, run: () => void): Action => ({ name, cost: 1, run })
    const troubles: Action[] = []
    const live = names.get(path)
    if (this.#variant.tampering && live !== undefined && live !== 'link') {
      troubles.push(
        trouble('file removed', () => {
          this.#takeAway(live)
          this.#disk.unlink(path)
        }),
        trouble('file renamed', () => {
          names.delete(path)
          names.set(`${path}.away.${live.id}`, live)
        }),
        trouble('file truncated', () => {
          this.#takeAway(live)
          cut(live, 0)
        }),
        trouble('link in its place', () => {
          names.set(`${path}.away.${live.id}`, live)
          names.set(path, 'link')
        }),
      )
    }
    if (live === 'link') {
      troubles.push({ name: 'link removed', cost: 0, run: () => void names.delete(path) })
    }
    if (this.#variant.rivals) troubles.push(...this.#rivalries())
    if (this.#variant.kills) troubles.push(trouble('SIGKILL and a start', () => this.#restart()))
    return troubles
  }

  #rivalries(): Action[] {
    const free = (name: string, run: () => void): Action => ({ name, cost: 0, run })
    if (this.#isOccupied) {
      return [
        free('the other writes', () => this.#writeForeign()),
        free('the other puts the file aside', () => this.#putAsideByOther()),
        free('the other ends', () => void (this.#isOccupied = false)),
        free('revisit()', () => this.#sink.revisit()),
      ]
    }
    if (!this.#isOurs) return [free('revisit()', () => this.#sink.revisit())]
    const lose = (): void => {
      this.#isOurs = false
      this.#isOccupied = true
      for (const { id, bytes } of this.#disk.inodes) {
        this.#bounds.set(id, Math.min(bytes.length, this.#bounds.get(id) ?? Infinity))
      }
    }
    return [{ name: 'another writer takes over', cost: 1, run: lose }]
  }

  #writeForeign(): void {
    const live = this.#disk.names.get(path)
    if (live === undefined || live === 'link') return
    const text = live.bytes.toString()
    // Once is enough.
    if (text.includes(foreign)) return
    const isTorn = text !== '' && !text.endsWith('\n')
    const bytes = Buffer.from(isTorn ? `\n${foreign}` : foreign)
    live.bytes = Buffer.concat([live.bytes, bytes])
    for (const _ of bytes) live.fates.push('durable')
  }

  #putAsideByOther(): void {
    const { names } = this.#disk
    const live = names.get(path)
    if (live === undefined || live === 'link') return
    names.delete(path)
    names.set(`${path}.other.${live.id}`, live)
  }

  /** Takes the directory, unless another has it, or something written before may be on its way. */
  #hold(): void {
    if (this.#isOurs) return
    if (this.#isOccupied) throw failure('EBUSY', 'lock')
    if (!this.#sink.isQuiet) throw failure('EAGAIN', 'lock')
    this.#isOurs = true
    this.#bounds.clear()
    this.#tenures++
  }

  get #claim(): Claim {
    const isOurs = (): boolean => this.#isOurs
    const tenure = (): number => (this.#isOurs ? this.#tenures : 0)
    return {
      hold: () => this.#hold(),
      get tenure() {
        return tenure()
      },
      check: isOurs,
      checkAfter: isOurs,
      boundOf: (inode) => this.#bounds.get(Number(inode)) ?? Infinity,
    }
  }

  #write(): void {
    this.#sink.write(this.#handOver())
  }

  #writeSync(): void {
    const batch = this.#handOver()
    if (this.#sink.writeSync(batch, new this.#library.Patience(false))) this.#acknowledge()
  }

  #finishSync(): void {
    const wasWith = this.#outstanding
    const isDone = this.#sink.writeSync(nothing, new this.#library.Patience(false))
    if (isDone && wasWith !== undefined && this.#outstanding !== undefined) {
      throw new Broken('writeSync() says that the batch is finished, and nobody was told')
    }
    if (!isDone && this.#outstanding === undefined) {
      throw new Broken('writeSync() says that the batch is not finished, and it was')
    }
  }

  #handOver(): Buffer {
    const from = this.#next
    this.#next += this.#variant.linesPerBatch
    this.#batches++
    this.#outstanding = from
    return Buffer.concat(this.#batch.map((n) => this.#lineOf(n)))
  }

  /** The lines that are with the sink. */
  get #batch(): number[] {
    const from = this.#outstanding
    if (from === undefined) return []
    return Array.from({ length: this.#variant.linesPerBatch }, (_, i) => from + i)
  }

  #acknowledge(): void {
    if (this.#outstanding === undefined) throw new Broken('written() without a batch')
    for (const n of this.#batch) this.#acknowledged.add(n)
    this.#outstanding = undefined
  }

  #lineOf(n: number): Buffer {
    const lengths = this.#variant.lineLengths
    const text = String(n).padStart(3, '0')
    return Buffer.from(`${text.padEnd(lengths[n % lengths.length]! - 1, 'x')}\n`)
  }

  /**
   * All that is in a file is taken away by somebody else. So may be the rest of a batch, of which
   * half a line was there, or of which a piece is being written: how much of it was there, nothing
   * tells.
   */
  #takeAway(inode: Inode): void {
    const text = inode.bytes.toString()
    for (const { n } of this.#linesIn(text)) if (n !== undefined) this.#gone.add(n)
    const isAmidLine = text !== '' && !text.endsWith('\n')
    const isAmidWrite = this.#disk.pool.some(
      (task) => task.inode === inode && task.bytes !== undefined,
    )
    if (isAmidLine || isAmidWrite) for (const n of this.#batch) this.#gone.add(n)
  }

  #restart(): void {
    for (const n of this.#batch) this.#gone.add(n)
    this.#outstanding = undefined
    this.#down = false
    this.#disk.kill()
    this.#environment.timers = []
    this.#environment.immediates = []
    this.#sink = this.#start()
    this.#sink.open()
  }

  #start(): FileSink {
    const { limitBytes, synced } = this.#variant
    const sink: FileSink = new this.#library.FileSink(
      { directory, name: file, limitBytes, keep: 100, synced, claim: this.#claim },
      {
        written: () => this.#told(sink, () => this.#acknowledge()),
        failed: () =>
          this.#told(sink, () => {
            if (this.#down) throw new Broken('failed() twice')
            this.#down = true
          }),
        recovered: () =>
          this.#told(sink, () => {
            if (!this.#down) throw new Broken('recovered() without a failure')
            this.#down = false
          }),
        fault: () => {},
        rotated: () => {},
        torn: () => {},
        late: () => {},
        refused: () => {},
      },
    )
    return sink
  }

  /** What a sink of a process tells that was killed, nobody hears. */
  #told(sink: FileSink, hear: () => void): void {
    if (sink === this.#sink && !this.#hasEnded) hear()
  }

  #deliver(task: PoolTask): void {
    const { pool } = this.#disk
    pool.splice(pool.indexOf(task), 1)
    task.deliver(task.outcome?.error, task.outcome?.value)
  }

  #fire(timer: Timer): void {
    timer.isArmed = false
    this.#environment.nowMs += timer.delayMs
    timer.callback()
  }

  #retries(): Timer[] {
    return this.#environment.timers.filter(({ isArmed, delayMs }) => isArmed && delayMs !== hangMs)
  }

  /** The event loop stands still, and the thread pool does not. */
  #nap(): void {
    const { pool } = this.#disk
    const around = this.#environment
    if (this.#quietNaps > 0) {
      this.#quietNaps--
      around.nowMs++
      return
    }
    const task = pool.find(({ outcome }) => outcome === undefined)
    if (task === undefined) {
      around.nowMs += hangMs
      return
    }
    // The pool does its work; the disk hangs; it is full, and answers nothing for a while.
    const what = this.#oracle.choose([0, 0, 1])
    if (what === 0) this.#disk.run(task, this.#oracle.fault(task.name, task.faults))
    else if (what === 1) around.nowMs += hangMs
    else {
      this.#quietNaps = 25
      this.#disk.isFull = true
      this.#disk.run(task, task.faults > 0 ? 1 : 0)
    }
  }

  async #pass(): Promise<void> {
    await settled()
    this.#disk.isFull = false
    this.#quietNaps = 0
  }

  async #settle(): Promise<void> {
    await this.#pass()
    if (this.#broken !== undefined) throw this.#broken
    if (this.#hasEnded) return
    this.#sink.assertState()
    const state = this.#sink.inspect()
    if (state.includes(' failed') !== this.#down) {
      throw new Broken(`it has told ${this.#down}, and is ${state}`)
    }
    this.#judge(false)
  }

  async #goOn(): Promise<void> {
    for (let i = 0; i < 100; i++) {
      if (!this.#goOnce()) return
      await this.#settle()
    }
    throw new Broken('it never comes to rest')
  }

  /** Has the next thing happen that is due; false when nothing is. */
  #goOnce(): boolean {
    const [task] = this.#disk.pool
    const immediate = task === undefined ? this.#environment.immediates.shift() : undefined
    if (task !== undefined) {
      if (task.outcome === undefined) this.#disk.run(task, 0)
      this.#deliver(task)
      return true
    }
    if (immediate !== undefined) {
      immediate()
      return true
    }
    const [timer] = this.#retries()
    if (timer === undefined) return false
    this.#environment.nowMs += longMs
    this.#fire(timer)
    return true
  }

  // --- what is promised ---

  /**
   * @param isAtRest Nothing is under way: no line is unfinished.
   * @param durable What must be on the device, of a sink that is to put it there.
   */
  #judge(isAtRest: boolean, durable: ReadonlySet<number> = this.#acknowledged): void {
    const found = new Map<number, { inode: Inode; from: number; to: number }>()
    let last = -1
    let torn = 0
    const inodes = this.#disk.inodes.filter(({ isRemoved }) => !isRemoved)
    // What cannot be taken back, or is another's by now, is there twice, rather than not at all.
    const { hasRefusedCut, hasRefusedSync } = this.#disk
    const mayRepeat = hasRefusedCut || (this.#variant.rivals && hasRefusedSync)
    for (const inode of inodes) {
      const text = inode.bytes.toString()
      for (const { n, from, to, isEnded } of this.#linesIn(text)) {
        if (isOthers(text.slice(from, to))) continue
        if (n === undefined) {
          const isUnderWay = !isEnded && !isAtRest && inode === inodes.at(-1)
          if (!isUnderWay) torn++
          continue
        }
        if (mayRepeat) last = Math.min(last, n)
        else if (found.has(n)) throw new Broken(`line ${n} is there twice`)
        if (n < last) throw new Broken(`line ${n} stands behind line ${last}`)
        last = n
        found.set(n, { inode, from, to })
      }
      this.#checkSize(inode)
    }
    // A fault may cost half a line, once.
    if (torn > this.#oracle.spent) throw new Broken(`${torn} torn lines`)
    if (this.#disk.victim.bytes.length > 0) throw new Broken('the link was followed')
    for (const n of this.#acknowledged) {
      const place = found.get(n)
      if (this.#gone.has(n)) continue
      if (place === undefined) throw new Broken(`line ${n} was acknowledged, and is lost`)
      if (this.#variant.synced && durable.has(n) && !this.#isDurable(place)) {
        throw new Broken(`line ${n} was acknowledged, and is not on the device`)
      }
    }
  }

  /** What a process finds that is started after the end of this one, in the midst of a call. */
  #judgeAmid(): void {
    try {
      this.#judge(false)
    } catch (error) {
      this.#broken ??= error as Error
    }
  }

  #isDurable({ inode, from, to }: { inode: Inode; from: number; to: number }): boolean {
    const fates = inode.fates.slice(from, to)
    return this.#disk.isDurable(inode) && fates.every((fate) => fate === 'durable')
  }

  #checkSize(inode: Inode): void {
    const { limitBytes, faults, rivals } = this.#variant
    const { length } = inode.bytes
    // One that cannot be put aside is written on.
    if (length <= limitBytes || faults.rename || faults.stat || rivals) return
    if (inode.bytes.indexOf('\n') === length - 1) return
    throw new Broken(`a file has ${length} bytes`)
  }

  /** `landed` says no more than is there, or was there when it was taken away. */
  #checkLanded(): void {
    if (this.#outstanding === undefined) return
    let there = 0
    const texts = this.#disk.inodes.map(({ bytes }) => bytes.toString())
    for (const n of this.#batch) {
      const line = this.#lineOf(n).toString()
      const isThere = this.#gone.has(n) || texts.some((text) => text.includes(line))
      if (!isThere) {
        // Half of it may be.
        there += line.length - 1
        break
      }
      there += line.length
    }
    const { landed } = this.#sink
    if (landed > there) throw new Broken(`landed is ${landed}, and ${there} bytes can be there`)
  }

  #linesIn(text: string): { n: number | undefined; from: number; to: number; isEnded: boolean }[] {
    const lines: { n: number | undefined; from: number; to: number; isEnded: boolean }[] = []
    for (let from = 0; from < text.length;) {
      const end = text.indexOf('\n', from)
      const to = end === -1 ? text.length : end + 1
      const number = Number.parseInt(text.slice(from, from + 3), 10)
      const isWhole = number >= 0 && this.#lineOf(number).toString() === text.slice(from, to)
      lines.push({ n: isWhole ? number : undefined, from, to, isEnded: end !== -1 })
      from = to
    }
    return lines
  }

  // --- which state it is ---

  /** Two worlds with the same key go on alike, whatever led to them. */
  key(): string {
    const disk = this.#disk
    const live = disk.names.get(path)
    const relevant = disk.inodes.filter(
      (inode) => inode === live || disk.openingsOf(inode).length > 0,
    )
    const rank = (inode: Inode | undefined): number =>
      inode === undefined ? -1 : relevant.indexOf(inode)
    const sink = this.#sink
      .inspect()
      .replace(/file (\d+)/, (_, id) => `file ${rank(disk.inodes[Number(id) - 1])}`)
    const inodes = relevant.map((inode) => {
      const name = inode === live ? 'live' : inode.isRemoved ? 'removed' : 'aside'
      const state = this.#variant.synced
        ? [inode.fates.map((fate) => fate[1]).join(''), disk.isDurable(inode)]
        : []
      return [name, this.#shapeOf(inode), ...state, disk.openingsOf(inode).join()].join(':')
    })
    const pool = disk.pool.map(({ name, inode, bytes, outcome }) => {
      const what = bytes === undefined ? '' : this.#relative(bytes.toString())
      const came = outcome === undefined ? '' : (outcome.error?.message ?? 'ok')
      return [name, rank(inode), what, came].join(':')
    })
    const { timers, immediates } = this.#environment
    return [
      sink,
      ...inodes,
      '|',
      ...pool,
      '|',
      timers.flatMap(({ isArmed, delayMs }) => (isArmed ? [delayMs === hangMs ? 'w' : 'r'] : [])),
      immediates.length,
      live === 'link' ? 'link' : '',
      this.#isOccupied ? 'occupied' : this.#isOurs ? '' : 'lost',
      this.#outstanding === undefined ? '' : this.#next - this.#outstanding,
      this.#variant.batchesMax < 100 ? this.#batches : '',
    ].join(' ')
  }

  /** What is in the files, for whoever reads of a broken promise. */
  contents(): string {
    return this.#disk.inodes
      .map(
        ({ id, bytes, isRemoved }) =>
          `${id}${isRemoved ? ' removed' : ''}: ${JSON.stringify(bytes.toString())}`,
      )
      .join('; ')
  }

  #shapeOf(inode: Inode): string {
    return this.#relative(inode.bytes.toString())
  }

  /** Lines by what they are now: acknowledged, or the how manieth before the next one. */
  #relative(text: string): string {
    return this.#linesIn(text)
      .map(({ n, from, to, isEnded }) => {
        if (n === undefined && isOthers(text.slice(from, to))) return 'x'
        if (n === undefined) return `?${to - from}${isEnded ? '.' : ''}`
        if (this.#acknowledged.has(n)) return `A${to - from}`
        return `${this.#gone.has(n) ? 'g' : ''}${n - this.#next}`
      })
      .join(',')
  }
}
