// Text in a run of characters: base64, hexadecimal digits, percent-encoded as a whole. What it says
// is looked at as any text is, and the run is masked when there is a secret in it.
//
// Most runs are no text: their first characters tell, before anything is decoded.

/** The shortest text that is looked for. UTF-16 units of the run. */
const runCharsMin = 24

/** The first characters of four are these where the byte is a letter, a digit, a mark. */
const textQuads = /[I-Za-f]...[I-Za-f]...[I-Za-f]...[I-Za-f]/y
const base64 = /[\w+/-]{24,}={0,2}/y
const textPairs = /(?:[2-7][\da-f]){8}/iy
const pairs = /(?:[\da-f]{2}){16,}/iy
const textTriplets = /(?:%[2-7][\da-f]){6}/iy
const triplets = /(?:%[\da-f]{2}|[\w.~-])+/iy

/** Text, as bytes: no control characters, but for the ends of lines; the last may be cut. */
// oxlint-disable-next-line no-control-regex -- these are what text has none of
const controls = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/

/** What a run says, and where it ends. */
export interface EncodedText {
  readonly text: string
  readonly end: number
}

/** The text that a run stands for which begins at a place; undefined when it is none. */
export function encodedText(text: string, run: number, end: number): EncodedText | undefined {
  if (end - run < runCharsMin) return undefined
  if (matches(textQuads, text, run) && matches(base64, text, run)) {
    const found = textOf(text.slice(run, base64.lastIndex), 'base64')
    if (found !== undefined) return { text: found, end: base64.lastIndex }
  }
  if (matches(textPairs, text, run) && matches(pairs, text, run)) {
    const found = textOf(text.slice(run, pairs.lastIndex), 'hex')
    if (found !== undefined) return { text: found, end: pairs.lastIndex }
  }
  if (!matches(textTriplets, text, run) || !matches(triplets, text, run)) return undefined
  const decoded = text
    .slice(run, triplets.lastIndex)
    .replaceAll(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
  return { text: decoded, end: triplets.lastIndex }
}

function textOf(encoded: string, encoding: 'base64' | 'hex'): string | undefined {
  const decoded = Buffer.from(encoded, encoding).toString('latin1')
  return controls.test(decoded.slice(0, -3)) ? undefined : decoded
}

/** Whether a sticky pattern matches at a place. */
function matches(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at
  return pattern.test(text)
}

/** Every pattern by name: what the tests prove to be safe. */
export const encodedPatterns: Readonly<Record<string, RegExp>> = {
  textQuads,
  base64Text: base64,
  textPairs,
  pairs,
  textTriplets,
  triplets,
  controls,
}
