// A misplaced `logging` section: its name misspelt, or its keys at the top of the file. Without an
// error all defaults would hold, and the log would lie where nobody looks for it.
//
// What is no business of ours must stay that way: a `login`, a section of another program with a
// `log_level` of its own. So a name alone is enough only when it differs in nothing but case and
// punctuation; else the content has to look like ours. Who is mistaken for one writes an empty
// `"logging": {}`.

import { keysOf, readMember, shown } from '../entry/foreign-value.ts'
import { nearestOf, slipsOf } from '../entry/closest-word.ts'
import type { ConfigProblem } from '../errors.ts'

/** The keys of the section that no other program is likely to use at the top of the file. */
const ownWords: ReadonlySet<string> = new Set([
  'log_level',
  'log_path',
  'retention_days',
  'lock_wait_s',
  'structured_format',
  'windows_event_log',
])

/** Words of English that are one slip away from `logging`. */
const words: ReadonlySet<string> = new Set(['lodging', 'jogging', 'clogging', 'flogging'])

/** The most items of a list that an error names. */
const toldMax = 4

/**
 * What in a file without a `logging` section is meant to be one.
 *
 * @param known The keys of the section.
 * @returns `undefined` when nothing is.
 */
export function misplacedSectionOf(
  document: object,
  known: readonly string[],
): ConfigProblem | undefined {
  const names = keysOf(document) ?? []
  const expected = 'a section of this name, or an empty one for the defaults'
  const problem = (actual: string): ConfigProblem => ({ path: 'logging', expected, actual })

  for (const name of names) {
    if (isNamedAlike(name, readMember(document, name), known)) {
      return problem(`none, but ${shown(name)} (did you mean logging?)`)
    }
  }
  const loose = names.filter((name) => known.includes(name))
  if (loose.length > 1 || loose.some((name) => ownWords.has(name))) {
    return problem(`its keys at the top of the file: ${listOf(loose)}`)
  }
  for (const name of names) {
    const outer = readMember(document, name)
    for (const inner of keysOf(outer) ?? []) {
      if (inner === 'logging' && isSection(readMember(outer as object, inner), known)) {
        return problem(`one within ${shown(name)}, not at the top of the file`)
      }
    }
  }
  return undefined
}

/** Whether a section is meant by its name, and its content does not speak against it. */
function isNamedAlike(name: string, value: unknown, known: readonly string[]): boolean {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '')
  if (plain === 'logging') return true
  const slips = slipsOf(plain, 'logging')
  if (slips === 1 && !words.has(plain)) return true
  const keys = keysOf(value) ?? []
  if (slips <= 2) return keys.some((key) => nearestOf(key, known) !== undefined)
  return speaksOfLog(name) && keys.some((key) => known.includes(key))
}

/**
 * Whether one of the words in a name is log: `log`, `risk_logs`, `loggerConfig`; not `catalog`, not
 * `login`.
 */
function speaksOfLog(name: string): boolean {
  const parts = name.split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/)
  return parts.some((part) => /^(?:ring)?(?:log|logs|logger|loggers|logging)$/i.test(part))
}

/** Whether all keys of an object are those of the section, and one is of nobody else. */
function isSection(value: unknown, known: readonly string[]): boolean {
  const keys = keysOf(value) ?? []
  return keys.every((key) => known.includes(key)) && keys.some((key) => ownWords.has(key))
}

function listOf(names: readonly string[]): string {
  const told = names.slice(0, toldMax).join(', ')
  return names.length > toldMax ? `${told}, …` : told
}
