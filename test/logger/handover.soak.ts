// Hand-overs of a directory between two writers that cannot see each other's processes, as in two
// containers: by a pause, by clocks apart, by a busy event loop, by a lock that is deleted, by a
// rolling update, by SIGKILL. After each story the directory is verified: no number twice, none
// missing, every entry once and in order. And what takes the 10 s after which a holder counts as
// dead. `npm run test:lock`, some 10 minutes; as many words as arguments choose stories, a number
// says how many hand-overs each.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { createLogger, verifyLogs } from '../../lib/index.ts'
import { extension, loader } from '../loader.ts'
import { linesOf, logDirectory } from '../log-directory.ts'
import {
  HiddenWriter,
  faketime,
  faultsOf,
  holderOf,
  lockOf,
  unshare,
  untilOther,
  whyNoNamespace,
} from './hidden-writer.ts'

const words = process.argv.slice(2)
const handOvers = Number(words.find((word) => /^\d+$/.test(word)) ?? 50)
/** Stories told at the same time. A hand-over is mostly waiting. */
const pairs = 5

/** What happens to the one that holds the directory, until the other one has it. */
type HandOver = (
  holder: HiddenWriter,
  directory: string,
  /** Waits for the other one to take over. */
  taken: () => Promise<void>,
) => Promise<void>

const stories: { readonly [name: string]: { aside?: string; handOver: HandOver } } = {
  pause: {
    handOver: async (holder, _, taken) => {
      holder.signal('SIGSTOP')
      await taken()
      holder.signal('SIGCONT')
    },
  },
  'clocks apart': {
    aside: '-30s',
    handOver: async (holder, directory, taken) => {
      const before = holderOf(directory)
      await setTimeout(11_000)
      assert.equal(holderOf(directory), before, 'the holder lives')
      holder.signal('SIGSTOP')
      await taken()
      holder.signal('SIGCONT')
    },
  },
  'busy loop': {
    handOver: async (holder, _, taken) => {
      holder.order('busy 13000')
      await taken()
      // It must not be taken back before that is over.
      await setTimeout(3_000)
    },
  },
  'deleted lock': {
    handOver: async (_, directory) => {
      const before = lockOf(directory)
      rmSync(join(directory, before))
      // Whoever is first: the holder, which writes, or the one that waits.
      while (lockOf(directory) === '') await setTimeout(1)
    },
  },
}

/** How many pieces came after a hand-over, and were taken back. */
function takenBack(directory: string): number {
  const late = linesOf(directory, 'system.log').filter(({ message }) =>
    message.includes('taken back there'),
  )
  return late.length
}

/** Returns how many pieces were taken back. */
async function tell(t: TestContext, name: string, rounds: number): Promise<number> {
  const directory = logDirectory(t)
  const { aside, handOver } = stories[name]!
  const first = new HiddenWriter(directory, 'A', aside)
  t.after(() => first.end())
  await first.said()
  const second = new HiddenWriter(directory, 'B')
  t.after(() => second.end())
  await second.said()
  const mark = holderOf(directory)
  const writerOf = (holder: string): HiddenWriter => (holder === mark ? first : second)
  for (let round = 0; round < rounds; round++) {
    await setTimeout(500 + Math.random() * 500)
    const holder = holderOf(directory)
    await handOver(writerOf(holder), directory, async () => {
      await untilOther(directory, holder)
      await setTimeout(500 + Math.random() * 500)
    })
  }
  await setTimeout(1_000)
  const last = writerOf(holderOf(directory))
  const logged = new Map<string, number>()
  for (const writer of [last, last === first ? second : first]) {
    const { logged: count, stats } = await writer.close()
    logged.set(writer.name, count)
    assert.equal(stats.dropped.total + stats.diverted, 0, `${writer.name} lost entries`)
  }
  assert.deepEqual((await verifyLogs({ log_path: directory })).faults, [])
  assert.deepEqual(faultsOf(directory, logged), [])
  return takenBack(directory)
}

function isChosen(name: string): boolean {
  const chosen = words.filter((word) => !/^\d+$/.test(word))
  return chosen.length === 0 || chosen.some((word) => name.includes(word))
}

