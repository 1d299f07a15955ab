// A watch over a directory, also while it is not there: it calls back when something happens.
// fs.watch is quick but may miss things, does not work everywhere and dies with its directory; so a
// poll stands behind it.
//
// It keeps the process alive only while somebody awaits the next change, and wakes them 50 times a
// second at most, however often the files are written: each look costs some 50 µs and more.

import {
  setInterval,
  clearInterval,
  clearTimeout,
  monotonicMs,
  setTimeout,
} from '../entry/clock.ts'
import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'
import { keyOf } from './log-file.ts'

const pollMs = 250
/** Between two times that somebody is woken. */
const paceMs = 20

/** Watches one directory. */
export class DirectoryWatch {
  readonly #directory: string
  readonly #tell: (name: string | undefined) => void
  readonly #poll: NodeJS.Timeout
  #watcher: FSWatcher | undefined
  /** The inode that is watched: a directory removed and made anew is another one. */
  #key: string | undefined
  #changed = false
  #closed = false
  #wake: (() => void) | undefined
  /** When somebody was woken last, by `performance.now()`. */
  #wokenMs = -Infinity
  #pace: NodeJS.Timeout | undefined

  /**
   * @param tell Called with the name that was made, removed or renamed; with `undefined` at each
   *   poll, when anything may have happened. It must not throw.
   */
  constructor(directory: string, tell: (name: string | undefined) => void) {
    this.#directory = directory
    this.#tell = tell
    this.#poll = setInterval(() => {
      this.#attach()
      tell(undefined)
      this.#change()
    }, pollMs).unref()
    this.#attach()
  }

  /**
   * Resolves at the next change, or at the next poll, or when there was one since the last time;
   * {@link paceMs} after the last time at the earliest.
   *
   * @param soon Takes it that there was one.
   */
  changed(soon: boolean = false): Promise<void> {
    if (soon) this.#changed = true
    this.#poll.ref()
    return new Promise((resolve) => {
      this.#wake = resolve
      if (this.#changed || this.#closed) this.#change()
    })
  }

  /** Ends it; who awaits a change goes on. */
  close(): void {
    this.#closed = true
    clearInterval(this.#poll)
    clearTimeout(this.#pace)
    this.#pace = undefined
    this.#detach()
    this.#change()
  }

  /** Watches the directory; while it is not there, the one above it, in which it will appear. */
  #attach(): void {
    const own = keyOf(this.#directory)
    const path = own === undefined ? dirname(this.#directory) : this.#directory
    const key = own ?? keyOf(path)
    if (this.#watcher !== undefined && key === this.#key) return
    this.#detach()
    if (key === undefined) return
    try {
      const watcher = watch(path, { persistent: false }, (kind, name) => {
        if (kind === 'rename') this.#renamed(own === undefined ? undefined : (name ?? undefined))
        this.#change()
      })
      watcher.on('error', () => this.#detach())
      this.#watcher = watcher
      this.#key = key
    } catch {
      // No watch to be had, or the directory has just gone: the poll does it, and tries again.
    }
  }

  #renamed(name: string | undefined): void {
    const before = this.#key
    this.#attach()
    // In a directory that has only just appeared, files may have appeared before it was watched.
    this.#tell(this.#key === before ? name : undefined)
  }

  #detach(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }

  #change(): void {
    this.#changed = true
    const wake = this.#wake
    if (wake === undefined || this.#pace !== undefined) return
    const waitMs = this.#closed ? 0 : this.#wokenMs + paceMs - monotonicMs()
    if (waitMs > 0) {
      this.#pace = setTimeout(() => {
        this.#pace = undefined
        this.#change()
      }, waitMs)
      return
    }
    this.#wokenMs = monotonicMs()
    this.#changed = false
    this.#wake = undefined
    this.#poll.unref()
    wake()
  }
}
