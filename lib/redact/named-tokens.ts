// Tokens that nothing tells from an identifier but the words in front of them: the name of who
// handed them out, a word for what they are, and as many letters as theirs have: `deepgram key
// 5f3a…`, `"wandb": "…"`, `coda-access-token-…`.
//
// Between the name and the token stand marks and words that say nothing else. So an order of a
// broker, a document of a service, a request to it stay: `coda document 3f2b…`.

import { isAlphanumeric } from './text-marks.ts'
import { keyed, spoken } from './vendor-names.ts'

/** How far the name stands before the run of letters that holds the token. */
const nameCharsMax = 48
/** How far the token stands behind the name, and how many words between. */
const distanceMax = 64
const wordsMax = 8
/** Names looked at for one run: a text of nothing but names takes no longer. */
const namesMax = 4
/** How far a run is looked at before it is searched for names. */
const searchedCharsMax = 256

/** What stands between two words, or a word and the token. */
const marks = /[\s_.:=>"'`,|(){}[\]/\\;#-]{1,12}/y
/** Words that say that a key follows. */
const keyWord =
  /(?:secret|private|access|key|token|auth(?:orization|entication)?|bearer|cred(?:ential)?s?|password|passwd|pass|pwd|login)/iy
/** Words that say nothing else. */
const filler =
  /(?:api|client|personal|app(?:lication)?|user|account|admin|service|org|bot|prod(?:uction)?|staging|test|live|dev|is|was|are|the|your|my|our|using|uses?|with|for|to|set|value|val|string|str|var|const|let|env|debug|info|trace|request|sending|sent|header|search|storage|devops|cloud|v\d)/iy

interface Vendor {
  /** In small letters. */
  readonly name: string
  /** Whether a word for a key has to follow. */
  readonly isKeyed: boolean
  /** Sticky. */
  readonly form: RegExp
}

/** The vendors by the first three letters of their names, and whether there are any. */
interface Vendors {
  readonly begins: Uint8Array
  /** The longest name first. */
  readonly byPlace: ReadonlyMap<number, readonly Vendor[]>
}

let made: Vendors | undefined

/**
 * Made for the first text that has a word as long as a token: 500 patterns at load took 8 MB and
 * 20 ms of every program (Node 20, 2026-11). Vendors with tokens of one form share its pattern.
 */
function vendorsNow(): Vendors {
  if (made !== undefined) return made
  const begins = new Uint8Array(1 << 15)
  const byPlace = new Map<number, Vendor[]>()
  for (const [rows, isKeyed] of [
    [keyed, true],
    [spoken, false],
  ] as const) {
    for (const [source, names] of rows) {
      const form = new RegExp(`(?:${source})(?![\\w+/]|-\\w)`, 'iy')
      for (const name of names.split(' ')) {
        const place = placeOf(name, 0)
        begins[place] = 1
        const all = byPlace.get(place)
        if (all === undefined) byPlace.set(place, [{ name, isKeyed, form }])
        else all.push({ name, isKeyed, form })
      }
    }
  }
  for (const all of byPlace.values()) all.sort((a, b) => b.name.length - a.name.length)
  made = { begins, byPlace }
  return made
}

/** The three characters at a place, of each the five low bits. */
function placeOf(text: string, at: number): number {
  return (
    ((text.charCodeAt(at) & 31) << 10) |
    ((text.charCodeAt(at + 1) & 31) << 5) |
    (text.charCodeAt(at + 2) & 31)
  )
}

interface Place {
  readonly from: number
  readonly to: number
}

/**
 * The token that a vendor's name stands in front of, in a run of characters as long as a token;
 * undefined without one.
 *
 * @param floor Up to where the text is masked already.
 */
export function namedToken(
  text: string,
  run: number,
  end: number,
  floor: number,
): Place | undefined {
  if (!hasWord(text, run, Math.min(end, run + searchedCharsMax))) return undefined
  const { begins, byPlace } = vendorsNow()
  let names = 0
  let place = 0
  // A name that is followed by a token ends before it.
  const last = end - wordCharsMin
  for (let at = Math.max(floor, run - nameCharsMax); at < last; at++) {
    place = ((place << 5) | (text.charCodeAt(at) & 31)) & 0x7fff
    if (begins[place] === 0 || !isWordStart(text, at - 2)) continue
    for (const vendor of byPlace.get(place)!) {
      if (!isNamed(text, at - 2, vendor.name)) continue
      if (++names > namesMax) return undefined
      const token = tokenBehind(text, at - 2 + vendor.name.length, vendor, run)
      if (token !== undefined) return token
    }
  }
  return undefined
}

/** What a token consists of at least in a row, by ASCII code: a path, a URL has none of it. */
const isWordCode = new Uint8Array(128)
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-') {
  isWordCode[character.charCodeAt(0)] = 1
}
const wordCharsMin = 18

/** Whether so many of these characters stand in a row; looked for as runs are. */
function hasWord(text: string, from: number, to: number): boolean {
  let start = from
  let end = from + wordCharsMin - 1
  while (end < to) {
    let at = end
    while (at >= start && isWordCode[text.charCodeAt(at) & 0x7f] === 1) at--
    if (at < start) return true
    start = at + 1
    end = at + wordCharsMin
  }
  return false
}

/** Whether a word begins at a place: behind a mark, or with a capital behind a small letter. */
function isWordStart(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1)
  if (!isAlphanumeric(before)) return true
  // `-Dsonar.login=…`
  if (before === 0x44 && text.charCodeAt(at - 2) === 0x2d) return true
  return isSmall(before) && !isSmall(text.charCodeAt(at))
}

function isSmall(code: number): boolean {
  return code >= 0x61 && code <= 0x7a
}

function isNamed(text: string, at: number, name: string): boolean {
  return text.startsWith(name, at) || text.slice(at, at + name.length).toLowerCase() === name
}

/** The token behind a name, and the words between; undefined when something else stands there. */
function tokenBehind(
  text: string,
  from: number,
  { isKeyed, form }: Vendor,
  run: number,
): Place | undefined {
  let at = from
  let isKey = !isKeyed
  for (let words = 0; words < wordsMax && at - from < distanceMax; words++) {
    if (matches(marks, text, at)) at = marks.lastIndex
    // What stands before the run is a word.
    if (isKey && at >= run && !isAlphanumeric(text.charCodeAt(at - 1)) && matches(form, text, at)) {
      return { from: at, to: form.lastIndex }
    }
    if (matches(keyWord, text, at)) {
      isKey = true
      at = keyWord.lastIndex
    } else if (matches(filler, text, at)) at = filler.lastIndex
    else return undefined
  }
  return undefined
}

/** Whether a sticky pattern matches at a place. */
function matches(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at
  return pattern.test(text)
}

/** Every pattern by name, made anew: what the tests prove to be safe. */
export function namedPatterns(): Record<string, RegExp> {
  const forms = [...keyed, ...spoken].map(([form]) => [`named ${form}`, new RegExp(form, 'iy')])
  return { marks, keyWord, filler, ...Object.fromEntries(forms) }
}
