// A value from outside (a configuration, an option): read without trust, and shown in an error as
// JSON on one short line.
//
// The value may be anything: a cycle, a getter or Proxy that throws, megabytes. Nothing here
// throws, no more of the value is read than is shown, and what is shown is harmless to a terminal.
// The limit also keeps a secret that went astray from being printed at length.

import { cut, textOf as safeTextOf } from './safe-text.ts'
import { visible, visibleJson } from './visible-text.ts'

/** Longest text for a value, in characters. */
const charsMax = 60

/** Stands for a value that could not be read. */
const unreadable = Symbol('unreadable')

/** The member of an object, or a symbol that fits no schema if reading it throws. */
export function readMember(object: object, key: string): unknown {
  try {
    return Reflect.get(object, key)
  } catch {
    // What was thrown is of no use: the caller learns which member it was.
    return unreadable
  }
}

/**
 * The keys of an object as JSON has them, not of an array or class instance; `undefined` for all
 * else.
 */
export function keysOf(value: unknown): readonly string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  try {
    // An object of another realm has another Object.prototype; both end the chain. An array, a Map,
    // a Promise or a class instance would seem empty, and its settings would be ignored in silence;
    // so would inherited ones.
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== null && !isObjectPrototype(prototype)) return undefined
    return Object.keys(value)
  } catch {
    // A Proxy that throws is no object to us.
    return undefined
  }
}

/** Whether it ends the chain, and has what that of all objects has. */
function isObjectPrototype(prototype: unknown): boolean {
  return (
    Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf')
  )
}

/** The length of an array, or `undefined` for all else. */
export function lengthOf(value: unknown): number | undefined {
  try {
    return Array.isArray(value) ? value.length : undefined
  } catch {
    // A Proxy that throws is no array to us.
    return undefined
  }
}

/** A value as JSON, cut to 60 characters. What JSON lacks is named: `a function`. */
export function shown(value: unknown): string {
  const text = visibleJson(textOf(value, charsMax))
  if (text.length <= charsMax) return text
  // No half of a surrogate pair remains.
  return `${text.slice(0, charsMax - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

/** The longest key of a Map that is shown as JSON, in UTF-16 units. */
const mapKeyCharsMax = 1024

/**
 * The key of a Map as text. A plain object and an array are shown as JSON: a name in them tells
 * what is secret, and two of them are two. One that is long is not shown.
 */
export function mapKeyOf(key: unknown): string {
  if (typeof key !== 'object' || key === null) return safeTextOf(key)
  const isArray = lengthOf(key) !== undefined
  if (!isArray && keysOf(key) === undefined) return safeTextOf(key)
  const text = isArray || safeTextOf(key) === '[object Object]' ? textOf(key, mapKeyCharsMax) : ''
  if (text === '') return safeTextOf(key)
  return text.length <= mapKeyCharsMax ? text : `[object ${isArray ? 'Array' : 'Object'}]`
}

/** A value as a name: a string without quotes, all else as {@link shown} has it. */
export function named(value: unknown): string {
  return typeof value === 'string' && value !== '' ? visible(cut(value, charsMax)) : shown(value)
}

/** The path of a member: `logging.rotation`, or `logging["odd key"]`. */
export function pathOf(parent: string, key: string): string {
  return /^[A-Za-z_$][\w$-]{0,63}$/.test(key) ? `${parent}.${key}` : `${parent}[${shown(key)}]`
}

/** As JSON; ends early, but not before it is longer than `room`. */
function textOf(value: unknown, room: number): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.slice(0, room + 1))
    case 'bigint':
      // The digits of a huge one would take seconds.
      return BigInt.asIntN(64, value) === value ? `${value}n` : 'a large bigint'
    case 'function':
      return 'a function'
    case 'symbol':
      return value === unreadable ? 'a getter that throws' : 'a symbol'
    case 'object':
      return value === null ? 'null' : textOfObject(value, room)
    case 'number':
    case 'boolean':
    case 'undefined':
    default:
      return String(value)
  }
}

function textOfObject(value: object, room: number): string {
  const length = lengthOf(value)
  if (length !== undefined) {
    let text = '['
    for (let at = 0; at < length && text.length <= room; at++) {
      if (at > 0) text += ','
      text += textOf(readMember(value, String(at)), Math.max(0, room - text.length))
    }
    return `${text}]`
  }
  const keys = keysOf(value)
  if (keys === undefined) return instanceText(value)
  let text = '{'
  for (const key of keys) {
    if (text.length > room) break
    text += `${text === '{' ? '' : ','}${textOf(key, room)}:`
    text += textOf(readMember(value, key), Math.max(0, room - text.length))
  }
  return `${text}}`
}

function instanceText(value: object): string {
  const constructor = readMember(value, 'constructor')
  const name = typeof constructor === 'function' ? readMember(constructor, 'name') : undefined
  const known = typeof name === 'string' && /^[A-Za-z_$][\w$]{0,40}$/.test(name)
  return known ? `an instance of ${name}` : 'an object that is not plain'
}
