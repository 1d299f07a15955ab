// What a command is given instead of the process: where its output goes, and where its remarks.

import type { Output } from './output.ts'
import type { Progress } from './progress.ts'

/** The two ways out. */
export interface Io {
  /** What was asked for: standard output. */
  readonly out: Output
  /** What is worth knowing beside it, one line, whatever it holds: standard error. */
  readonly remark: (text: string) => void
  /** How far long work is: standard error too, when it is a terminal. */
  readonly progress: Progress
}
