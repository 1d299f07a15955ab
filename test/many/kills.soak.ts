// SIGKILL amid workers of a cluster and worker threads that log as fast as they may: of a worker,
// of a thread (which is terminated), of the primary. Each begins anew in the directory of the one
// that was killed. Nothing that was written is lost, nothing is there twice, and all is in order;
// what is missing had not come to a file. KILLS says how many of each.

import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, test, type TestContext } from 'node:test'
import { logDirectory } from '../log-directory.ts'
import { extension, loader } from '../loader.ts'
import { type Run, assertWhole } from './whole.ts'

const kills = Number(process.env['KILLS'] ?? 40)
const slots = 3
const categories = 4
/** Of so many kills one hits the primary, or the process of the threads. */
const everyPrimary = 4
const fixture = join(import.meta.dirname, `../fixtures/slots${extension}`)

interface Told extends Run {
  readonly pid: number
}

/** A program of several slots, and what its runs have said. */
class Program {
  readonly #runs: Map<string, Told>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #heard = new EventEmitter()
  readonly #over: Promise<unknown>
  #isOver = false
  #stderr = ''

  constructor(way: string, parent: string, runs: Map<string, Told>) {
    this.#runs = runs
    this.#child = spawn(process.execPath, [...loader, fixture, way, parent, String(slots)])
    // Its workers have the same output, and may outlive it.
    this.#over = once(this.#child, 'close').then((ending) => {
      this.#isOver = true
      this.#heard.emit('line')
      return ending
    })
    this.#child.stderr.on('data', (bytes: Buffer) => {
      this.#stderr += String(bytes)
    })
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#hear(line))
  }

  #hear(line: string): void {
    const [word, run, count] = line.split(' ') as [string, string, string]
    const known = this.#runs.get(run) ?? { flushed: 0, ended: undefined, pid: 0 }
    if (word === 'begun') this.#runs.set(run, { ...known, pid: Number(count) })
    else if (word === 'flushed') this.#runs.set(run, { ...known, flushed: Number(count) })
    else this.#runs.set(run, { ...known, ended: Number(count) })
    this.#heard.emit('line')
  }

  /** Waits for a run of a slot, other than those of before, that has so much in the files. */
  async written(
    slot: string,
    before: ReadonlySet<string>,
    least: number,
  ): Promise<{ readonly name: string; readonly pid: number }> {
    for (;;) {
      for (const [name, { pid, flushed }] of this.#runs) {
        if (!before.has(name) && name.startsWith(`${slot}-`) && flushed >= least)
          return { name, pid }
      }
      assert.ok(!this.#isOver, this.#stderr)
      await once(this.#heard, 'line')
    }
  }

  order(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#over
  }

  async close(): Promise<void> {
    this.order('close')
    assert.deepEqual(await this.#over, [0, null], this.#stderr)
  }

  end(): void {
    this.#child.kill('SIGKILL')
  }
}

/** Numbers that look random, the same in each run. */
function* numbers(below: number): Generator<number, never> {
  for (let seed = 1; ;) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    yield Math.floor((seed / 2 ** 32) * below)
  }
}

async function killAll(t: TestContext, way: 'cluster' | 'threads'): Promise<void> {
  const log_path = logDirectory(t)
  const runs = new Map<string, Told>()
  const some = numbers(2000)
  const over = new Set<string>()
  let program = new Program(way, log_path, runs)
  t.after(() => program.end())
  for (let i = 1; i <= kills; i++) {
    const slot = 1 + (some.next().value % slots)
    const name = way === 'cluster' ? `c${slot}` : `t${slot}`
    const found = await program.written(name, over, some.next().value)
    if (i % everyPrimary === 0) {
      await program.kill()
      for (const run of runs.keys()) over.add(run)
      program = new Program(way, log_path, runs)
    } else {
      over.add(found.name)
      if (way === 'cluster') process.kill(found.pid, 'SIGKILL')
      else program.order(`terminate ${slot}`)
    }
  }
  for (let slot = 1; slot <= slots; slot++) {
    await program.written(way === 'cluster' ? `c${slot}` : `t${slot}`, over, 1)
  }
  await program.close()
  const whole = await assertWhole(log_path, runs, categories)
  t.diagnostic(`${runs.size} runs, ${JSON.stringify(whole)}`)
  assert.equal(whole.logs, slots + 1)
  assert.ok(whole.entries > kills * 500, `${whole.entries} entries`)
}

describe('kill -9', { skip: process.platform === 'win32' && 'needs SIGKILL' }, () => {
  test(`${kills} times amid a cluster loses nothing that was written, and repeats nothing`, (t) =>
    killAll(t, 'cluster'))

  test(`${kills} times amid worker threads loses nothing that was written, and repeats nothing`, (t) =>
    killAll(t, 'threads'))
})
