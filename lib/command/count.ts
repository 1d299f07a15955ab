// How many there are, in words: one entry, two entries.

/** The words that are not made with an s. */
const plurals: { readonly [word: string]: string } = {
  category: 'categories',
  entry: 'entries',
}

/** A number and what is counted: `1 log`, `2 logs`. */
export function counted(count: number, word: string): string {
  return `${count} ${count === 1 ? word : (plurals[word] ?? `${word}s`)}`
}

/** The one verb or the other, where there is one thing or there are several. */
export function verbOf(count: number, one: string, several: string): string {
  return count === 1 ? one : several
}
