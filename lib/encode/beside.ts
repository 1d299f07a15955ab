// What stands beside a member in its object and makes it a secret: the name of a field whose value
// it is, the columns of a table whose rows it holds. The lanes are looked at from where they are,
// and stay there.

import {
  ARRAY,
  AS_TEXT,
  CUT_STRING,
  END,
  JSON_TEXT,
  type Lanes,
  NUMBER,
  OBJECT,
  STRING,
} from '../capture/lanes.ts'
import { NONE, type Redactor, SHORT, STRONG, type Strength } from '../redact/secret-keys.ts'
import { COLUMNS, KIND, LABELS, NAMES, roleOf, type Role } from './key-role.ts'
import { nameStrength } from './secret-list.ts'

/** What was found. */
export interface Beside {
  /** How surely the name beside names a secret. */
  readonly strength: Strength
  /** Whether it is a path like that of a request: only what is called its value is one. */
  readonly isPath: boolean
  /** How surely each column names a secret; undefined when none does. */
  readonly columns: readonly Strength[] | undefined
}

/** There is a name, and it names no secret. */
export const unnamed: Beside = { strength: NONE, isPath: false, columns: undefined }
/** What stands there is a secret. */
export const sure: Beside = { strength: STRONG, isPath: false, columns: undefined }

/** How many columns are looked at, and how many parts of a path. */
const columnsMax = 256
const partsMax = 16

/** What the string says that is next in the lanes, at a key that holds names. */
export function namedBy(lanes: Lanes, key: string, role: Role, redactor: Redactor): Beside {
  const text = lanes.refs[lanes.refHead & lanes.mask] as string
  const isPath = text.includes('/')
  const strength = nameStrength(isPath ? lastOf(text) : text, redactor)
  if (strength === NONE || (role === LABELS && strength < STRONG)) return unnamed
  return { strength, isPath: isPath && key === 'path', columns: undefined }
}

/** The last part of a path that is no index: `/users/3/password`, `/credentials/-`. */
function lastOf(path: string): string {
  const end = /(?:\/(?:\d{0,10}|-))+$/.exec(path.slice(-partsMax))
  const whole = end === null ? path : path.slice(0, path.length - end[0].length)
  return whole
    .slice(whole.lastIndexOf('/') + 1)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~')
}

/** The same of a list that is next: the header of a table, the parts of a path. */
export function namedByList(lanes: Lanes, key: string, redactor: Redactor): Beside {
  if (/path|loc|pointer/i.test(key)) return namedByPath(lanes, redactor)
  const columns = columnsOf(lanes, redactor)
  return columns === undefined ? unnamed : { strength: NONE, isPath: false, columns }
}

/** The same of the parts of a path: `['user', 'password']`. */
function namedByPath(lanes: Lanes, redactor: Redactor): Beside {
  let last: string | undefined
  const { tagHead, refHead, mask } = lanes
  let ref = refHead
  for (let part = 0; part < partsMax; part++) {
    const tag = lanes.tags[(tagHead + part) & mask]!
    if (tag === END) break
    if (tag === STRING) last = lanes.refs[ref++ & mask] as string
    else if (tag !== NUMBER) return unnamed
  }
  const strength = last === undefined ? NONE : nameStrength(last, redactor)
  return strength === NONE ? unnamed : { strength, isPath: false, columns: undefined }
}

/**
 * How surely each of the columns names a secret that are next in the lanes, as strings or as
 * objects with a name; undefined when none does.
 */
export function columnsOf(lanes: Lanes, redactor: Redactor): Strength[] | undefined {
  const columns: Strength[] = []
  let isSecret = false
  const ended = ahead(lanes, () => {
    for (let tag = lanes.shiftTag(); tag !== END; tag = lanes.shiftTag()) {
      if (columns.length >= columnsMax) return false
      let strength: Strength = NONE
      if (tag === STRING) strength = nameStrength(lanes.shiftRef(), redactor)
      else if (tag === OBJECT) strength = nameIn(lanes, redactor)
      else return false
      columns.push(strength)
      if (strength >= SHORT) isSecret = true
    }
    return true
  })
  return ended && isSecret ? columns : undefined
}

