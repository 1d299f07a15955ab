// Processes that die at random moments: killed, half of them amid a rotation; ended by themselves;
// by a throw.

import { setTimeout as pause } from 'node:timers/promises'
import { type End, type Job, writerVariable } from './job.ts'
import {
  assess,
  type Expected,
  restartFaults,
  type Run,
  type Scenario,
  type Tools,
} from './scenario.ts'
import { Subject } from './subject.ts'

/** Files of 1 MB, so that much of the time is a rotation; none of them is deleted. */
const rotation = { max_size_mb: 1, max_files: 100 }
/** More entries than a process can log before it is killed. */
const endless = 1e9
/**
 * Kills when all are run: this many for `written`, half of them amid a rotation, and a fifth of it
 * for `buffered`.
 */
const kills = 500
const exits = 500
/** The known-bad writer has shown by then that the fault bites. */
const controlRuns = 5

const killed: Expected = { promised: 'acknowledged', signal: 'SIGKILL', torn: 1 }
const written: Partial<Job> = {
  config: { rotation, durability: { audit: 'written' } },
  acknowledge: 'return',
}
const buffered: Partial<Job> = { config: { rotation }, acknowledge: 'flush' }

export const deaths: readonly Scenario[] = [
  killScenario('SIGKILL at a random moment, durability written', kills / 2, written, false),
  killScenario('SIGKILL amid a rotation, durability written', kills / 2, written, true),
  killScenario('SIGKILL at a random moment, acknowledged by flush()', kills / 10, buffered, false),
  killScenario('SIGKILL amid a rotation, acknowledged by flush()', kills / 10, buffered, true),
  endScenario('process.exit() at a random moment', exits / 2, ['exit']),
  endScenario('uncaught throw or rejection at a random moment', exits / 2, ['throw', 'reject']),
]

function killScenario(
  title: string,
  count: number,
  job: Partial<Job>,
  isAmidRotation: boolean,
): Scenario {
  const run = (tools: Tools, n: number, change: Partial<Job>): Promise<Run> =>
    tools.at(async (workplace) => {
      const { random } = tools
      const subject = new Subject(workplace, {
        ...job,
        entries: endless,
        perTurn: random.integer(1, 200),
        padding: random.integer(20, 2000),
        killAtRename: isAmidRotation ? random.integer(1, 30) : 0,
        killAfterRename: random.of([true, false]),
        ...change,
      })
      if (!isAmidRotation) {
        await subject.running()
        await pause(random.integer(0, 80))
        subject.signal('SIGKILL')
      }
      const ended = await subject.ended
      const result = assess(`kill ${n}`, ended, workplace.logs, killed)
      if (change.writer === 'bare') return result
      return {
        ...result,
        complaints: [...result.complaints, ...(await restartFaults(workplace.logs))],
      }
    })
  return {
    title,
    whyNot: () =>
      isAmidRotation && process.env[writerVariable] === 'thread'
        ? 'a writer thread loads nothing of its program, so nothing here stands beside its renames'
        : undefined,
    runs: (tools) => repeat(tools.scale(count), (n) => run(tools, n, {})),
    // What it has taken is in its memory: it acknowledges when the call returns, as its users
    // believe.
    control: (tools) =>
      repeat(controlRuns, (n) => run(tools, n, { writer: 'bare', acknowledge: 'return' })),
  }
}

function endScenario(title: string, count: number, ends: readonly End[]): Scenario {
  const run = (tools: Tools, n: number, change: Partial<Job>): Promise<Run> =>
    tools.at(async (workplace) => {
      const { random } = tools
      const end = random.of(ends)
      // Amid a turn of ours after some number of entries, or from a timer between two turns.
      const moment = random.of([
        { entries: random.integer(1, 8000), endAfterMs: 0 },
        { entries: endless, endAfterMs: random.integer(1, 60) },
      ])
      const subject = new Subject(workplace, {
        config: { rotation },
        categories: ['audit', 'sdk'],
        perTurn: random.integer(1, 200),
        padding: random.integer(20, 2000),
        errorEvery: random.of([0, 50]),
        end,
        ...moment,
        ...change,
      })
      const ended = await subject.ended
      return assess(`end ${n}, by ${end}`, ended, workplace.logs, {
        promised: 'complete',
        code: end === 'exit' ? 0 : 1,
      })
    })
  return {
    title,
    runs: (tools) => repeat(tools.scale(count), (n) => run(tools, n, {})),
    control: (tools) => repeat(controlRuns, (n) => run(tools, n, { writer: 'bare' })),
  }
}

async function* repeat(count: number, run: (n: number) => Promise<Run>): AsyncGenerator<Run> {
  for (let n = 1; n <= count; n++) yield await run(n)
}
