// An entry: one call's data, as it stands on its line of JSON. The format, in types.

import type { LevelName } from './level.ts'

/** An error as an entry holds it. */
export interface ExceptionInfo {
  /** The error's name: `TypeError`, `OrderRejected`. */
  readonly type: string
  /** The error's own message. */
  readonly message: string
  /** The stack as the engine writes it. */
  readonly stack_trace: string
  /** The error's `code`, if it has one: `ENOENT`. */
  readonly code?: string
  /** The error's own further properties. */
  readonly details?: { readonly [key: string]: unknown }
  /** An `ExceptionInfo` where the cause is an error; anything else as it is. */
  readonly cause?: unknown
  /** The errors of an AggregateError, likewise. */
  readonly errors?: readonly unknown[]
}

/** One entry: the JSON object of one line, keys in the order in which they are written. */
export interface LogEntry {
  /** The moment of the call: ISO 8601, UTC, milliseconds, `+00:00`. */
  readonly timestamp: string
  /** How grave it is. */
  readonly level: LevelName
  /** `system`, `enforcement`, `error`, `audit`, `sdk`, `service`, or a configured one. */
  readonly category: string
  /** The account that the entry is about. */
  readonly account_id?: string
  /** The trace in which it was logged: 32 lower-case hex digits. */
  readonly trace_id?: string
  /** The span of that trace: 16 lower-case hex digits. */
  readonly span_id?: string
  /** For a person. */
  readonly message: string
  /** The name of a typed event. */
  readonly event?: string
  /** The caller's data; it never leaves this object. */
  readonly context?: { readonly [key: string]: unknown }
  /** The error that was given. */
  readonly exception?: ExceptionInfo
  /**
   * One more than the last accepted entry of the category; goes on after a restart. Absent from
   * foreign lines.
   */
  readonly seq?: number
  /**
   * Log sequence number: one more than the last accepted entry of the directory, whatever its
   * category; goes on after a restart. It is the order of the calls. Absent from lines of earlier
   * versions.
   */
  readonly lsn?: number
}

/** The deepest nesting that is captured; the context itself is level 1. */
export const depthMax = 16
