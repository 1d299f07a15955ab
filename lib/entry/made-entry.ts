// An entry whose line has just been made, as an entry sink gets it: its fields, and the line.

import type { LogEntry } from './entry.ts'

/** The fields of an entry. Their types are not trusted where they are shown. */
export type EntryFields = { readonly [Key in keyof LogEntry]?: unknown }

/** The fields of an entry and its line. It is valid until the call returns that it is given to. */
export interface MadeEntry extends EntryFields {
  readonly severity: number
  /** Its line of JSON, secrets masked, `\n` included. */
  readonly line: string
  /** The same as bytes, which are others after the call. */
  readonly bytes: Buffer
}
