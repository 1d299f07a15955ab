// A watch over a configuration file: it calls back when the content has changed.
//
// Editors write a new file and rename it over the old one; Kubernetes exchanges a symbolic link on
// the way to it (`..data`); a deployment another one. So not the file is watched, but the
// directories in which a name on the way to it can change, and a look every 5 s stands behind that:
// fs.watch may miss things, does not work everywhere, and dies with its directory.
//
// A file that is being written is not read: it has to be the same in two looks. It does not keep
// the process alive.

import { type FSWatcher, lstatSync, readFileSync, realpathSync, statSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { clearInterval, clearTimeout, setInterval, setTimeout } from '../entry/clock.ts'

/** Between two looks, when nothing has been heard. */
const pollMs = 5_000
/** After something has been heard, until the file is looked at; it is the same then. */
const settleMs = 50
/** A file that is written without end is read all the same after so many looks. */
const looksMax = 40

/** Watches one file. */
export class ConfigWatch {
  readonly #file: string
  readonly #changed: () => void
  readonly #poll: NodeJS.Timeout
  #watchers: FSWatcher[] = []
  #settle: NodeJS.Timeout | undefined
  /** What the last look has seen: another inode, size or time is another file. */
  #seen: string
  /** What was read last; undefined: nothing could be. */
  #text: string | undefined
  #looks = 0
  #isClosed = false

  /**
   * @param file Absolute.
   * @param changed Called when it has another content, also one that cannot be read. It must not
   *   throw.
   */
  constructor(file: string, changed: () => void) {
    this.#file = file
    this.#changed = changed
    this.#seen = keyOf(file)
    this.#text = textOf(file)
    this.#attach()
    this.#poll = setInterval(() => this.#look(), pollMs).unref()
  }

  /** Ends it. */
  close(): void {
    this.#isClosed = true
    clearInterval(this.#poll)
    clearTimeout(this.#settle)
    this.#detach()
  }

  /** Something may have happened. */
  #look(): void {
    if (this.#isClosed || this.#settle !== undefined) return
    const key = keyOf(this.#file)
    if (key === this.#seen) return
    this.#seen = key
    this.#looks = 0
    this.#awaitRest()
  }

  #awaitRest(): void {
    this.#settle = setTimeout(() => {
      this.#settle = undefined
      const key = keyOf(this.#file)
      const isAtRest = key === this.#seen || ++this.#looks >= looksMax
      this.#seen = key
      if (isAtRest) this.#read()
      else this.#awaitRest()
    }, settleMs)
    this.#settle.unref()
  }

  #read(): void {
    this.#attach()
    const text = textOf(this.#file)
    // A file that is away comes back, mostly: what was taken from it holds until then.
    if (text === undefined || text === this.#text) return
    this.#text = text
    this.#changed()
  }

  #attach(): void {
    this.#detach()
    const name = basename(this.#file)
    for (const directory of directoriesTo(this.#file)) {
      try {
        const watcher = watch(directory, { persistent: false }, (kind, changed) => {
          // Others in the directory are written to all the time: a log, for one.
          if (kind === 'rename' || changed === null || changed === name) this.#look()
        })
        watcher.on('error', () => watcher.close())
        this.#watchers.push(watcher)
      } catch {
        // No watch to be had, or the directory has just gone: the poll does it.
      }
    }
  }

  #detach(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close()
  }
}

/** The directories in which a name on the way to a file can change. */
function directoriesTo(file: string): ReadonlySet<string> {
  const directories = new Set([dirname(file)])
  for (let path = file; path !== dirname(path); path = dirname(path)) {
    try {
      if (lstatSync(path).isSymbolicLink()) directories.add(dirname(path))
    } catch {
      // It is away.
    }
  }
  try {
    directories.add(dirname(realpathSync(file)))
  } catch {
    // It is away.
  }
  return directories
}

function keyOf(file: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? ''
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return undefined
  }
}
