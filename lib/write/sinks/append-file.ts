// Our own descriptor of a log file, opened for appending: what is really in the file, and the synchronous way
// into it. It follows the file through renames, and outlives any stream.

import { closeSync, fstatSync, readSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { makeDirectory, openForAppend } from '../../files/open.ts'

/** Bytes of the end of a file that are compared with what was written last. */
const endBytesMax = 4096

/** What the name of a file leads to now. */
export type Whereabouts = 'ours' | 'renamed' | 'removed'

/** A file that we append to. */
export class AppendFile {
  readonly #directory: string
  readonly #name: string
  readonly #path: string
  #fd = -1
  #inode = 0n
  /** Bytes in the file when it was looked at last. */
  size = 0

  constructor(directory: string, name: string) {
    this.#directory = directory
    this.#name = name
    this.#path = join(directory, name)
  }

  get isOpen(): boolean {
    return this.#fd !== -1
  }

  /**
   * Opens the file that bears the name now, making it and the directory if they are not there.
   *
   * @param inLine The caller is in the middle of a line, and the file, if it is the same as before, ends there.
   * @returns whether it is another file than before, and the bytes of a torn last line that has been ended.
   */
  open(inLine: boolean): { readonly isOther: boolean; readonly tornBytes: number } {
    makeDirectory(this.#directory)
    const opened = openForAppend(this.#directory, this.#name, inLine ? this.#inode : undefined)
    const isOther = opened.inode !== this.#inode
    this.close()
    this.#fd = opened.fd
    this.#inode = opened.inode
    this.size = opened.size
    return { isOther, tornBytes: opened.tornBytes }
  }

  close(): void {
    if (this.#fd === -1) return
    closeSync(this.#fd)
    this.#fd = -1
  }

  /** Appends a piece; returns how many of its bytes have been taken. */
  write(bytes: Buffer, from: number, end: number): number {
    const count = writeSync(this.#fd, bytes, from, end - from)
    this.size += count
    return count
  }

  /** By how much the file has grown since the last look, `most` at the most; the look moves on by as much. */
  grown(most: number): number {
    if (this.#fd === -1) return 0
    const grown = Math.max(0, Math.min(fstatSync(this.#fd).size - this.size, most))
    this.size += grown
    return grown
  }

  /** By how much the file has grown since the last look; negative when it has been truncated. */
  growth(): number {
    return fstatSync(this.#fd).size - this.size
  }

  /** Whether the file ends with the bytes before `end`, as far as a look at its last kilobytes tells. */
  endsWith(bytes: Buffer, from: number, end: number): boolean {
    const length = Math.min(end - from, endBytesMax)
    const { size } = fstatSync(this.#fd)
    if (size < length) return false
    const last = Buffer.allocUnsafe(length)
    const read = readSync(this.#fd, last, 0, length, size - length)
    return read === length && last.equals(bytes.subarray(end - length, end))
  }

  /** Takes in whatever others have appended. */
  look(): void {
    this.size = fstatSync(this.#fd).size
  }

  /** Where our file is: under its name, under another, or nowhere. */
  whereabouts(): Whereabouts {
    let inode: bigint | undefined
    try {
      inode = statSync(this.#path, { bigint: true, throwIfNoEntry: false })?.ino
    } catch {
      // The directory cannot be read, or is none any more: then only the file itself can say.
      return fstatSync(this.#fd).nlink > 0 ? 'ours' : 'removed'
    }
    if (inode === this.#inode) return 'ours'
    return fstatSync(this.#fd).nlink > 0 ? 'renamed' : 'removed'
  }
}
