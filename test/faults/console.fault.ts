// A file that fails while the console, its fallback, is full or closed: nothing blocks, nobody
// dies, all is counted.

import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { assess, type Run, type Scenario, type Tools } from './scenario.ts'
import { type StartOptions, Subject, type Workplace } from './subject.ts'
import type { Job } from './job.ts'

const runsEach = 5
const controlRuns = 2

const stop = 2000
const job: Partial<Job> = { entries: 2000, errorEvery: 5, stops: [stop] }

/** A console, and what must be closed when the process has ended. */
interface Stderr extends StartOptions {
  readonly close: () => void
}

/** A pipe that nobody reads, filled to the brim. */
function fullPipe({ notes }: Workplace): Stderr {
  const fifo = pipeIn(notes)
  // Opened for both, so that it can be opened at all; never read.
  const reader = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
  try {
    for (;;) writeSync(reader, Buffer.alloc(4096, 'x'))
  } catch {
    // Full.
  }
  return pipeEnd(openSync(fifo, constants.O_WRONLY), reader)
}

/** A pipe whose reader has gone. */
function closedPipe({ notes }: Workplace): Stderr {
  const fifo = pipeIn(notes)
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(fifo, constants.O_WRONLY)
  closeSync(reader)
  return pipeEnd(writer)
}

/** No stderr at all. */
function noStderr(): Stderr {
  return { prefix: ['sh', '-c', 'exec "$@" 2>&-', 'sh'], close: () => {} }
}

function pipeIn(notes: string): string {
  const fifo = join(notes, 'stderr')
  spawnSync('mkfifo', [fifo])
  return fifo
}

function pipeEnd(stderr: number, ...others: number[]): Stderr {
  return {
    stderr,
    close: () => {
      for (const fd of [stderr, ...others]) closeSync(fd)
    },
  }
}

const consoles = [
  { title: 'stderr a full pipe', open: fullPipe, hurts: true },
  { title: 'stderr a pipe whose reader has gone', open: closedPipe, hurts: true },
  { title: 'stderr closed', open: noStderr, hurts: false },
]

export const silenced: readonly Scenario[] = consoles.flatMap(({ title, open, hurts }) => [
  {
    title: `${title}, files failing, then not`,
    whyNot: whyNoPipes,
    runs: (tools: Tools) => repeat(tools, open, tools.scale(runsEach), true, {}),
    ...(hurts
      ? {
          control: (tools: Tools) =>
            repeat(tools, open, controlRuns, true, { writer: 'bare' as const, shout: true }),
        }
      : {}),
  },
  {
    title: `${title}, files failing for ever`,
    whyNot: whyNoPipes,
    runs: (tools: Tools) => repeat(tools, open, tools.scale(runsEach), false, {}),
  },
])

function whyNoPipes(): string | undefined {
  return process.platform === 'win32' ? 'there are no named pipes in the file system' : undefined
}

async function* repeat(
  tools: Tools,
  open: (workplace: Workplace) => Stderr,
  count: number,
  isMended: boolean,
  change: Partial<Job>,
): AsyncGenerator<Run> {
  for (let n = 1; n <= count; n++) {
    yield await tools.at(async (workplace) => {
      const { close, ...options } = open(workplace)
      writeFileSync(workplace.logs, 'in the way')
      const subject = new Subject(
        workplace,
        { ...job, settleMs: isMended ? 10_000 : 0, ...change },
        options,
      )
      const mayGoOn = await Promise.race([subject.stopped(stop), hung()])
      if (isMended) rmSync(workplace.logs)
      subject.go()
      if (mayGoOn === 'hung') subject.signal('SIGKILL')
      const ended = await subject.ended
      close()
      if (!isMended) rmSync(workplace.logs)
      return assess(`${n}`, ended, workplace.logs, {
        promised: isMended ? 'complete' : 'counted',
        also: ({ outcome }) => {
          const longest = outcome?.longestCallMs ?? 0
          return longest < longestCallMs ? [] : [`a call took ${longest.toFixed(0)} ms`]
        },
      })
    })
  }
}

/** Nothing is written to a disk here, and nothing waits for a reader. */
const longestCallMs = 1000

async function hung(): Promise<'hung'> {
  await new Promise((resolve) => setTimeout(resolve, 20_000).unref())
  return 'hung'
}
