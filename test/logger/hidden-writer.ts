// Writers in pid namespaces of their own, as in containers: of a directory that they share, none
// sees the process of another, and all have the same pid.

import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import type { LoggerStats } from '../../lib/index.ts'
import { extension, loader } from '../loader.ts'
import { linesOf } from '../log-directory.ts'

/** Runs what stands behind it as pid 1 of its own. */
export const unshare: readonly string[] = [
  'unshare',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
]
/** Why it cannot be done, or false if it can. */
export const whyNoNamespace =
  spawnSync(unshare[0]!, [...unshare.slice(1), 'true']).status === 0
    ? false
    : 'needs root, and unshare'
/** The library that gives a process another clock; undefined where there is none. */
export const faketime = ['x86_64-linux-gnu', 'aarch64-linux-gnu']
  .map((place) => `/usr/lib/${place}/faketime/libfaketime.so.1`)
  .find((library) => existsSync(library))
const fixture = join(import.meta.dirname, `../fixtures/beating${extension}`)

/** What a writer says at its end. */
export interface Ending {
  readonly logged: number
  readonly stats: LoggerStats
  readonly error?: string
}

/** A writer in a pid namespace of its own. */
export class HiddenWriter {
  readonly name: string
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  #stderr = ''

  /**
   * @param aside By how much its wall clock is off.
   * @param perTurn Entries that it logs every 10 ms.
   */
  constructor(directory: string, name: string, aside?: string, perTurn = 3) {
    this.name = name
    const clock = {
      LD_PRELOAD: faketime,
      FAKETIME: aside,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }
    const node = [process.execPath, ...loader, fixture, directory, name, '10', `${perTurn}`]
    this.#child = spawn(unshare[0]!, [...unshare.slice(1), ...node], {
      env: { ...process.env, ...(aside === undefined ? {} : clock) },
    })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr += String(chunk)
    })
  }

  /** What it says next. */
  async said(): Promise<string> {
    const { value, done } = await this.#lines.next()
    assert.ok(done !== true, `${this.name} has ended: ${this.#stderr}`)
    return value
  }

  order(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.#inside, signal)
  }

  async close(): Promise<Ending> {
    this.order('close')
    return JSON.parse(await this.said()) as Ending
  }

  /** Its process, by the pid that it has for us. */
  get #inside(): number {
    const children = spawnSync('pgrep', ['-P', String(this.#child.pid)], { encoding: 'utf8' })
    return Number(children.stdout.trim())
  }

  end(): void {
    this.#child.kill('SIGKILL')
  }
}

/** The lock of a directory: another one after each hand-over. */
export function lockOf(directory: string): string {
  const [name] = readdirSync(directory).filter((file) => file.endsWith('.lock'))
  return name === undefined ? '' : name
}

/** Who has taken the directory; empty when nobody has. */
export function holderOf(directory: string): string {
  try {
    const record = JSON.parse(readFileSync(join(directory, lockOf(directory)), 'utf8')) as object
    return 'mark' in record ? String(record.mark) : ''
  } catch {
    return ''
  }
}

/** Waits until another one than before has taken the directory. */
export async function untilOther(directory: string, holder: string): Promise<string> {
  for (let now = ''; ; await setTimeout(20)) {
    now = holderOf(directory)
    if (now !== '' && now !== holder) return now
  }
}

const steps: { readonly [base: string]: number } = {
  'system.log': 1,
  'audit.log': 10,
  'enforcement.log': 50,
}

/** What is wrong with the entries of all writers, who have logged so many. */
export function faultsOf(directory: string, logged: ReadonlyMap<string, number>): string[] {
  return Object.entries(steps).flatMap(([base, step]) => {
    const last = new Map<string, number>()
    const faults: string[] = []
    for (const { message, context } of linesOf(directory, base)) {
      if (message !== 'beat') continue
      const { name, n } = context as { name: string; n: number }
      const expected = (last.get(name) ?? 0) + step
      if (n !== expected) faults.push(`${base}: expected ${name} ${expected}, got ${n}`)
      last.set(name, n)
    }
    for (const [name, count] of logged) {
      const end = count - (count % step)
      if ((last.get(name) ?? 0) !== end) {
        faults.push(`${base}: expected ${name} to end at ${end}, got ${last.get(name)}`)
      }
    }
    return faults
  })
}
