// Schema → code: compiles an event's schema into the capture that copies its values into the lanes
// (compile-capture.ts), and the way back for the encoder.
//
//   schema ──plan──► fields in their order ──► straight(context), capture(lanes, context)
//                                          ├──► write(out, lanes): the JSON, as bytes
//                                          └──► restore(lanes): the object ──► fast-json-stringify
//
// A required string, number or boolean has a fixed place: the capture reads all of them, checks
// their types, and only then writes, without a look in between. All other values are *loose*: they
// are walked like an untyped context, behind the fixed ones. An event without them is written
// straight from its places: 360 ns for the enforcement entry. One with loose values is made an
// object again for fast-json-stringify: 1,500 ns (Node 20.20, 2026-11).
//
// Functions are built with `new Function`; every name in their text comes through JSON.stringify.
// Where a process forbids that, the plan is walked instead (interpret.ts).

import fastJsonStringify from 'fast-json-stringify'
import { type EventDefinition, messageParts } from './event-definition.ts'
import { captureOf, type MakeStraight, straightOf } from './compile-capture.ts'
import {
  type Field,
  isPlan,
  isPolluted,
  jsonSchemaOf,
  type Plan,
  planOf,
  shapeOf,
  shown,
  valueAt,
  withoutAccount,
} from './plan.ts'
import { interpretedCapture, interpretedRestore, mayGenerateCode } from './interpret.ts'
import { numberBytesMax, putNumber, type ReadyText, readyText } from '../encode/json-bytes.ts'
import { isHijacked, jsonOf, quoted } from '../entry/json-text.ts'
import type { EventEncoder, Restored } from '../encode/event-encoder.ts'
import { mask, maskValue } from '../redact/secret-text.ts'
import { guarded } from '../redact/secret-values.ts'
import { CachedString } from '../encode/string-cache.ts'
import { shownName } from '../encode/value-encoder.ts'
import {
  HINT,
  LIKELY,
  NONE,
  PLURAL,
  redacted,
  type Redactor,
  SHORT,
  WEAK,
} from '../redact/secret-keys.ts'

/** How one event is captured, and made text again. */
export interface EventCodec extends EventEncoder {
  /**
   * The capture of a call that goes to the ring in one function. Undefined for an event with loose
   * values.
   */
  readonly straight: MakeStraight | undefined
}

/** A string with the secrets in it masked; one for each strength of the key whose value it is. */
type Masked = readonly ((string: string) => string)[]

/**
 * Compiles an event.
 *
 * @param isGenerated Whether it becomes code; else its plan is walked. @default what the process
 *   allows
 */
export function compileEvent(
  event: EventDefinition,
  redactor: Redactor,
  isGenerated: boolean = mayGenerateCode(),
): EventCodec {
  const fields: Field[] = []
  const checks: ((context: Restored) => boolean)[] = []
  const plan = planOf(event.context, [], redactor, fields, checks)
  const { additionalProperties } = Object.getOwnPropertyDescriptors(event.context)
  const closed = additionalProperties?.value === false
  const masked = maskedOf(redactor)
  const isPlain = hasPlainKeys(plan, masked)
  const write = isGenerated && isPlain ? writeOf(plan, fields, masked) : undefined
  const message = messageOf(event.message)
  const name = event.name === undefined ? undefined : shownName(event.name, masked[NONE]!)
  const nameText = `${name === undefined ? '' : `,"event":${quoted(name)}`},"context":`
  const isConstant = messageParts(event.message).every((part) => typeof part === 'string')
  const messageText = isConstant ? `,"message":${quoted(masked[NONE]!(message({})))}` : ''
  return {
    origin: { name: event.name, message: event.message, shape: shapeOf(plan) },
    capture: (isGenerated ? captureOf : interpretedCapture)(plan, fields, closed),
    straight: isGenerated ? straightOf(plan, fields, closed) : undefined,
    restore: (isGenerated ? restoreOf : interpretedRestore)(plan, fields, masked),
    write,
    // Compiled, and with that loaded, for the events alone that are not written straight from their
    // places.
    stringify:
      isGenerated && isPlain && write === undefined
        ? stringifyOf(plan)
        : (context) => withoutAccountText(isPlain ? context : withShownKeys(plan, context, masked)),
    message,
    nameText: readyText(nameText),
    words: isConstant ? readyText(messageText + nameText) : undefined,
    wordsMessageEnd: readyText(messageText).length,
    keys: new Set(plan.keys.keys()),
    accountOf: accountOf(plan, fields),
    matches: checks.length === 0 ? undefined : (context) => checks.every((check) => check(context)),
  }
}

