// Schema → capture: the generated code that copies the values of a typed event into the lanes.
//
// All of it first reads the fixed values and checks their types, and only then writes, without a
// look in between. While it reads, code of the caller's may run (getters, proxies); while it
// writes, none can.
//
// The straight call goes from the caller to the ring in one function, for an event all of whose
// values have fixed places. It marks only that it reads: what it reads may log entries of its own,
// which are whole before it writes. Whatever is not as expected it hands on, before it has changed
// anything. Against the steps of the intake one by one it saves 14 of 112 ns (the enforcement
// entry, Node 20.20, 2026-11).
//
// Functions are built with `new Function`; every name in their text comes through JSON.stringify.

import { wallMs } from '../entry/clock.ts'
import { type Field, isPlan, type Kind, type Plan } from './plan.ts'
import { ABSENT, type Lanes, TYPED } from '../capture/lanes.ts'
import { captureValue } from '../capture/context.ts'
import {
  type Capture,
  CAPTURED,
  MISMATCHED,
  type RecordCode,
  type StraightRecord,
  UNFIT,
} from '../capture/typed.ts'

/** Logs one event. */
export type EventCall = (context: unknown, accountId?: string, error?: unknown) => void

/** What a straight call meets on its way. */
export interface StraightParts<T> {
  readonly template: T
  readonly severity: number
  /** The ring's. */
  readonly lanes: Lanes
  /** Where calls arrive. */
  readonly intake: {
    /** Whether an entry with so many UTF-16 units can be committed now, with nothing in its way. */
    admits(chars: number): boolean
    /** Makes what has been written to the lanes an entry. */
    commit(template: T, time: number, accountId: string | undefined, message: string): void
    /** The end of the call. Never throws. */
    leave(template: T): void
  }
  readonly counters: { readonly levels: number[]; readonly dropped: number[] }
  /** Logs what cannot go straight. */
  readonly otherwise: EventCall
  /** What writes the entry into a block as well, or only there. */
  readonly record?: StraightRecord | undefined
}

/** Makes the straight call of an event. */
export type MakeStraight = <T>(parts: StraightParts<T>) => EventCall

/**
 * Fixed places an event may have, in strings, in numbers and in loose values: far below what one
 * entry may take of the lanes, as they are written without a look at what is left.
 */
const fixedPlacesMax = 400
const loosePlacesMax = 400

/** Whether an event has more values than may be written without a look at what is left. */
export function hasTooManyPlaces(fields: readonly Field[]): boolean {
  const placesOf = (...kinds: readonly Kind[]): number =>
    fields.filter(({ kind }) => kinds.includes(kind)).length
  return (
    placesOf('string') > fixedPlacesMax ||
    placesOf('number', 'boolean') > fixedPlacesMax ||
    placesOf('loose') > loosePlacesMax
  )
}

const text = JSON.stringify

/** Generated code in two parts, and the names it has for the values. */
interface Steps {
  /** Reads and checks, up to `chars`, the UTF-16 units of all strings. */
  readonly reads: readonly string[]
  /** Writes to the lanes, and sets their tails. */
  readonly writes: readonly string[]
  /** The values that stand there, as expressions. */
  readonly numbers: readonly string[]
  readonly strings: readonly string[]
  readonly loose: readonly { readonly name: string; readonly key: string }[]
}

/**
 * `mismatched`: the statement to be run when a type does not match. Undefined: there are too many
 * values.
 */
function stepsOf(
  plan: Plan,
  fields: readonly Field[],
  closed: boolean,
  mismatched: string,
): Steps | undefined {
  const reads: string[] = []
  const misfits: string[] = []
  let objects = 0
  const names = new Map<Field, string>()
  const read = (from: string, node: Plan): void => {
    reads.push(`if (typeof ${from} !== 'object' || ${from} === null) ${mismatched}`)
    for (const [key, member] of node.keys) {
      if (isPlan(member)) {
        const name = `o${objects++}`
        reads.push(`const ${name} = ${from}[${text(key)}]`)
        read(name, member)
      } else if (member.kind !== 'secret') {
        const name = `v${names.size}`
        names.set(member, name)
        reads.push(`const ${name} = ${from}[${text(key)}]`)
        if (member.kind !== 'loose') misfits.push(`typeof ${name} !== '${member.kind}'`)
        if (member.kind === 'number') misfits.push(`${name} - ${name} !== 0`)
      }
    }
  }
  read('c', plan)
  if (misfits.length > 0) reads.push(`if (${misfits.join(' || ')}) ${mismatched}`)
  if (closed) reads.push(`for (const k in c) if (!known.has(k)) ${mismatched}`)
  const strings = fields.filter(({ kind }) => kind === 'string').map((field) => names.get(field)!)
  const numbers = fields
    .filter(({ kind }) => kind === 'number' || kind === 'boolean')
    .map((field) =>
      field.kind === 'boolean' ? `(${names.get(field)} ? 1 : 0)` : names.get(field)!,
    )
  const loose = fields.filter(({ kind }) => kind === 'loose')
  if (hasTooManyPlaces(fields)) return undefined
  reads.push(`const chars = ${strings.map((name) => `${name}.length`).join(' + ') || '0'}`)
  const writes = [
    't = lanes.tagTail; n = lanes.numTail; r = lanes.refTail',
    'tags[t & mask] = TYPED',
    ...strings.map((name, i) => `refs[(r + ${i}) & mask] = ${name}`),
    ...numbers.map((number, i) => `nums[(n + ${i}) & mask] = ${number}`),
    'lanes.tagTail = (t + 1) | 0',
    `lanes.numTail = (n + ${numbers.length}) | 0`,
    `lanes.refTail = (r + ${strings.length}) | 0`,
  ]
  return {
    reads,
    writes,
    numbers,
    strings,
    loose: loose.map((field) => ({ name: names.get(field)!, key: text(field.path.at(-1)) })),
  }
}

