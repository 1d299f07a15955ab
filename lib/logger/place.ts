// The place of a logger: where its lines go, a directory, standard output or the memory of a test.
// A place is all that is different between these; the way from the call to the line is the same.

import type { ResolvedConfig } from '../config/resolve.ts'
import type { Ring } from '../capture/ring.ts'
import type { Category, CategoryTemplate } from '../deliver/category.ts'
import type { Counters } from '../deliver/counters.ts'
import type { Route } from '../deliver/route.ts'
import type { Numbering } from '../deliver/numbering.ts'
import type { Pump } from '../deliver/pump.ts'
import type { JournalEvents } from '../journal/journal.ts'
import type { BlockEntry } from '../journal/read-block.ts'
import type { Redactor } from '../redact/secret-keys.ts'
import type { Hand } from '../thread/hand.ts'
import type { Care, Core } from './core.ts'
import type { Intake } from './intake.ts'
import type { LiveConfig } from './live-config.ts'

/** Where the lines of a logger go. */
export interface Place {
  /** The file of each category, in the order of the categories. */
  filesOf(config: ResolvedConfig): ReadonlyMap<string, string>
  /** Whether these are files. @default true */
  readonly hasFiles?: boolean
  /** What takes care of the place, before anything is opened. */
  careOf(
    live: LiveConfig,
    files: Files,
  ): Care & {
    /** Takes the place, and gives each route its sink. */
    readonly open: () => void
  }
  /** A configuration as it holds in this place. @default as it is */
  readonly adapted?: (config: ResolvedConfig) => ResolvedConfig
  /** Whether what waits has to be written when the process ends. */
  readonly isLasting: boolean
  /** Has the pump work when the turn has ended. @default setImmediate */
  readonly later?: (work: () => void) => void
  /** What survives the process, where another thread has the ring. */
  readonly journal?: JournalEvents
  /** Everything is open. */
  begun?(core: Core): void
  /** A batch is in its file. */
  written?(): void
  /** Takes an entry of our own that another thread is to log; false: it is logged here. */
  reported?(template: CategoryTemplate, message: string, context: object): boolean
}

/** What the parts around the files are joined with. */
export interface Files {
  readonly routes: ReadonlyMap<string, Route>
  readonly categories: ReadonlyMap<string, Category>
  readonly numbering: Numbering
  readonly counters: Counters
  readonly pump: Pump
  readonly tell: (remark: string) => void
  readonly intake: Intake
  /** What survives the process, where it is configured. */
  readonly journal: JournalEvents | undefined
  /** What writes in another thread, where it is configured. */
  readonly hand: Hand | undefined
  /** What it has left, once it has ended. */
  takeover?: { recover(write: (entries: readonly BlockEntry[]) => void): void }
  readonly ring: Ring<CategoryTemplate>
  readonly redactor: Redactor
}