const text = JSON.stringify

/** Whether all keys are written as they are: none holds a secret, none is too long. */
function hasPlainKeys({ keys }: Plan, masked: Masked): boolean {
  return [...keys].every(
    ([key, member]) =>
      shownName(key, masked[NONE]!) === key && (!isPlan(member) || hasPlainKeys(member, masked)),
  )
}

/** A restored context by the keys under which it is written. */
function withShownKeys({ keys }: Plan, context: Restored, masked: Masked): Restored {
  return Object.fromEntries(
    [...keys].map(([key, member]) => [
      shownName(key, masked[NONE]!),
      isPlan(member) ? withShownKeys(member, context[key] as Restored, masked) : context[key],
    ]),
  )
}

function stringifyOf(plan: Plan): EventCodec['stringify'] {
  if (isPolluted()) return withoutAccountText
  let stringify: (context: Restored) => string
  try {
    stringify = fastJsonStringify(jsonSchemaOf(withoutAccount(plan)))
  } catch {
    // It refuses the name `__proto__` in a process in which that is forbidden.
    return withoutAccountText
  }
  return (context) => {
    if (isHijacked()) return withoutAccountText(context)
    try {
      return stringify(context)
    } catch {
      // Its code asks the environment for JSON.stringify, which may have been replaced.
      return withoutAccountText(context)
    }
  }
}

function maskedOf(redactor: Redactor): Masked {
  return [
    (string) => mask(string, redactor),
    (string) => maskValue(string, HINT, redactor),
    (string) => maskValue(string, WEAK, redactor),
    (string) => maskValue(string, LIKELY, redactor),
    (string) => maskValue(string, SHORT, redactor),
    () => redacted,
    (string) => maskValue(string, PLURAL, redactor),
  ]
}

function withoutAccountText(context: Restored): string {
  return jsonOf({ ...context, account_id: undefined })
}

/**
 * Where each field's value is found by generated code that has `refs`, `nums`, `mask`, `r` and `n`.
 */
function placesOf(fields: readonly Field[]): Map<Field, string> {
  const place = new Map<Field, string>()
  let strings = 0
  let numbers = 0
  let loose = 0
  for (const field of fields) {
    if (field.kind === 'secret') place.set(field, text(redacted))
    else if (field.kind === 'string') place.set(field, `refs[(r + ${strings++}) & mask]`)
    else if (field.kind === 'number') place.set(field, `nums[(n + ${numbers++}) & mask]`)
    else if (field.kind === 'boolean') place.set(field, `nums[(n + ${numbers++}) & mask] === 1`)
    else place.set(field, `l${loose++}`)
  }
  return place
}

/** Generated code: the places of an event, and the heads moved past them. */
function headsOf(fields: readonly Field[]): string {
  const strings = fields.filter(({ kind }) => kind === 'string').length
  const numbers = fields.filter(({ kind }) => kind === 'number' || kind === 'boolean').length
  return `const { refs, nums, mask } = lanes, r = lanes.refHead, n = lanes.numHead
lanes.refHead = (r + ${strings}) | 0
lanes.numHead = (n + ${numbers}) | 0
`
}

function restoreOf(plan: Plan, fields: readonly Field[], masked: Masked): EventCodec['restore'] {
  const place = placesOf(fields)
  const loose = fields
    .filter(({ kind }) => kind === 'loose')
    .map((field) => {
      const value = 'readLoose(lanes, lanes.shiftTag())'
      const { strength, path } = field
      const name = text(path.at(-1))
      const guard = strength === NONE ? value : `guarded(${value}, ${strength}, ${name})`
      return `const ${place.get(field)!} = ${guard}\n`
    })
  const literal = (node: Plan): string => {
    const members = [...node.keys].map(([key, member]) => {
      // Written plainly, `__proto__` would be the object's prototype.
      const name = key === '__proto__' ? '["__proto__"]' : text(key)
      if (isPlan(member)) return `${name}: ${literal(member)}`
      const value = place.get(member)!
      return `${name}: ${member.kind === 'string' ? `masked[${member.strength}](${value})` : value}`
    })
    return `{ ${members.join(', ')} }`
  }
  // oxlint-disable-next-line no-implied-eval -- compiling the schema is the point; names come through JSON.stringify
  const make = new Function(
    'masked',
    'guarded',
    `return (lanes, readLoose) => {\n${headsOf(fields)}${loose.join('')}return ${literal(plan)}\n}`,
  )
  return make(masked, guarded) as EventCodec['restore']
}

