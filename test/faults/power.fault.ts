// Power that is cut at a random moment: what flush() has acknowledged for `synced` is on the
// device.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Job } from './job.ts'
import { cutPower, mountImage, unmount, whyNoPowerCut } from './mount.ts'
import { assess, restartFaults, type Run, type Scenario, type Tools } from './scenario.ts'
import { Subject } from './subject.ts'

const runsEach = 20
const controlRuns = 3

const job: Partial<Job> = {
  config: {
    rotation: { max_size_mb: 1, max_files: 50 },
    durability: { audit: 'synced', sdk: 'synced' },
  },
  categories: ['audit', 'sdk'],
  entries: 1e9,
  acknowledge: 'flush',
  flushEvery: 20,
  pauseMs: 1,
}

export const powerCuts: readonly Scenario[] = [
  {
    title: 'power cut, durability synced',
    whyNot: whyNoPowerCut,
    runs: (tools) => repeat(tools, tools.scale(runsEach), {}),
    control: (tools) => repeat(tools, controlRuns, { writer: 'bare' }),
  },
]

async function* repeat(tools: Tools, count: number, change: Partial<Job>): AsyncGenerator<Run> {
  for (let n = 1; n <= count; n++) {
    yield await tools.at(async (workplace) => {
      const { random } = tools
      const image = join(workplace.root, 'image')
      const { disk } = workplace
      mkdirSync(disk, { recursive: true })
      mountImage(image, disk, true)
      try {
        const subject = new Subject(workplace, {
          ...job,
          perTurn: random.integer(5, 100),
          padding: random.integer(100, 2000),
          ...change,
        })
        await subject.running()
        await pause(random.integer(100, 600))
        cutPower(disk)
        await pause(20)
        subject.signal('SIGKILL')
        const ended = await subject.ended
        unmount(disk)
        mountImage(image, disk, false)
        const run = assess(`cut ${n}`, ended, workplace.logs, {
          promised: 'acknowledged',
          signal: 'SIGKILL',
          // Of each file a tail may be there, of which the size is known and not the bytes.
          torn: 6,
        })
        if (change.writer === 'bare') return run
        return { ...run, complaints: [...run.complaints, ...(await restartFaults(workplace.logs))] }
      } finally {
        unmount(disk)
      }
    })
  }
}
