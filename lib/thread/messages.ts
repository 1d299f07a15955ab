// The messages between the two threads: all that is not an entry.

import type { MessagePort } from 'node:worker_threads'
import type { ResolvedConfig } from '../config/resolve.ts'
import type { BlockEntry } from '../journal/read-block.ts'
import type { HandedMemory } from './handed-journal.ts'

/** The numbers of the last entries that were accepted, whether they came in or not. */
export interface Accepted {
  readonly number: number
  /** By the place of a category. */
  readonly seqs: readonly number[]
}

/** An entry that is larger than the block: its definition as text. */
export type LargeEntry = Omit<BlockEntry, 'definition'> & { readonly definition: string }

/** To the writer. Those with an id are answered by the word DONE, or by a message. */
export type Question =
  | { readonly ask: 'look' }
  | { readonly ask: 'sign'; readonly id: number }
  | { readonly ask: 'config'; readonly config: ResolvedConfig }
  | { readonly ask: 'flush'; readonly id: number }
  | {
      readonly ask: 'sync'
      readonly id: number
      /** The process ends: it is waited for no longer than an end may take. */
      readonly isLast: boolean
    }
  | { readonly ask: 'through'; readonly id: number; readonly file: string }
  | { readonly ask: 'large'; readonly id: number; readonly entry: LargeEntry }
  | { readonly ask: 'lost'; readonly id: number }
  | { readonly ask: 'exit'; readonly id: number; readonly accepted: Accepted }
  | { readonly ask: 'close'; readonly accepted: Accepted }

/** What went wrong, as far as it can be said across threads. */
export interface ToldError {
  readonly message: string
  /** Of a file that could not be written. */
  readonly file?: string | undefined
  /** Of a directory that somebody else has. */
  /** There is no such memory here as `ring` asks for. */
  readonly isUnavailable?: boolean | undefined
  readonly locked?:
    { readonly directory: string; readonly pid: number; readonly certain: boolean } | undefined
}

/** From the writer. */
export type Answer =
  | { readonly tell: 'refused'; readonly error: ToldError }
  | { readonly tell: 'flushed'; readonly id: number; readonly error?: ToldError | undefined }
  | { readonly tell: 'closed'; readonly error?: ToldError | undefined }
  | {
      /** An entry of the logger's own, to be logged where the numbers are given. */
      readonly tell: 'report'
      readonly category: string
      readonly severity: number
      readonly message: string
      readonly context: object
    }

/** What the writer is started with. */
export interface WriterData {
  readonly config: ResolvedConfig
  readonly control: SharedArrayBuffer
  readonly handed: HandedMemory
  readonly port: MessagePort
  /** Closes with the thread that has it. */
  readonly lifeline: MessagePort
}

/** Sends something to the writer. */
export function question(port: MessagePort, asked: Question): void {
  // oxlint-disable-next-line require-post-message-target-origin -- a port of this process
  port.postMessage(asked)
}

/** Sends something from the writer. */
export function answer(port: MessagePort, told: Answer): void {
  // oxlint-disable-next-line require-post-message-target-origin -- a port of this process
  port.postMessage(told)
}

/** An error as it is told. */
export function toldOf(error: unknown): ToldError {
  const { message = String(error), file } = error as Partial<ToldError>
  return { message, file: typeof file === 'string' ? file : undefined }
}
