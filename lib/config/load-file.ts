// Reads `system.json` as far as its `logging` section. Everything that can go wrong with the file
// is a ConfigError that names it: with the system's reason, or with the line and column.

import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { getSystemErrorMap } from 'node:util'
import { ConfigError } from '../errors.ts'
import { absolutePathOf, pathFaultOf } from './log-path.ts'
import { visible } from '../entry/visible-text.ts'
import { keysOf, pathOf, shown } from '../entry/foreign-value.ts'
import { jsonFaultOf, repeatedKeysOf } from './json-fault.ts'
import type { ConfigProblem } from '../errors.ts'

const byteOrderMark = Buffer.from('\ufeff')
const replacement = Buffer.from('\ufffd')

/** What a file holds. */
export interface ReadFile {
  /** Absolute. */
  readonly path: string
  /** An object. */
  readonly document: { readonly logging?: unknown }
  /** The keys of its `logging` section that stand there more than once. */
  readonly problems: readonly ConfigProblem[]
}

/**
 * A file with its `logging` section, unchecked but for keys that stand there twice, which only the
 * text shows.
 *
 * @throws {ConfigError} when the file cannot be read or is not a JSON object.
 */
export function readConfigFile(file: string | URL): ReadFile {
  const path = filePathOf(file)
  const text = textOf(path, hintOf(file))
  const document = parse(text, path)
  if (keysOf(document) === undefined) {
    fail(
      path,
      `${placeOf(text, text.search(/[^ \t\r\n]/))}: expected an object, got ${shown(document)}`,
    )
  }
  return { path, document: document as object, problems: repeatsIn(text) }
}

/** Each key of the section that JSON.parse has dropped for a later one. */
function repeatsIn(text: string): ConfigProblem[] {
  return repeatedKeysOf(text)
    .filter(({ path: [section] }) => section === 'logging')
    .map(({ path: [section = '', ...keys], at, before }) => ({
      path: keys.reduce(pathOf, section),
      expected: 'each key once',
      actual: `it again in ${placeOf(text, at)}, after ${placeOf(text, before)}`,
    }))
}

/**
 * The absolute path of a file.
 *
 * @throws {ConfigError} when it is neither a path nor a file URL.
 */
export function filePathOf(file: unknown): string {
  const isPath = typeof file === 'string' && file !== '' && !file.includes('\0')
  if (!isPath && !(file instanceof URL)) {
    const problem = `expected a path or a file URL, got ${shown(file)}`
    throw new ConfigError(`Cannot read the configuration: ${problem}`, [])
  }
  try {
    return isPath ? absolutePathOf(file) : fileURLToPath(file)
  } catch (error) {
    return fail(String(file), reasonOf(error), error)
  }
}

/** @param hint What to say beside the reason when it cannot be read. */
function textOf(path: string, hint: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    return fail(path, reasonOf(error) + hint, error)
  }
  if (bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark)) {
    bytes = bytes.subarray(byteOrderMark.length)
  }
  const text = bytes.toString('utf8')
  if (isUtf8(bytes)) return text
  return fail(path, `${placeOf(text, foreignIn(text, bytes))}: expected UTF-8, got other bytes`)
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const fault = jsonFaultOf(text)
    if (fault === undefined) return fail(path, reasonOf(error), error)
    const { at, expected, actual } = fault
    return fail(path, `${placeOf(text, at)}: expected ${expected}, got ${actual}`, error)
  }
}

/** Why a file may not be there: its path waits to be filled in. */
function hintOf(file: string | URL): string {
  const fault = typeof file === 'string' ? pathFaultOf(file) : undefined
  return fault === undefined || fault === ' ' ? '' : `; nothing fills in the ${shown(fault)} of it`
}

/** Where the replacement character stands for bytes that are no UTF-8, and not for itself. */
function foreignIn(text: string, bytes: Buffer): number {
  let at = text.indexOf('\ufffd')
  let offset = Buffer.byteLength(text.slice(0, at))
  while (at !== -1 && bytes.subarray(offset, offset + 3).equals(replacement)) {
    const next = text.indexOf('\ufffd', at + 1)
    offset += Buffer.byteLength(text.slice(at, next))
    at = next
  }
  return at
}

/** Line and column, both from 1; a column is a UTF-16 unit, as editors count. */
function placeOf(text: string, at: number): string {
  const lines = text.slice(0, at).split(/\r\n|\n|\r/)
  return `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`
}

/**
 * Node prints the causes of an error as they are, and these repeat the path or a piece of the file.
 */
function makeVisible(error: Error): void {
  const { message, stack } = error
  error.message = visible(message)
  if (stack !== undefined) error.stack = stack.replace(message, () => error.message)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { errno } = error as NodeJS.ErrnoException
  const [code, message] = (errno !== undefined && getSystemErrorMap().get(errno)) || []
  return message === undefined ? error.message : `${message} (${code})`
}

function fail(path: string, reason: string, cause?: unknown): never {
  if (cause instanceof Error) makeVisible(cause)
  const options = cause === undefined ? { file: path } : { file: path, cause }
  throw new ConfigError(`Cannot read the configuration in ${path}: ${reason}`, [], options)
}
