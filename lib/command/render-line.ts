// A line of a log file → what a person sees of it.
//
// Everything is shown: an entry as its human line; the human lines of a file without JSON as they
// are; and what is neither, a torn line or rubbish, as it is with a mark. Nothing of it drives the
// terminal.

import { type FormatOptions, formatFields } from '../entry/human-line.ts'
import { piecesOf, visible } from '../entry/visible-text.ts'
import { baseOf } from '../read/time-order.ts'
import type { LogLine } from '../read/time-order.ts'
import { lineHead } from '../entry/line.ts'

/**
 * Longer entries are shown as they are, piece by piece: with escapes for all characters they could
 * not be one string.
 */
const formattedCharsMax = 1 << 26

const indented = /^ {4}/

const mark = '[not an entry]'
const markColored = `\u001b[33m${mark}\u001b[0m`

/** Makes the lines for the screen. */
export class LineShower {
  readonly #options: FormatOptions
  /** The files whose last line was a human line, or one of those indented below it. */
  readonly #human = new Set<string>()

  constructor(options: FormatOptions) {
    this.#options = options
  }

  /** The text of a line, with its line end, in pieces. */
  *show(line: LogLine): Generator<string> {
    const { entry, raw, file } = line
    if (entry !== undefined && raw.length <= formattedCharsMax) {
      const at = file.lastIndexOf('/')
      const instance = at === -1 ? {} : { instance: file.slice(0, at) }
      yield `${formatFields(entry, { ...this.#options, ...instance })}\n`
      return
    }
    if (!this.#isHuman(line)) {
      yield `${this.#options.color === true ? markColored : mark} ${visible(file)}: `
    }
    for (const piece of piecesOf(raw)) yield visible(piece)
    yield '\n'
  }

  #isHuman({ raw, file }: LogLine): boolean {
    const base = baseOf(file)
    if (lineHead(raw)?.human === true || (this.#human.has(base) && indented.test(raw))) {
      this.#human.add(base)
      return true
    }
    this.#human.delete(base)
    return false
  }
}
