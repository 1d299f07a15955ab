// Runs of characters as long as a token: letters, digits, and a few marks. Most texts have none.

/** The shortest run that a token of any form has. */
const runCharsMin = 18

/**
 * By ASCII code: what a run may consist of. What is beyond ASCII counts as it falls: it may only
 * pass too much.
 */
const isRunCode = new Uint8Array(128)
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/.~$%') {
  isRunCode[character.charCodeAt(0)] = 1
}

/**
 * Whether bytes of text have a run as long as a token. Looks at the place where such a run would
 * end and goes back from there, so of plain words it sees a third of the letters.
 */
export function hasRun(bytes: Uint8Array, length: number): boolean {
  let start = 0
  let end = runCharsMin - 1
  while (end < length) {
    let at = end
    while (at >= start && isRunCode[bytes[at]! & 0x7f] === 1) at--
    if (at < start) return true
    start = at + 1
    end = at + runCharsMin
  }
  return false
}

/** Where the next run begins that is as long as a token; -1 without one. */
export function nextRun(text: string, from: number): number {
  const { length } = text
  let start = from
  let end = from + runCharsMin - 1
  while (end < length) {
    let at = end
    while (at >= start && isRunCode[text.charCodeAt(at) & 0x7f] === 1) at--
    if (at < start) return start
    start = at + 1
    end = at + runCharsMin
  }
  return -1
}

/** Where a run ends that is as long as a token. */
export function runEnd(text: string, run: number): number {
  let end = run + runCharsMin
  while (end < text.length && isRunCode[text.charCodeAt(end) & 0x7f] === 1) end++
  return end
}