/** Generated code: stores ready text at `at`, eight bytes at a time, and moves on. */
function storeOf(ready: ReadyText): string {
  const stores = [...ready.words].map(
    // -0 is not among the words: eight bytes of text are never zero. Shortest digits give the same
    // bits again.
    (word, i) => `view.setFloat64(at + ${8 * i}, ${word}, true)`,
  )
  return `${stores.join('; ')}; at += ${ready.length}`
}

/**
 * The code of a write as it comes to be. Ready text gathers until something else follows; between
 * two strings the code writes with variables of its own, since a string may move everything.
 */
class WriteCode {
  readonly strings: CachedString[] = []
  readonly #lines: string[] = []
  /** What is written between two strings, and the bytes that it takes at most. */
  #run: string[] = []
  #runBytes = 0
  #text = ''

  putText(ready: string): void {
    this.#text += ready
  }

  putNumber(value: string): void {
    this.#put(`at = putNumber(bytes, at, ${value})`, numberBytesMax)
  }

  putBoolean(value: string): void {
    const [yes, no] = [storeOf(readyText('true')), storeOf(readyText('false'))]
    this.#put(`if (${value}) { ${yes} } else { ${no} }`, numberBytesMax)
  }

  putString(value: string, strength: number): void {
    this.#endRun()
    this.#lines.push(`strings[${this.strings.length}].write(out, ${value}, masked[${strength}])`)
    this.strings.push(new CachedString())
  }

  /** All of it. */
  end(): string {
    this.#endRun()
    return this.#lines.join('\n')
  }

  #put(code: string, bytes: number): void {
    this.#endText()
    this.#run.push(code)
    this.#runBytes += bytes
  }

  #endText(): void {
    if (this.#text === '') return
    const ready = readyText(this.#text)
    this.#text = ''
    this.#put(storeOf(ready), ready.length)
  }

  #endRun(): void {
    this.#endText()
    this.#lines.push(
      `out.reserve(${this.#runBytes}); at = out.size; view = out.view; bytes = out.bytes`,
      ...this.#run,
      'out.size = at',
    )
    this.#run = []
    this.#runBytes = 0
  }
}

function writeOf(plan: Plan, fields: readonly Field[], masked: Masked): EventCodec['write'] {
  const kept = withoutAccount(plan)
  if (kept.keys.size === 0 || fields.some(({ kind }) => kind === 'loose')) return undefined
  // An account that cannot be lifted stays in the context.
  if (plan.keys.has('account_id') && accountOf(plan, fields) === undefined) return undefined
  const place = placesOf(fields)
  const code = new WriteCode()
  /** What stands behind the brace that begins an object. */
  const write = (node: Plan): void => {
    let before = ''
    for (const [key, member] of node.keys) {
      code.putText(`${before}${quoted(key)}:`)
      before = ','
      if (isPlan(member)) {
        code.putText('{')
        write(member)
      } else if (member.kind === 'secret') code.putText(text(redacted))
      else if (member.kind === 'string') code.putString(place.get(member)!, member.strength)
      else if (member.kind === 'number') code.putNumber(place.get(member)!)
      else code.putBoolean(place.get(member)!)
    }
    code.putText('}')
  }
  write(kept)
  // oxlint-disable-next-line no-implied-eval -- compiling the schema is the point; names come through JSON.stringify
  const make = new Function(
    'putNumber',
    'strings',
    'masked',
    `return (out, lanes) => {\n${headsOf(fields)}let at, view, bytes\n${code.end()}\n}`,
  )
  return make(putNumber, code.strings, masked) as EventCodec['write']
}

/** How the account is read where it is a string or a number; another one is not lifted. */
function accountOf(plan: Plan, fields: readonly Field[]): EventCodec['accountOf'] {
  const account = plan.keys.get('account_id')
  if (account === undefined || isPlan(account)) return undefined
  if (account.kind !== 'string' && account.kind !== 'number') return undefined
  const before = fields.slice(0, fields.indexOf(account))
  const offset = before.filter(({ kind }) =>
    account.kind === 'string' ? kind === 'string' : kind === 'number' || kind === 'boolean',
  ).length
  return account.kind === 'string'
    ? (lanes) => lanes.refs[(lanes.refHead + offset) & lanes.mask] as string
    : (lanes) => String(lanes.nums[(lanes.numHead + offset) & lanes.mask])
}

function messageOf(message: string): EventCodec['message'] {
  const parts = messageParts(message)
  if (parts.every((part) => typeof part === 'string')) {
    const whole = parts.join('')
    return () => whole
  }
  return (context) => {
    let filled = ''
    for (const part of parts)
      filled += typeof part === 'string' ? part : shown(valueAt(context, part))
    return filled
  }
}
