// What of a query PostgreSQL can look at by itself, as conditions on a row. They leave out only
// what whoever asks would leave out: a row that jsonb did not take meets all of them, and of an
// expression or a field that the two would not read alike nothing is asked, or less.
//
//   grep    characters that any match must hold: /^order \d+ refused/ holds `order ` and ` refused`
//   where   the field at each place that its path may mean, `a.b` at a → b and at "a.b"

import type { EngineQuery } from './engine.ts'

/** A condition in SQL, with `{}` for each value. */
export type Condition = readonly [sql: string, ...values: readonly unknown[]]

/** Points in a path, at most: each may be a step or part of a name. */
const pointsMax = 4

/** Places and values that are asked for of one field, at most. */
const choicesMax = 100

/**
 * Of an expression with one of these nothing is asked: groups, alternatives, characters by code.
 */
const unread = /[(|]|\\[uxcpPk\d]/

/** What jsonb has in the place of what it refuses, and what it may stand for. */
const refused = /[\0\ufffd]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/u

/** The conditions of a query on the columns `time`, `entry` and `line`. */
export function conditionsOf(query: EngineQuery): Condition[] {
  const { levels, accounts, grep, where = {} } = query
  const conditions: Condition[] = [...timesOf(query)]
  if (levels !== undefined) conditions.push([`entry->>'level' = any({})`, levels])
  if (accounts !== undefined && !accounts.some((each) => refused.test(each))) {
    conditions.push([`entry->>'account_id' = any({})`, accounts])
  }
  for (const text of grep === undefined ? [] : textsIn(grep)) {
    // Of a line that is no entry the whole is looked at.
    conditions.push(
      grep!.ignoreCase
        ? [
            `(strpos(lower(line collate "C"), {}) > 0 or strpos(lower((entry->>'message') collate "C"), {}) > 0)`,
            text,
            text,
          ]
        : [`(strpos(line, {}) > 0 or strpos(entry->>'message', {}) > 0)`, text, text],
    )
  }
  for (const [path, values] of Object.entries(where)) {
    const condition = fieldOf(path, [values].flat().map(String))
    if (condition !== undefined) conditions.push(condition)
  }
  return conditions.map(([sql, ...values]) =>
    sql.startsWith('time ') ? [sql, ...values] : [`(entry is null or ${sql})`, ...values],
  )
}

/** Those of them that an index of times helps with. */
function timesOf({ since, until }: EngineQuery): Condition[] {
  const moment = `timestamptz 'epoch' + {}::bigint * interval '1 millisecond'`
  const conditions: Condition[] = []
  if (since !== undefined && Number.isFinite(since)) {
    conditions.push([`time >= ${moment}`, Math.floor(since)])
  }
  if (until !== undefined && Number.isFinite(until)) {
    conditions.push([`time <= ${moment}`, Math.ceil(until)])
  }
  return conditions
}

/**
 * Characters that stand in every text that an expression matches; in lower case when it takes both.
 * Fewer than there are where it is not sure: alternatives, groups and what may be absent end them.
 */
export function textsIn({ source, flags }: RegExp): string[] {
  if (unread.test(source) || flags.includes('v')) return []
  const hasUnicode = flags.includes('u')
  const takesBoth = flags.includes('i')
  const texts: string[] = []
  let text = ''
  const end = (): void => {
    if (text !== '') texts.push(text)
    text = ''
  }
  const part = /\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|([*+?]|\{\d+(?:,\d*)?\})\??|[\s\S]/g
  for (const [found, quantifier] of source.matchAll(part)) {
    if (quantifier !== undefined) {
      // What it is about may be absent, or come again.
      text = text.slice(0, -1)
      end()
      continue
    }
    const character = literalOf(found)
    // With `u` these two have a third form, and whoever asks PostgreSQL has ASCII alone in lower
    // case.
    const isSure =
      character !== undefined &&
      !(takesBoth && (character > '\x7f' || (hasUnicode && /[ks]/i.test(character))))
    if (isSure) text += takesBoth ? character.toLowerCase() : character
    else end()
  }
  end()
  return texts
}

/** The character that a part stands for; undefined when it is something else. */
function literalOf(part: string): string | undefined {
  const isEscaped = part.length === 2 && part.startsWith('\\')
  const character = isEscaped ? part[1]! : part
  const isOther = isEscaped ? /\w/.test(character) : /[.^$\\[\]{}]/.test(character)
  if (isOther || character.length !== 1 || /[\0\ufffd\ud800-\udfff]/.test(character))
    return undefined
  return character
}

/** One field that has one of some values; undefined when it is not to be asked for. */
function fieldOf(path: string, wanted: readonly string[]): Condition | undefined {
  const steps = path.split('.')
  // A list has its length as a field of its own.
  const isUnlike = steps.includes('length') || refused.test(path) || wanted.some(isUnlikely)
  if (isUnlike || steps.length - 1 > pointsMax || wanted.length === 0) return undefined
  const places = placesOf(steps)
  if (places.length * wanted.length > choicesMax) return undefined
  const choices: string[] = []
  const values: unknown[] = []
  for (const place of places) {
    for (const value of wanted) {
      for (const [sql, given] of valueOf(value)) {
        choices.push(sql)
        values.push(place, given)
      }
    }
  }
  return [`(${choices.join(' or ')})`, ...values]
}

/** A number beyond all, or what jsonb does not hold as it is. */
function isUnlikely(text: string): boolean {
  return refused.test(text) || Math.abs(Number(text)) > Number.MAX_VALUE / 2
}

/** `a.b.c` as a, b, c; a.b, c; a, b.c; a.b.c. */
function placesOf([first = '', ...rest]: readonly string[]): string[][] {
  if (rest.length === 0) return [[first]]
  const [second = '', ...others] = rest
  const apart = placesOf(rest).map((place) => [first, ...place])
  return [...apart, ...placesOf([`${first}.${second}`, ...others])]
}

/** What is compared as text has several forms. A list has each of its elements. */
function valueOf(text: string): [sql: string, value: unknown][] {
  const isSame = '(entry #> {}::text[]) @> {}::jsonb'
  const forms: [string, unknown][] = [[isSame, JSON.stringify(text)]]
  if (text === 'true' || text === 'false' || text === 'null') forms.push([isSame, text])
  const number = Number(text)
  if (String(number) !== text || !Number.isFinite(number)) return forms
  // The line may have more digits than a number keeps.
  const slack = Math.abs(number) * 2 ** -51 + Number.MIN_VALUE
  const about = JSON.stringify({ from: number - slack, to: number + slack })
  const isAbout = `jsonb_path_exists(entry #> {}::text[], '$[*] ? (@ >= $from && @ <= $to)', {}::jsonb)`
  return [...forms, [isAbout, about]]
}
