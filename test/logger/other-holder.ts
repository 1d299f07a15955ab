// A writer in another container, as a logger sees it: by its lock and its lines.

import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { self } from '../../lib/directory/lock-owner.ts'
import { linesOf } from '../log-directory.ts'

/** A writer in another container. */
export class Other {
  readonly #directory: string
  readonly #path: string
  readonly #system: string

  /** Takes a directory as one that has judged its holder dead. */
  constructor(directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const locks = readdirSync(directory).filter((name) => name.endsWith('.lock'))
    const generation = 1 + Math.max(0, ...locks.map((name) => Number(name.split('.')[1])))
    this.#directory = directory
    this.#path = join(directory, `ringlog.${generation}.lock`)
    this.#system = join(directory, 'system.log')
    this.sign(false)
    for (const name of locks) rmSync(join(directory, name))
  }

  sign(released: boolean): void {
    const record = { ...self(), pids: 'pid:[1]', since: new Date().toISOString(), released }
    writeFileSync(this.#path, JSON.stringify(record), { mode: 0o600 })
  }

  log(entries: number): void {
    let seq = linesOf(this.#directory, 'system.log').at(-1)?.seq ?? 0
    for (let i = 0; i < entries; i++) {
      const head = `{"timestamp":"2026-11-24T00:00:00.000+00:00","level":"INFO","category":"system"`
      appendFileSync(this.#system, `${head},"message":"theirs","seq":${++seq}}\n`, { mode: 0o600 })
    }
  }
}
