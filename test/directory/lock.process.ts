// Locks that processes fight for: one holder at a time, whoever is killed.

import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import type { Checkpoint } from '../../lib/directory/checkpoint.ts'
import { DirectoryLock } from '../../lib/directory/lock.ts'
import { makeDirectory } from '../../lib/directory/open.ts'
import { logDirectory } from '../log-directory.ts'
import { extension, loader } from '../loader.ts'

const fixture = join(import.meta.dirname, `../fixtures/locking${extension}`)
const checkpoint: Checkpoint = { max_files: 10, compress: false, seq: { system: 7 }, files: {} }

function start(directory: string, ...args: string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [...loader, fixture, directory, ...args])
}

async function said(child: ChildProcessWithoutNullStreams): Promise<string> {
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
  return String(chunk).trim()
}

function lockOf(directory: string): DirectoryLock {
  return new DirectoryLock({ directory, taken: () => {} })
}

describe('DirectoryLock', () => {
  test('names a living process, outlives a killed one, and has one winner among many starters', async (t) => {
    const directory = logDirectory(t)
    let holder = start(directory, 'hold')
    assert.equal(await said(holder), 'held')
    for (let round = 0; round < 2; round++) {
      assert.throws(() => lockOf(directory).hold(), { pid: holder.pid })
      holder.kill('SIGKILL')
      await once(holder, 'exit')
      const starters = Array.from({ length: 5 }, () => start(directory, 'hold'))
      const words = await Promise.all(starters.map(said))
      const winner = starters[words.indexOf('held')]!
      assert.deepEqual(
        words.toSorted(),
        ['held', ...Array.from({ length: 4 }, () => `locked ${winner.pid}`)],
        words.join(', '),
      )
      for (const starter of starters) if (starter !== winner) starter.stdin.end()
      holder = winner
    }
    holder.stdin.end()
    await once(holder, 'exit')
    const lock = lockOf(directory)
    lock.hold()
    assert.deepEqual(lock.checkpoint, { ...checkpoint, seq: {} })
    lock.release(checkpoint)
  })

  test('is held by one at a time, though five processes take it over from released and killed ones', async (t) => {
    const directory = logDirectory(t)
    makeDirectory(directory)
    const racers = Array.from({ length: 5 }, () => start(directory, 'race', '60'))
    const ends = racers.map((racer) => once(racer, 'close'))
    const [words, faults] = await Promise.all([
      Promise.all(racers.map((racer) => text(racer.stdout))),
      Promise.all(racers.map((racer) => text(racer.stderr))),
    ])
    assert.deepEqual(faults, ['', '', '', '', ''])
    assert.deepEqual(
      await Promise.all(ends),
      racers.map(() => [0, null]),
    )
    for (const word of words) assert.match(word, /^60 \d+\n$/)
    t.diagnostic(`held and refused: ${words.map((word) => word.trim()).join(', ')}`)
    assert.equal(readdirSync(directory).length, 1, String(readdirSync(directory)))
  })
})