describe('two writers that cannot see each other', { skip: whyNoNamespace }, () => {
  for (const name of Object.keys(stories).filter(isChosen)) {
    const skip = stories[name]!.aside !== undefined && faketime === undefined && 'needs faketime'
    test(`${handOvers} hand-overs: ${name}`, { skip }, async (t) => {
      const rounds = Math.ceil(handOvers / pairs)
      const late = await Promise.all(Array.from({ length: pairs }, () => tell(t, name, rounds)))
      const pieces = late.reduce((sum, count) => sum + count)
      t.diagnostic(`${rounds * pairs} hand-overs, ${pieces} pieces that came late taken back`)
    })
  }

  for (const [name, kill] of [
    ['rolling update', false],
    ['SIGKILL', true],
  ] as const) {
    if (!isChosen(name)) continue
    test(`${handOvers} hand-overs: ${name}`, async (t) => {
      const chain = async (): Promise<void> => {
        const directory = logDirectory(t)
        const logged = new Map<string, number>()
        let holder = new HiddenWriter(directory, 'W0')
        await holder.said()
        for (let i = 1; i <= Math.ceil(handOvers / pairs); i++) {
          const next = new HiddenWriter(directory, `W${i}`)
          t.after(() => next.end())
          await next.said()
          await setTimeout(200 + Math.random() * 300)
          const before = holderOf(directory)
          if (kill) holder.end()
          else {
            const { logged: count, stats } = await holder.close()
            logged.set(holder.name, count)
            assert.equal(stats.dropped.total + stats.diverted, 0)
          }
          await untilOther(directory, before)
          holder = next
        }
        logged.set(holder.name, (await holder.close()).logged)
        assert.deepEqual((await verifyLogs({ log_path: directory })).faults, [])
        assert.deepEqual(faultsOf(directory, logged), [])
      }
      await Promise.all(Array.from({ length: pairs }, chain))
    })
  }
})

describe('a directory whose holder is not to be seen', () => {
  test('is let into a copy of it when that gives no sign, and both go on', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, console: 'off' })
    log.system.info('before')
    await log.flush()
    cpSync(directory, `${directory}.copy`, { recursive: true })
    const copy = createLogger({ log_path: `${directory}.copy`, console: 'off' })
    copy.system.info('in the copy')
    log.system.info('in the original')
    await Promise.all([copy.close(), log.close()])
    for (const [path, ...messages] of [
      [directory, 'before', 'in the original'],
      [`${directory}.copy`, 'before', 'in the copy'],
    ] as const) {
      assert.deepEqual((await verifyLogs({ log_path: path })).faults, [])
      const found = linesOf(path, 'system.log').map(({ message }) => message)
      assert.deepEqual(
        found.filter((message) => !message.startsWith('Log file')),
        messages,
      )
    }
  })

  for (const [how, end] of [
    ['close()', 'await log.close()'],
    ['process.exit()', 'process.exit()'],
  ] as const) {
    test(
      `a container that was killed comes back and ends at once by ${how}: no entry is lost`,
      { skip: whyNoNamespace },
      async (t) => {
        const directory = logDirectory(t)
        const killed = new HiddenWriter(directory, 'killed')
        await killed.said()
        killed.end()
        const script = `import(${JSON.stringify(join(import.meta.dirname, `../../lib/index${extension}`))}).then(async ({ createLogger }) => {
          const log = createLogger({ log_path: ${JSON.stringify(directory)} })
          for (let i = 0; i < 20; i++) log.system.info('brief ' + i)
          ${end}
        })`
        const command = [...unshare.slice(1), process.execPath, ...loader, '-e', script]
        const child = spawn(unshare[0]!, command, { stdio: 'inherit' })
        assert.deepEqual(await once(child, 'exit'), [0, null])
        const messages = linesOf(directory, 'system.log').map(({ message }) => message)
        assert.equal(messages.filter((message) => message.startsWith('brief')).length, 20)
        assert.deepEqual((await verifyLogs({ log_path: directory })).faults, [])
      },
    )
  }
})
