// What honesty and secrecy cost: the walk over an untyped context with all its guards against one
// without any, the line of it with keys and strings looked at against one without, and the masking
// of single strings.
//
//   npm run bench:values

import { JsonBytes } from '../lib/encode/json-bytes.ts'
import {
  END,
  type Lanes,
  Lanes as LanesOf,
  NUMBER,
  OBJECT,
  STRING,
  TRUE,
} from '../lib/capture/lanes.ts'
import { mask } from '../lib/redact/secret-text.ts'
import { Redactor } from '../lib/redact/secret-keys.ts'
import { LineEncoder } from '../lib/encode/line-encoder.ts'
import { captureContext } from '../lib/capture/context.ts'
import { enforcementContext } from './workload.ts'

const rounds = 7
const callsPerRound = 200_000
const places = 1 << 12

const lanes = new LanesOf(places, 1 << 24)
const out = new JsonBytes(1 << 16)
const redactor = new Redactor()
const encoder = new LineEncoder(redactor, 1 << 24)
const context = enforcementContext(1)

/**
 * The walk without any guard: no own-property check, no cycles, no limits, nothing but JSON's own
 * types.
 */
function bareWalk(into: Lanes, object: object): void {
  into.pushTag(OBJECT)
  const members = object as Record<string, unknown>
  for (const key in members) {
    const value = members[key]
    into.pushRef(key)
    if (typeof value === 'number') into.pushNumber(value)
    else if (typeof value === 'string') into.pushString(value)
    else if (typeof value === 'boolean') into.pushTag(value ? TRUE : TRUE + 1)
    else bareWalk(into, value as object)
  }
  into.pushTag(END)
}

/** The JSON of it, no key and no string looked at for secrets. */
function bareJson(from: Lanes, tag: number): void {
  if (tag === NUMBER) out.number(from.shiftNumber())
  else if (tag === STRING) out.string(from.shiftRef())
  else if (tag === OBJECT) {
    out.reserve(1)
    out.byte(0x7b)
    for (let next = from.shiftTag(); next !== END; next = from.shiftTag()) {
      out.string(from.shiftRef())
      out.byte(0x3a)
      bareJson(from, next)
      out.byte(0x2c)
    }
    out.byte(0x7d)
  } else out.json(tag === TRUE ? 'true' : 'false')
}

function captured(walk: (into: Lanes, object: object) => unknown): void {
  lanes.reset()
  lanes.begin(places)
  walk(lanes, context)
}

/** Nanoseconds per call, the best of all rounds; the others had company. */
function nsOf(work: () => void): number {
  let best = Infinity
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint()
    for (let i = 0; i < callsPerRound; i++) work()
    best = Math.min(best, Number(process.hrtime.bigint() - start) / callsPerRound)
  }
  return best
}

function show(what: string, ns: number, against?: number): void {
  const ratio = against === undefined ? '' : `  ${(ns / against).toFixed(2)} x`
  console.log(`${what.padEnd(58)} ${ns.toFixed(0).padStart(6)} ns${ratio}`)
}

const bareNs = nsOf(() => captured(bareWalk))
const guardedNs = nsOf(() => captured(captureContext))
show('walk of the enforcement context without guards', bareNs)
show('  with guards', guardedNs, bareNs)

const bareLineNs = nsOf(() => {
  captured(bareWalk)
  out.size = 0
  bareJson(lanes, lanes.shiftTag())
  out.textFrom(0)
})
const lineNs = nsOf(() => {
  captured(captureContext)
  encoder.value(lanes)
})
show('walk and JSON without guards and secrets', bareLineNs)
show('  with guards, keys and strings masked', lineNs, bareLineNs)

const prose =
  'Position closed due to unrealized loss limit exceeded while the market was moving quickly against the account holder; nothing else was open ok'
const pairs =
  'Daily loss limit breached for account DEMO123: realized=-512.50 unrealized=-100.25 limit=500 action=flatten orders=3 positions=2 latencyMs=12'
for (const [what, text] of Object.entries({ prose, 'seven name=value pairs': pairs })) {
  const escapeNs = nsOf(() => {
    out.size = 0
    out.string(text)
  })
  const bothNs = nsOf(() => {
    out.size = 0
    out.string(mask(text, redactor))
  })
  show(`escape ${text.length} characters of ${what}`, escapeNs)
  show('  mask and escape them', bothNs)
}
