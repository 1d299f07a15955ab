// Secrets in tables that are text: a line of names, and below it lines of values, as CSV has them,
// tabs between, or the lines of a drawn table. Columns that are aligned by blanks alone are not
// recognised.

import { isPassword } from './assignment.ts'
import { nextName } from './name-grams.ts'
import { NONE, redacted, type Redactor, SHORT, STRONG, type Strength } from './secret-keys.ts'
import { isNothing, looksSecret } from './secret-values.ts'

/** How long a line of names may be, in UTF-16 units. */
const headerCharsMax = 2048
/** How many columns are looked at. */
const columnsMax = 128

/** A name in a line of names. */
const columnName = /^(?:[\p{L}_#][\p{L}\p{N}_ .-]{0,63}|\(\w{1,16}\))$/u
/** What may stand behind a name, and in front of the first one on its line. */
const closer = /\\{0,4}["'`]$/
const opener = /^\\{0,4}["'`]/
const marks = ['"', "'", '`', '=', '(', '>', ' ']
/** `COPY users (name, password) FROM stdin;`, as dumps of PostgreSQL have it. */
const copied = /\bcopy\s{1,4}[\w."]{1,128}\s{0,4}\(([^()]{1,2048})\)\s{1,4}from\s{1,4}stdin\b/i
/** A line between the names and the values. */
const ruler = /^[\s|+:=\u2500-\u257f-]{3,}$/

interface Column {
  readonly name: string
  readonly strength: Strength
}

/** A cell: where it begins and ends in the text, quotes and blanks around it left out. */
interface Cell {
  readonly from: number
  readonly to: number
}

/** The text with the secrets in tables masked; the text itself when there are none. */
export function maskTables(text: string, redactor: Redactor): string {
  let masked = text
  for (const lineBreak of ['\n', '\\n']) {
    if (masked.includes(lineBreak)) masked = maskTablesOf(masked, lineBreak, redactor)
  }
  return masked
}

function maskTablesOf(text: string, lineBreak: string, redactor: Redactor): string {
  let masked = ''
  let done = 0
  let at = nextName(text, 0, redactor.grams)
  while (at !== -1) {
    const before = text.lastIndexOf(lineBreak, at)
    const from = before === -1 ? 0 : before + lineBreak.length
    let end = endOf(text, at, lineBreak)
    const header = end < text.length ? headerOf(text.slice(from, end), redactor) : undefined
    if (header !== undefined) {
      const rows = new Rows(text, lineBreak, header.columns, header.separator)
      end = rows.read(end)
      for (const { from: start, to } of rows.secrets) {
        masked += text.slice(done, start) + redacted
        done = to
      }
    }
    at = nextName(text, end + 1, redactor.grams)
  }
  return done === 0 ? text : masked + text.slice(done)
}

function endOf(text: string, at: number, lineBreak: string): number {
  const end = text.indexOf(lineBreak, at)
  return end === -1 ? text.length : end
}

/** The columns that a line names, one of which surely names a secret; undefined for others. */
function headerOf(
  line: string,
  redactor: Redactor,
): { readonly columns: readonly Column[]; readonly separator: string } | undefined {
  if (line.length > headerCharsMax) return undefined
  const copy = copied.exec(line)
  if (copy !== null) {
    const names = copy[1]!
      .split(',')
      .map((name) => name.trim().replace(opener, '').replace(closer, ''))
    const columns = names.map((name) => ({ name, strength: redactor.strengthOf(name) }))
    return columns.some(({ strength }) => strength >= SHORT)
      ? { columns, separator: '\t' }
      : undefined
  }
  const separator = ['\t', ';', '\u2502', '|', ','].find((mark) => line.includes(mark))
  if (separator === undefined) return undefined
  const isDrawn = separator === '|' || separator === '\u2502'
  const columns: Column[] = []
  let isSecret = false
  const cells = line.replace(/(?:\\r|\r)$/, '').split(separator)
  for (const [i, cell] of cells.entries()) {
    const isEdge = isDrawn && (i === 0 || i === cells.length - 1)
    // In prose a blank follows a comma.
    const shown = i > 0 ? cell : behindMarks(isDrawn ? cell.trimEnd() : cell)
    if (!isDrawn && shown !== shown.trim()) return undefined
    const bare = shown.trim().replace(opener, '').replace(closer, '')
    const isNamed = columnName.test(bare)
    // In front of a drawn table may stand anything.
    if (!isNamed && !(isEdge && (i === 0 || bare === ''))) return undefined
    const name = isNamed ? bare : ''
    const strength = name === '' ? NONE : redactor.strengthOf(name)
    columns.push({ name, strength })
    if (strength >= SHORT) isSecret = true
  }
  return isSecret && columns.length > 1 && columns.length <= columnsMax
    ? { columns, separator }
    : undefined
}

/** The first name of a line, behind what stands in front of it: `Error: user`, `{"text":"user`. */
function behindMarks(cell: string): string {
  const text = cell.replace(closer, '')
  return text.slice(Math.max(...marks.map((mark) => text.lastIndexOf(mark))) + 1)
}

/** The lines below a line of names. */
class Rows {
  readonly #text: string
  readonly #lineBreak: string
  readonly #columns: readonly Column[]
  readonly #separator: string
  readonly secrets: Cell[] = []

  constructor(text: string, lineBreak: string, columns: readonly Column[], separator: string) {
    this.#text = text
    this.#lineBreak = lineBreak
    this.#columns = columns
    this.#separator = separator
  }

  /** Reads the rows behind the end of a line, and gives the end of the last. */
  read(headerEnd: number): number {
    const text = this.#text
    let end = headerEnd
    // A drawn table of two columns may as well have the names in the first one.
    let isSure = this.#separator === ',' || this.#columns.length > 2
    isSure ||= this.#separator === '\t' || this.#separator === ';'
    while (end < text.length) {
      const from = end + this.#lineBreak.length
      const next = endOf(text, from, this.#lineBreak)
      if (ruler.test(text.slice(from, Math.min(next, from + headerCharsMax)))) isSure = true
      else {
        const cells = isSure ? this.#cells(from, next) : undefined
        if (cells === undefined) return end
        for (const [i, cell] of cells.entries()) {
          if (this.#hides(this.#columns[i]!, cell)) this.secrets.push(cell)
        }
      }
      end = next
    }
    return end
  }

  #hides({ name, strength }: Column, { from, to }: Cell): boolean {
    if (strength === NONE || to <= from) return false
    const shown = this.#text.slice(from, Math.min(to, from + 256))
    if (isNothing(shown)) return false
    if (strength >= STRONG) return true
    return strength === SHORT ? isPassword(name, shown) : looksSecret(shown)
  }

  /** The cells of a row; undefined when it has another number of them. */
  #cells(from: number, to: number): Cell[] | undefined {
    const row = this.#text.slice(from, to)
    const separator = this.#separator
    const cells: Cell[] = []
    let start = 0
    for (;;) {
      const end = cellEnd(row, start, separator)
      // In prose a blank follows a comma.
      if (separator === ',' && end > start && row.charCodeAt(start) === 0x20) return undefined
      const cell = trimmed(row, start, end)
      cells.push({ from: from + cell.from, to: from + cell.to })
      if (cells.length > this.#columns.length) return undefined
      if (end >= row.length) break
      start = end + separator.length
    }
    return cells.length === this.#columns.length ? cells : undefined
  }
}

/** Where a cell ends: at the separator, which may stand in quotes as well. */
function cellEnd(row: string, start: number, separator: string): number {
  let at = start
  for (const quote of ['"', '\\"']) {
    if (row.startsWith(quote, at)) at = closing(row, at + quote.length, quote)
  }
  const end = row.indexOf(separator, at)
  return end === -1 ? row.length : end
}

/** A cell without blanks and quotes; the last ends before the quote of the string it stands in. */
function trimmed(row: string, start: number, end: number): Cell {
  const isLast = end >= row.length
  let from = start
  let to = end
  while (from < to && /\s/.test(row[from]!)) from++
  while (to > from && /\s/.test(row[to - 1]!)) to--
  if (isLast && row.startsWith('\\r', to - 2)) to -= 2
  const quote = ['"', '\\"'].find((mark) => row.startsWith(mark, from))
  if (quote !== undefined) {
    from += quote.length
    to = Math.min(to, Math.max(from, closing(row, from, quote) - quote.length))
  } else if (isLast) {
    const inner = row.slice(from, to).search(/["'`]/)
    if (inner !== -1) {
      to = from + inner
      // `\\"` ends the string that the table stands in.
      while (to > from && row.charCodeAt(to - 1) === 0x5c) to--
    }
  }
  return { from, to: Math.max(from, to) }
}

/** Behind the quote that closes; the end of the row when none does. */
function closing(row: string, from: number, quote: string): number {
  let at = from
  for (;;) {
    const close = row.indexOf(quote, at)
    if (close === -1) return row.length + quote.length
    const next = close + quote.length
    if (!row.startsWith(quote, next)) return next
    at = next + quote.length
  }
}

export const tablePatterns: Readonly<Record<string, RegExp>> = {
  columnName,
  closer,
  opener,
  ruler,
  copied,
}
