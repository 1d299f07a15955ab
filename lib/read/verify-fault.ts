// The faults that verifying can find.

/** One thing that is not as it should be. */
export interface VerifyFault {
  /** The name in the directory; the directory itself for its own mode. */
  readonly file: string
  /** The number of the line, from 1; undefined when it is about the whole file. */
  readonly line: number | undefined
  /**
   * `gap`: entries are missing before this line, or at the end of the file. `duplicate`: the entry
   * has been there. `disorder`: it should have come earlier. `torn`: the line has no end.
   * `invalid`: it is no entry. `mode`: others may read or write the file. `unreadable`: it cannot
   * be read, or not to its end.
   */
  readonly kind: 'gap' | 'duplicate' | 'disorder' | 'torn' | 'invalid' | 'mode' | 'unreadable'
  readonly category?: string
  /** A sentence for a person. */
  readonly message: string
}
