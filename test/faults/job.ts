// What a process under fault is told to do, and what it tells of itself: through a file on a
// healthy disk, and through the channel to its parent.

import type { LoggerStats, LoggingConfig } from 'ringlog'

/**
 * The categories a process logs to, in turn; each is one that holds no entries of the library's
 * own.
 */
export const categories = ['audit', 'enforcement', 'sdk', 'error'] as const
export type JobCategory = (typeof categories)[number]

/** How a process ends. */
export type End = 'close' | 'exit' | 'throw' | 'reject' | 'natural' | 'kill'

export interface Job {
  /** `bare` is the known-bad writer: rotating-file-stream as its manual shows it. */
  readonly writer: 'ringlog' | 'bare'
  readonly directory: string
  readonly config: LoggingConfig
  readonly categories: readonly JobCategory[]
  /** Entries to log; the process ends when it has. */
  readonly entries: number
  /** Entries per turn of the event loop. */
  readonly perTurn: number
  /** Characters of padding in each entry. */
  readonly padding: number
  /** Milliseconds between turns; 0: as fast as it goes. */
  readonly pauseMs: number
  /** Every so many entries one is an ERROR, and every fifth of that a WARNING; 0: all are INFO. */
  readonly errorEvery: number
  /**
   * When an entry counts as acknowledged: when the call returns, when a flush() after it resolves,
   * or never.
   */
  readonly acknowledge: 'return' | 'flush' | 'never'
  /** Entries between two flushes, where a flush acknowledges. */
  readonly flushEvery: number
  /** Numbers of entries at which the process says so and waits for a word of its parent. */
  readonly stops: readonly number[]
  readonly end: End
  /** Entries of the last category, which has no others, right before the end. */
  readonly parting: number
  /**
   * Milliseconds after which the process ends from a timer, wherever it is; 0: after the last
   * entry.
   */
  readonly endAfterMs: number
  /**
   * Before the end, how long to wait until nothing is queued any more, in milliseconds; 0: not at
   * all.
   */
  readonly settleMs: number
  /**
   * Kill the process with SIGKILL at the n-th renaming of a file, before or after it; 0: do not.
   */
  readonly killAtRename: number
  readonly killAfterRename: boolean
  /** Take the time of each call, one reading of the clock around each. */
  readonly timed: boolean
  /**
   * Open so many descriptors at the first stop that no further one is to be had, and close them at
   * the second.
   */
  readonly useUpDescriptors: boolean
  /** Write to the console for each entry as well, without care: the known-bad way to use stderr. */
  readonly shout: boolean
  /**
   * Where the outcome goes, and (with `.acknowledged`) the counts of what has been acknowledged.
   */
  readonly noteFile: string
}

/** What a process tells when it ends. Missing when it was killed by another. */
export interface Outcome {
  /** Of the process, and so of its main thread. */
  readonly pid: number
  /** Entries logged, by category, in the order of `Job.categories`. */
  readonly logged: readonly number[]
  /** Of the known-bad writer: those whose callback came without an error. */
  readonly stats: Pick<
    LoggerStats,
    'accepted' | 'written' | 'diverted' | 'queued' | 'failures' | 'rotations' | 'last_error'
  > & { readonly dropped: Readonly<Record<string, number>> & { readonly total: number } }
  /** Why close() was rejected. */
  readonly closeFailure: string | undefined
  /** Whether everything was in the files before the end, in the time that there was for it. */
  readonly isSettled: boolean
  /**
   * Milliseconds from the first failure seen until nothing was queued; undefined when none was, or
   * it stayed.
   */
  readonly recoveredMs: number | undefined
  /** Milliseconds from the call that ends the process until its last listener runs. */
  readonly endMs: number
  /** The longest that a call, and that a turn of the loop, has taken, in milliseconds. */
  readonly longestCallMs: number
  readonly longestTurnMs: number
  /** The 99.9th percentile of single calls, in nanoseconds; of a timed job. */
  readonly p999Ns: number | undefined
  /** By how much the process has grown since its first entry, in bytes. */
  readonly grownBytes: number
  /** By how much the wall clock was seen to leap against the monotonic one, in milliseconds. */
  readonly clockLeapMs: number
}

/** The text of an entry, by which a line is known to be the one that was logged. */
export function paddingOf(n: number, length: number): string {
  return String.fromCharCode(97 + (n % 26)).repeat(length)
}

export const defaultJob: Omit<Job, 'directory' | 'noteFile'> = {
  writer: 'ringlog',
  config: {},
  categories: ['audit'],
  entries: 1000,
  perTurn: 100,
  padding: 200,
  pauseMs: 0,
  errorEvery: 0,
  acknowledge: 'never',
  flushEvery: 100,
  stops: [],
  end: 'close',
  parting: 0,
  endAfterMs: 0,
  settleMs: 0,
  killAtRename: 0,
  killAfterRename: false,
  timed: false,
  useUpDescriptors: false,
  shout: false,
}

/** The variable of the environment that has `buffer.ring` for every logger under fault. */
export const ringVariable = 'RINGLOG_FAULTS_RING'
/** The same for `buffer.writer`. */
export const writerVariable = 'RINGLOG_FAULTS_WRITER'