/** What a row of names begins with. */
const firstName =
  /^(?:#|id|no|index|name|user.{0,12}|login|e-?mail|account.{0,12}|host.{0,12}|date|time.{0,12})$/i

/**
 * The same of a list that is the first of several, the header of a table; undefined when it is
 * none: `['user', 'password']`.
 */
export function headerOf(lanes: Lanes, redactor: Redactor): Strength[] | undefined {
  if (lanes.tags[lanes.tagHead & lanes.mask] !== STRING) return undefined
  if (!firstName.test(lanes.refs[lanes.refHead & lanes.mask] as string)) return undefined
  return columnsOf(lanes, redactor)
}

/** How many strings, numbers and the like are in the list that is next; -1 of one with others. */
export function rowLength(lanes: Lanes): number {
  for (let length = 0; length < columnsMax; length++) {
    const tag = lanes.tags[(lanes.tagHead + length) & lanes.mask]!
    if (tag === END) return length
    if (tag === OBJECT || tag === ARRAY || tag === AS_TEXT) return -1
  }
  return -1
}

/** How surely the name in an object names a secret; the lanes are moved past it. */
function nameIn(lanes: Lanes, redactor: Redactor): Strength {
  let strength: Strength = NONE
  for (let tag = lanes.shiftTag(); tag !== END; tag = lanes.shiftTag()) {
    const key = lanes.shiftRef()
    if (tag === STRING && strength === NONE && roleOf(key) === NAMES) {
      strength = namedBy(lanes, key, NAMES, redactor).strength
    }
    skip(lanes, tag)
  }
  return strength
}

/** What is said of a value by the members behind it in its object; the value itself is next. */
export function besideAhead(lanes: Lanes, tag: number, redactor: Redactor): Beside {
  return membersAhead(lanes, tag, (key, role, next) => {
    if (role === NAMES && next === ARRAY) return namedByList(lanes, key, redactor)
    if ((role !== NAMES && role !== LABELS) || next !== STRING) return unnamed
    return namedBy(lanes, key, role, redactor)
  })
}

/** The columns behind the rows that are next. */
export function columnsAhead(lanes: Lanes, tag: number, redactor: Redactor): Beside {
  return membersAhead(lanes, tag, (_, role, next) => {
    if ((role !== COLUMNS && role !== NAMES) || next !== ARRAY) return unnamed
    const columns = columnsOf(lanes, redactor)
    return columns === undefined ? unnamed : { strength: NONE, isPath: false, columns }
  })
}

/** Whether the manifest whose data is next is that of a secret. */
export function isSecretAhead(lanes: Lanes, tag: number): boolean {
  const found = membersAhead(lanes, tag, (_, role, next) => {
    const isSecret = role === KIND && next === STRING
    return isSecret && lanes.refs[lanes.refHead & lanes.mask] === 'Secret' ? sure : unnamed
  })
  return found === sure
}

/** What the first member says, behind the value that is next, of which anything is said. */
function membersAhead(
  lanes: Lanes,
  tag: number,
  of: (key: string, role: Role, tag: number) => Beside,
): Beside {
  return ahead(lanes, () => {
    skip(lanes, tag)
    for (let next = lanes.shiftTag(); next !== END; next = lanes.shiftTag()) {
      const key = lanes.shiftRef()
      const found = of(key, roleOf(key), next)
      if (found !== unnamed) return found
      skip(lanes, next)
    }
    return unnamed
  })
}

function ahead<T>(lanes: Lanes, look: () => T): T {
  const { tagHead, numHead, refHead } = lanes
  const found = look()
  lanes.tagHead = tagHead
  lanes.numHead = numHead
  lanes.refHead = refHead
  return found
}

/** Passes over a value whose tag has been read. */
export function skip(lanes: Lanes, tag: number): void {
  switch (tag) {
    case CUT_STRING:
      lanes.shiftRef()
      lanes.shiftNumber()
      return
    case STRING:
    case JSON_TEXT:
      lanes.shiftRef()
      return
    case AS_TEXT:
      skip(lanes, lanes.shiftTag())
      return
    case NUMBER:
      lanes.shiftNumber()
      return
    case OBJECT:
      for (let next = lanes.shiftTag(); next !== END; next = lanes.shiftTag()) {
        lanes.shiftRef()
        skip(lanes, next)
      }
      return
    case ARRAY:
      for (let next = lanes.shiftTag(); next !== END; next = lanes.shiftTag()) skip(lanes, next)
      return
    default:
  }
}
