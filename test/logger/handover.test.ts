// The directory changes hands while a logger lives: what it takes over, what it loses, and how it gets it back. The
// other writer is played by the test, as one in another container: its lock, its signs, its lines.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { self } from '../../lib/directory/lock-owner.ts'
import { type Logger, createLogger, verifyLogs } from '../../lib/index.ts'
import { extension, loader } from '../loader.ts'
import { linesOf, logDirectory } from '../log-directory.ts'

/** Waits for what comes by itself; the test's own limit of time ends it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setTimeout(5)
}

function isWritten(log: Logger): boolean {
  return log.stats().queued === 0
}

/** A writer in another container. */
class Other {
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

async function assertSound(directory: string, ...messages: string[]): Promise<void> {
  assert.deepEqual((await verifyLogs({ log_path: directory })).faults, [])
  const ours = linesOf(directory, 'system.log').map(({ message }) => message)
  assert.deepEqual(
    ours.filter((message) => !message.startsWith('Log file')),
    messages,
  )
}

describe('a logger', () => {
  test('goes on with the numbers where the files end when it takes over, not where they ended at its start', async (t) => {
    const directory = logDirectory(t)
    const other = new Other(directory)
    other.log(2)
    const log = createLogger({ log_path: directory, console: 'off' })
    for (let i = 0; i < 3; i++) log.system.error(`ours ${i}`)
    // Its lines have been made, with the numbers that would hold now.
    await assert.rejects(log.flush(), { name: 'NotWrittenError' })
    log.system.info('ours 3')
    other.log(9)
    other.sign(true)
    await until(() => isWritten(log))
    await log.close()
    const theirs = Array.from({ length: 11 }, () => 'theirs')
    await assertSound(directory, ...theirs, 'ours 0', 'ours 1', 'ours 2', 'ours 3')
    const copies = linesOf(directory, 'error.log').map(({ seq }) => seq)
    assert.deepEqual(copies, [12, 13, 14])
  })

  test('that has lost its directory writes nothing, says so once, and takes its turn again', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, console: 'off' })
    log.system.info('ours 0')
    await log.flush()
    const other = new Other(directory)
    other.log(3)
    for (let i = 1; i < 5; i++) {
      log.system.info(`ours ${i}`)
      await assert.rejects(log.flush(), /expected no other writer/)
    }
    other.log(3)
    assert.equal(linesOf(directory, 'system.log').length, 7)
    other.sign(true)
    await until(() => isWritten(log))
    await log.close()
    const theirs = Array.from({ length: 6 }, () => 'theirs')
    await assertSound(directory, 'ours 0', ...theirs, 'ours 1', 'ours 2', 'ours 3', 'ours 4')
  })

  test('finds out on the synchronous way, too', async (t) => {
    const directory = logDirectory(t)
    const durability = { system: 'written' } as const
    const log = createLogger({ log_path: directory, console: 'off', durability })
    log.system.info('ours 0')
    const other = new Other(directory)
    other.log(1)
    log.system.info('ours 1')
    assert.equal(linesOf(directory, 'system.log').length, 2)
    other.sign(true)
    await until(() => isWritten(log))
    await log.close()
    await assertSound(directory, 'ours 0', 'theirs', 'ours 1')
  })

  test('takes its lock again when it was deleted, and loses no line', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, console: 'off' })
    const messages: string[] = []
    for (let round = 0; round < 5; round++) {
      const [lock] = readdirSync(directory).filter((name) => name.endsWith('.lock'))
      rmSync(join(directory, lock!))
      messages.push(`ours ${round}`)
      log.system.info(`ours ${round}`)
      await log.flush()
    }
    assert.equal(log.stats().failures, 0)
    await log.close()
    await assertSound(directory, ...messages)
  })

  test('writes on in a directory that was moved away and comes back', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, console: 'off' })
    const say = async (message: string): Promise<void> => {
      log.system.info(message)
      await log.flush()
    }
    await say('1')
    renameSync(directory, `${directory}.away`)
    await say('2')
    await say('3')
    renameSync(directory, `${directory}.new`)
    renameSync(`${directory}.away`, directory)
    await say('4')
    await say('5')
    await log.close()
    const messagesIn = (path: string): string[] =>
      linesOf(path, 'system.log').map(({ message }) => message)
    assert.deepEqual(messagesIn(directory), ['1', '4', '5'])
    assert.deepEqual(messagesIn(`${directory}.new`), ['2', '3'])
  })
})

/** Runs a program that logs five entries into a directory that another one holds, and ends. */
async function brief(
  t: TestContext,
  end: string,
  play: (other: Other) => Promise<void>,
): Promise<{ readonly directory: string; readonly stderr: string }> {
  const directory = logDirectory(t)
  const other = new Other(directory)
  const script = `import(${JSON.stringify(join(import.meta.dirname, `../../lib/index${extension}`))}).then(async ({ createLogger }) => {
    const log = createLogger({ log_path: ${JSON.stringify(directory)} })
    for (let i = 0; i < 5; i++) log.system.info('brief ' + i)
    console.log('logged')
    ${end}
  })`
  const child = spawn(process.execPath, [...loader, '-e', script])
  const [stderr] = await Promise.all([
    text(child.stderr),
    once(child.stdout, 'data').then(() => play(other)),
    once(child, 'exit'),
  ])
  return { directory, stderr }
}

describe('a process that ends before it knows whether the holder of its directory lives', () => {
  for (const [how, end] of [
    ['close()', 'await log.close()'],
    ['process.exit()', 'process.exit()'],
  ] as const) {
    test(`${how} waits no longer than until it gives a sign, and shows everything`, async (t) => {
      const { directory, stderr } = await brief(t, end, async (other) => {
        for (let i = 0; i < 100; i++) {
          await setTimeout(20)
          other.sign(false)
        }
      })
      assert.deepEqual(stderr.match(/brief \d/g), [
        'brief 0',
        'brief 1',
        'brief 2',
        'brief 3',
        'brief 4',
      ])
      assert.equal(readdirSync(directory).includes('system.log'), false)
      assert.match(readFileSync(join(directory, 'ringlog.1.lock'), 'utf8'), /"released":false/)
    })
  }
})
