// Where the demo shows things: a terminal, or plain lines when there is none. NO_COLOR and
// FORCE_COLOR are obeyed as Node itself does, and a reader that has gone away (`| head`) is not an
// error but an end.

/** The attributes used, as SGR codes. */
const styles = { bold: 1, dim: 2, red: 31, green: 32, cyan: 36 } as const

export type Style = keyof typeof styles

export class Screen {
  readonly color: boolean
  readonly #stream: NodeJS.WriteStream

  /** @param onGone Called once when nobody reads any more. */
  constructor(stream: NodeJS.WriteStream, onGone: () => void) {
    this.#stream = stream
    this.color = wantsColor(stream)
    stream.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      // Further writes fail as well, and are as little of an error as the first.
      stream.on('error', () => {})
      onGone()
    })
  }

  print(line: string = ''): void {
    this.#stream.write(`${line}\n`)
  }

  /** Says something between the entries that is not one of them. */
  remark(text: string): void {
    this.print(this.paint('dim', `--- ${text} ---`))
  }

  paint(style: Style, text: string): string {
    return this.color ? `\u001b[${styles[style]}m${text}\u001b[0m` : text
  }
}

function wantsColor(stream: NodeJS.WriteStream): boolean {
  const { FORCE_COLOR, NO_COLOR, TERM } = process.env
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false
  return stream.isTTY && TERM !== 'dumb'
}
