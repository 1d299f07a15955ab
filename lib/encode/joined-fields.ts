// The fields of a request, which join the context of each entry logged in it. They were captured at
// the call, in front of its own, and stand in the line like bound ones, which win over equal
// fields.
//
// A request logs several entries with the same fields, among those of other requests. So what is
// made of fields is remembered by what they are, and the next line with them is copied from ready
// bytes.

import { type Lanes, END, FALSE, JSON_TEXT, NULL, NUMBER, STRING, TRUE } from '../capture/lanes.ts'
import { escapeSteering, jsonOf, quoted } from '../entry/json-text.ts'
import { Bindings, joinedBindings, type MemberEncoder } from './bindings.ts'
import type { Restored } from './event-encoder.ts'
import { boundTemplate, type Template } from './line-template.ts'

/** Fields remembered; past this the memory starts anew. */
const joinedMax = 512
/** Longer ones are not remembered. UTF-16 units. */
const charsMax = 1024

/** Fields, and the templates that have them. */
interface Joined {
  readonly own: Bindings
  readonly templates: Map<Template, Template>
}

/** The fields met lately. */
export class JoinedFields {
  readonly #encoder: MemberEncoder
  readonly #lineBytesMax: number
  readonly #known = new Map<string, Joined>()

  /** @param lineBytesMax What a line may come to. */
  constructor(encoder: MemberEncoder, lineBytesMax: number) {
    this.#encoder = encoder
    this.#lineBytesMax = lineBytesMax
  }

  /** What counts as a secret has changed: nothing that was masked before is kept. */
  forget(): void {
    this.#known.clear()
  }

  /** Reads the fields at the heads of the lanes; gives the template with them. */
  read(lanes: Lanes, template: Template): Template {
    const { tagHead, numHead, refHead } = lanes
    const accountId = lanes.refs[refHead & lanes.mask] as string | undefined
    lanes.refHead = (refHead + 1) | 0
    const key = signatureOf(lanes, accountId)
    let joined = key === undefined ? undefined : this.#known.get(key)
    if (joined === undefined) {
      lanes.tagHead = tagHead
      lanes.numHead = numHead
      lanes.refHead = (refHead + 1) | 0
      joined = {
        own: new Bindings(accountId, this.#members(lanes), this.#encoder.era),
        templates: new Map(),
      }
      if (key !== undefined) {
        if (this.#known.size >= joinedMax) this.#known.clear()
        this.#known.set(key, joined)
      }
    }
    return this.#templateWith(joined, template)
  }

  #members(lanes: Lanes): ReadonlyMap<string, string> {
    if (lanes.tags[lanes.tagHead & lanes.mask] !== JSON_TEXT) {
      return new Map(this.#encoder.members(lanes))
    }
    lanes.shiftTag()
    const members = Object.entries(JSON.parse(lanes.shiftRef()) as Restored)
    return new Map(
      members.map(([key, value]) => [key, escapeSteering(`${quoted(key)}:${jsonOf(value)}`)]),
    )
  }

  #templateWith({ own, templates }: Joined, template: Template): Template {
    const known = templates.get(template)
    if (known !== undefined) return known
    const bindings = joinedBindings(this.#encoder, own, template.bindings, this.#lineBytesMax)
    const made = boundTemplate(template, bindings)
    if (templates.size >= joinedMax) templates.clear()
    templates.set(template, made)
    return made
  }
}

/**
 * What fields come to in one string, the heads moved past them: equal ones for equal fields only.
 * Undefined for fields that are not all single values, or too long.
 */
function signatureOf(lanes: Lanes, accountId: string | undefined): string | undefined {
  let signature = accountId === undefined ? '' : `${accountId.length}:${accountId}`
  // The first is that of the object around them.
  if (lanes.shiftTag() === JSON_TEXT) return undefined
  for (let tag = lanes.shiftTag(); tag !== END; tag = lanes.shiftTag()) {
    const key = lanes.shiftRef()
    signature += `,${key.length}:${key}`
    if (tag === STRING) {
      const text = lanes.shiftRef()
      signature += `"${text.length}:${text}`
    } else if (tag === NUMBER) signature += lanes.shiftNumber()
    else if (tag === TRUE || tag === FALSE || tag === NULL) signature += `t${tag}`
    else return undefined
    if (signature.length > charsMax) return undefined
  }
  return signature
}
