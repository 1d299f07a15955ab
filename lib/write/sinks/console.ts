// The console as a last resort: human lines on stderr. It never blocks on a pipe, never throws and never
// uses `process.stderr.write`, which on a full pipe buffers without bound and on a closed one ends the process.

import { writeSync } from 'node:fs'

/** Writes lines to stderr. */
export class Console {
  /** Lines that stderr did not take. */
  lost = 0

  /**
   * Writes one line or several.
   *
   * @param text Without the last `\n`.
   * @returns whether all of it has been taken.
   */
  write(text: string): boolean {
    const bytes = Buffer.from(`${text}\n`)
    try {
      // Asking for the stream makes Node set a pipe to non-blocking: then a full one is an error, not a wait for ever.
      if (process.stderr.destroyed) return this.#lose()
      let done = 0
      while (done < bytes.length) done += writeSync(2, bytes, done)
      return true
    } catch {
      // A full or a closed stderr: nobody is left to be told, so it is counted.
      return this.#lose()
    }
  }

  #lose(): boolean {
    this.lost++
    return false
  }
}
