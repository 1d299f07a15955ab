// A process under fault, seen from its parent: how it is started, what it says on its way, how it
// ended.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defaultJob, type Job, type Outcome } from './job.ts'

const child = fileURLToPath(new URL('./child.js', import.meta.url))
/** A process that takes so long hangs, whatever the fault is. */
const timeoutMs = 60_000
const complaintBytes = 20_000

/** What has become of a process. */
export interface Ended {
  readonly job: Job
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Missing when it was killed. */
  readonly outcome: Outcome | undefined
  /** By category, how many were acknowledged. */
  readonly acknowledged: readonly number[]
  readonly stderr: string
  readonly isTimedOut: boolean
}

/**
 * A directory of its own for one run: `logs` for the subject, the rest for us, on a healthy disk.
 */
export class Workplace {
  readonly root: string
  /** Where the subject logs; it does not exist yet. */
  readonly logs: string
  readonly notes: string

  constructor(parent: string) {
    this.root = mkdtempSync(join(parent, 'run-'))
    this.logs = join(this.root, 'disk', 'logs')
    this.notes = join(this.root, 'notes')
    mkdirSync(join(this.root, 'disk'))
    mkdirSync(this.notes)
  }

  /** The parent of `logs`: the place for a file system of its own. */
  get disk(): string {
    return join(this.root, 'disk')
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 3 })
  }
}

export interface StartOptions {
  /** The command before `node`: a tracer, a limiter. */
  readonly prefix?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** A descriptor to be used as stderr. @default a pipe, of which the beginning is kept */
  readonly stderr?: number
}

/** A running subject. */
export class Subject {
  readonly job: Job
  readonly ended: Promise<Ended>
  readonly #process: ChildProcess
  #stderr = ''
  #isTimedOut = false
  #pid: number | undefined
  /** The number of entries at which it has stopped and waits. */
  #stoppedAt: number | undefined
  #onWord: (() => void) | undefined

  constructor(
    workplace: Workplace,
    job: Partial<Job>,
    { prefix = [], env = {}, stderr }: StartOptions = {},
  ) {
    this.job = {
      ...defaultJob,
      directory: workplace.logs,
      noteFile: join(workplace.notes, 'outcome'),
      ...job,
    }
    const [file, ...words] = [...prefix, process.execPath, child, JSON.stringify(this.job)]
    this.#process = spawn(file, words, {
      // A group of its own, so that one that hangs can be ended together with its tracer.
      detached: true,
      stdio: ['ignore', 'ignore', stderr ?? 'pipe', 'ipc'],
      env: { ...process.env, UV_USE_IO_URING: '0', ...env },
    })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(0, complaintBytes)
    })
    this.#process.on('message', (word: { pid?: number; at?: number }) => {
      this.#pid ??= word.pid
      this.#stoppedAt = word.at ?? this.#stoppedAt
      this.#onWord?.()
    })
    this.ended = this.#end()
  }

  /** Resolves when it logs, with its process id; undefined when it has ended before. */
  async running(): Promise<number | undefined> {
    await this.#until(() => this.#pid !== undefined)
    return this.#pid
  }

  /** Resolves when it has stopped at that number of entries; false when it has ended before. */
  stopped(at: number): Promise<boolean> {
    return this.#until(() => this.#stoppedAt === at)
  }

  /** Has it go on from where it stopped. */
  go(): void {
    if (this.#process.connected) this.#process.send({})
  }

  signal(signal: NodeJS.Signals): void {
    try {
      if (this.#pid !== undefined) process.kill(this.#pid, signal)
    } catch {
      // It has ended by itself, just now.
    }
  }

  async #until(is: () => boolean): Promise<boolean> {
    const over = this.ended.then(() => 'over' as const)
    while (!is()) {
      const word = new Promise<void>((resolve) => {
        this.#onWord = resolve
      })
      if ((await Promise.race([word, over])) === 'over') break
    }
    return is()
  }

  #end(): Promise<Ended> {
    const timeout = setTimeout(() => {
      this.#isTimedOut = true
      if (this.#process.pid !== undefined) process.kill(-this.#process.pid, 'SIGKILL')
    }, timeoutMs)
    return new Promise((resolve, reject) => {
      this.#process.once('error', reject)
      this.#process.once('close', (code, signal) => {
        clearTimeout(timeout)
        const { job } = this
        const outcome = existsSync(job.noteFile)
          ? (JSON.parse(readFileSync(job.noteFile, 'utf8')) as Outcome)
          : undefined
        resolve({
          job,
          code,
          signal,
          outcome,
          acknowledged: acknowledgedIn(job),
          stderr: this.#stderr,
          isTimedOut: this.#isTimedOut,
        })
      })
    })
  }
}

function acknowledgedIn({ categories, noteFile }: Job): number[] {
  const file = `${noteFile}.acknowledged`
  const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0)
  return categories.map((_, i) => (bytes.length >= (i + 1) * 8 ? bytes.readDoubleLE(i * 8) : 0))
}