/** Compiles the capture of an event. `closed`: it may have no other members. */
export function captureOf(plan: Plan, fields: readonly Field[], closed: boolean): Capture {
  const steps = stepsOf(plan, fields, closed, `return ${MISMATCHED}`)
  if (steps === undefined) return () => UNFIT
  const lines = [
    ...steps.reads,
    `if (chars > lanes.charsMax) return ${UNFIT}`,
    'const { tags, refs, nums, mask } = lanes',
    'let t, n, r',
    ...steps.writes,
    'lanes.chars += chars',
    ...steps.loose.map(
      ({ name, key }) => `loose(lanes, ${name}, ${key}); if (lanes.exhausted) return ${UNFIT}`,
    ),
    `return ${CAPTURED}`,
  ]
  // oxlint-disable-next-line no-implied-eval -- compiling the schema is the point; names come through JSON.stringify
  const make = new Function(
    'TYPED',
    'loose',
    'known',
    `return (lanes, c) => {\n${lines.join('\n')}\n}`,
  )
  return make(TYPED, captureLoose, new Set(plan.keys.keys())) as Capture
}

/** Compiles the straight call of an event. */
export function straightOf(
  plan: Plan,
  fields: readonly Field[],
  closed: boolean,
): MakeStraight | undefined {
  const steps = stepsOf(plan, fields, closed, 'break straight')
  if (steps === undefined || steps.loose.length > 0) return undefined
  const known = new Set(plan.keys.keys())
  // One text for all loggers that have the event: V8 takes what it closes over for constants as
  // long as there is one.
  const made = new Map<RecordCode | undefined, MakeStraight>()
  return (parts) => {
    const code = parts.record?.code
    let make = made.get(code)
    if (make === undefined) {
      make = compileStraight(steps, known, code)
      made.set(code, make)
    }
    return make(parts)
  }
}

/**
 * What follows when the entry counts: whatever fails now, it is neither taken back nor logged
 * again.
 */
const left = ['try { intake.leave(template) } catch {}', 'return']

function compileStraight(
  steps: Steps,
  known: ReadonlySet<string>,
  code: RecordCode | undefined,
): MakeStraight {
  const inLanes = [...steps.writes, 'lanes.chars = chars']
  const inBlock =
    code === undefined
      ? []
      : ['recorded: {', ...code.lines(steps.numbers, steps.strings), ...left, '}']
  const lines = [
    // A getter that logs the object it belongs to takes the long way, which counts how deep it is.
    "if (!isReading && e === undefined && (a === undefined || typeof a === 'string')) {",
    'let t, n, r',
    'isReading = true',
    'straight: try {',
    ...steps.reads,
    'isReading = false',
    'if (chars > charsMax || !intake.admits(chars)) break straight',
    'const time = wallMs()',
    ...(code?.isAlone === true ? [...inBlock, ...inLanes] : [...inLanes, ...inBlock]),
    "intake.commit(template, time, a, '')",
    ...left,
    '} catch {',
    // A getter has thrown, or the caller's stack is full. Then it may be so for whatever is called
    // here, too.
    'if (r !== undefined) { lanes.tagTail = t; lanes.numTail = n; lanes.refTail = r }',
    '}',
    'isReading = false',
    '}',
    'try { otherwise(c, a, e) } catch { counters.dropped[severity]++; counters.levels[severity]++ }',
  ]
  // oxlint-disable-next-line no-implied-eval -- compiling the schema is the point; names come through JSON.stringify
  const make = new Function(
    'TYPED',
    'known',
    'wallMs',
    `return ({ template, severity, lanes, intake, counters, otherwise, record }) => {
const { tags, refs, nums, mask, charsMax } = lanes
${code === undefined ? '' : 'const { ring, block, words, numbers, seedOf, forget } = record.parts'}
let isReading = false
return (c, a, e) => {\n${lines.join('\n')}\n} }`,
  )
  return make(TYPED, known, wallMs) as MakeStraight
}

/** Copies a value that has no place of its own, behind those that have. */
export function captureLoose(lanes: Lanes, value: unknown, key: string): void {
  const type = typeof value
  if (type === 'undefined' || type === 'function' || type === 'symbol') lanes.pushTag(ABSENT)
  else captureValue(lanes, value, key, 1)
}
