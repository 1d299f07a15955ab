// The events of a shipper. Each is one sentence for a person, with the same facts as fields for a
// program.

/** What has happened. */
export type ShipEventKind =
  /** The engine does not answer. It is asked again until it does. */
  | 'away'
  /** It answers again. */
  | 'back'
  /** Numbers that are in no file any more, and never were in the engine. */
  | 'gap'
  /** Numbers that the engine had, and has lost: they are sent again. */
  | 'lost'
  /** A line that is no entry, so that it has no number. */
  | 'passed_over'
  /** The directory was begun anew: another log. */
  | 'renewed'
  /** Somebody else has appended. */
  | 'other'
  /** What a dry run would send. */
  | 'would_send'
  /** A directory is not there, or holds no log yet: it is waited for. */
  | 'waiting'
  /** A log cannot be shipped any more; others go on. */
  | 'failed'
  /** What is worth knowing and no failure. */
  | 'warning'

/** Something that a shipper tells. */
export interface ShipEvent {
  readonly kind: ShipEventKind
  /** One line, without secrets. */
  readonly message: string
  readonly directory?: string
  readonly log_id?: string
  readonly category?: string
  /** The first and the last of the numbers that it is about. */
  readonly from?: number
  readonly to?: number
}

/** What has been shipped; grows while it goes on. */
export interface ShipReport {
  /** Logs that have been found. */
  logs: number
  /** Entries that the engine has acknowledged. */
  sent: number
  /** Bytes of their lines. */
  bytes: number
  batches: number
  /** Entries that came to the engine in another way while we were at it. */
  already: number
  /** Numbers that were in no file any more. */
  missing: number
  /** Lines that are no entries. */
  passed_over: number
  /** The time of the last entry acknowledged, in milliseconds since 1970. */
  last_time: number | undefined
}
