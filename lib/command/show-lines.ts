// Lines → the output, for a person or a pipe.

import { visibleJson } from '../entry/visible-text.ts'
import { type LogLine, bytesOf } from '../read/time-order.ts'
import type { Io } from './io.ts'
import { LineShower } from './render-line.ts'

/** How much of a line that is not JSON a remark shows. */
const remarkCharsMax = 1000

/** The options that say how. */
export interface ShowOptions {
  readonly output?: 'human' | 'json'
  readonly json?: boolean
  readonly expand?: boolean
  readonly local?: boolean
}

/** What the output can. */
export interface Screen {
  /** Whether human lines are coloured. */
  readonly color: boolean
  readonly isTerminal: boolean
}

/** Shows lines as they come; how many there were. */
export async function showLines(
  lines: AsyncIterable<LogLine>,
  options: ShowOptions,
  { color, isTerminal }: Screen,
  io: Io,
): Promise<number> {
  const { local = false, expand = false } = options
  const shower = new LineShower({ color, local, expand })
  const json = options.json === true || options.output === 'json'
  let count = 0
  for await (const line of lines) {
    if (count++ === 0) io.progress.clear()
    for (const text of json ? jsonOf(line, isTerminal, io) : shower.show(line)) {
      const busy = io.out.write(text)
      if (busy !== undefined) await busy
    }
  }
  return count
}

/**
 * The line's own bytes, if a JSON parser can read them; on a terminal, the same value without what
 * could drive it.
 */
function jsonOf(line: LogLine, isTerminal: boolean, io: Io): readonly (string | Buffer)[] {
  const { entry, raw, file, offset } = line
  if (entry !== undefined || isJson(raw)) {
    return [isTerminal ? visibleJson(raw) : (bytesOf(line) ?? raw), '\n']
  }
  const text = raw.length > remarkCharsMax ? `${raw.slice(0, remarkCharsMax)}…` : raw
  io.remark(`not JSON, in ${file} at byte ${offset}: ${text}`)
  return []
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    // Torn, or rubbish.
    return false
  }
}
