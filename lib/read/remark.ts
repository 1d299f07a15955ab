// Remarks on what cannot be read of a log. Such a trouble ends nothing, the other files go on; it
// is reported once.

/** Something that could not be read. */
export interface Remark {
  /** The file's name in the directory, or the directory. */
  readonly file: string
  /** A sentence: `Cannot read system.log.2: EACCES: permission denied`. */
  readonly text: string
}

/** Takes remarks as they come up. It must not throw. */
export type Tell = (remark: Remark) => void

/** Tells each trouble with a file once. */
export class Remarks {
  readonly #tell: Tell
  readonly #told = new Set<string>()

  constructor(tell: Tell) {
    this.#tell = tell
  }

  /** The file, or a part of it, cannot be read. */
  unread(file: string, error: unknown): void {
    this.tell(file, `Cannot read ${file}: ${reasonOf(error)}`)
  }

  /** Something that a reader should know of a file. */
  tell(file: string, text: string): void {
    if (this.#told.has(text)) return
    this.#told.add(text)
    this.#tell({ file, text })
  }
}

/** Without the system call and the path, which Node puts behind a comma. */
function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code?.startsWith('Z_') === true) return `damaged gzip: ${message}`
  return code !== undefined && message.startsWith(`${code}: `)
    ? message.replace(/, .*$/s, '')
    : message
}
