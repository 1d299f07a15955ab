// The known word that somebody meant: "did you mean rotation?".

/** No known word is longer; a longer one is not looked at. */
const charsMax = 64

/**
 * The known word that is nearest to another one, if it is near enough to be worth a question: the
 * same but for case and punctuation, a part of it, or up to two slips of the finger away.
 *
 * @returns `undefined` when none is near.
 */
export function nearestOf(word: string, known: readonly string[]): string | undefined {
  if (word.length > charsMax) return undefined
  const plain = plainOf(word)
  // Short words are near to everything.
  const distanceMax = Math.min(2, Math.floor(plain.length / 2))
  let nearest: string | undefined
  let distanceMin = distanceMax + 1
  for (const candidate of known) {
    const distance = distanceOf(plain, plainOf(candidate))
    if (distance < distanceMin) {
      nearest = candidate
      distanceMin = distance
    }
  }
  return nearest
}

/**
 * The question for the word that was meant.
 *
 * @param meant Words that are not near to a known one, and mean it nevertheless.
 * @returns ` (did you mean rotation?)`, or nothing when none is near.
 */
export function questionOf(
  word: string,
  known: readonly string[],
  meant: { readonly [word: string]: string } = {},
): string {
  if (word.length > charsMax) return ''
  const plain = plainOf(word)
  const nearest = Object.hasOwn(meant, plain) ? meant[plain] : nearestOf(word, known)
  return nearest === undefined ? '' : ` (did you mean ${nearest}?)`
}

function plainOf(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** Slips of the finger from one word to the other; 2 at most when one is a part of the other. */
function distanceOf(a: string, b: string): number {
  const part = Math.min(a.length, b.length) >= 4 && (a.includes(b) || b.includes(a))
  return Math.min(slipsOf(a, b), part ? 2 : Infinity)
}

/**
 * Letters that are wrong, missing, too many, or swapped with the next (optimal string alignment).
 */
export function slipsOf(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let slips = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
      )
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        slips = Math.min(slips, (beforeLast[j - 2] ?? 0) + 1)
      }
      row.push(slips)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
