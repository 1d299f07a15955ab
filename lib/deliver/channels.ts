// Events of the files on channels of `node:diagnostics_channel`, for a program that watches its own
// logger.

import { type Channel, channel } from 'node:diagnostics_channel'

/** What can happen; each has a channel `ringlog:<event>`. */
export type FileEvent = 'failed' | 'recovered' | 'dropped' | 'rotated' | 'waiting'

const channels: { readonly [Event in FileEvent]: Channel } = {
  /** A file cannot be written: `{ file, reason }`. */
  failed: channel('ringlog:failed'),
  /** It can be written again: `{ file, seconds, reason }`. */
  recovered: channel('ringlog:recovered'),
  /**
   * Entries were lost, or reached the console only: `{ dropped, diverted }`, the former by level.
   */
  dropped: channel('ringlog:dropped'),
  /** A file was full and has been put aside: `{ file }`. */
  rotated: channel('ringlog:rotated'),
  /** Another logger has the directory, and this file waits for its turn: `{ file, reason }`. */
  waiting: channel('ringlog:waiting'),
}

/** Tells the subscribers of a channel. */
export function publish(event: FileEvent, message: object): void {
  if (channels[event].hasSubscribers) channels[event].publish(message)
}
