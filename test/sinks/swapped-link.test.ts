// Whoever may write to the directory may put a link to another file in the place of a log file, and
// take it away again. Not a byte goes where the link leads.

import assert from 'node:assert/strict'
import {
  closeSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { makeDirectory, openForAppend } from '../../lib/directory/open.ts'
import { AppendFile } from '../../lib/sinks/append-file.ts'
import { FileSink } from '../../lib/sinks/file-sink.ts'
import { freeClaim, logDirectory } from '../log-directory.ts'

const skip = process.platform === 'linux' ? false : 'needs /proc, to see what the thread pool opens'

/** How many descriptors of a file the process has, as the system says. */
function openings(path: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path
    } catch {
      // That of the list itself, which is closed again.
      return false
    }
  }).length
}

/**
 * Opens a sink, and swaps a link to another file in for as long as the stream needs to open what
 * bears the name.
 *
 * @returns what is in the other file, and in the sink's, when a line has been acknowledged.
 */
async function swap(t: TestContext): Promise<{ victim: string; file: string; told: string[] }> {
  const directory = logDirectory(t)
  makeDirectory(directory)
  const path = join(directory, 'a.log')
  const aside = join(directory, 'aside')
  const victim = join(dirname(directory), 'victim')
  writeFileSync(victim, 'precious\n')
  const told: string[] = []
  const done = { isWritten: false }
  const sink = new FileSink(
    {
      directory,
      name: 'a.log',
      limitBytes: 1e6,
      keep: 2,
      synced: false,
      claim: freeClaim(directory),
    },
    {
      written: () => {
        done.isWritten = true
      },
      failed: ({ message }) => told.push(message),
      fault: ({ message }) => told.push(message),
      recovered: () => told.push('recovered'),
      rotated: () => {},
      torn: () => {},
      refused: () => {},
      late: () => {},
    },
  )
  // Our own open is done when this returns. That of the stream is on its way through the thread
  // pool.
  sink.open()
  renameSync(path, aside)
  symlinkSync(victim, path)
  sink.write(Buffer.from('line\n'))
  let isSwapped = true
  const alive = setInterval(() => {}, 1000)
  while (!done.isWritten) {
    // No callback comes while we look. The thread pool goes on.
    const until = performance.now() + 5
    while (isSwapped && performance.now() < until) {
      // Under load it may be opened, refused and closed again between two looks; then it is told.
      if (openings(victim) === 0 && openings(aside) < 2 && told.length === 0) continue
      renameSync(aside, path)
      isSwapped = false
    }
    await new Promise(setImmediate)
  }
  clearInterval(alive)
  await sink.close()
  assert.equal(isSwapped, false, 'the stream has opened something meanwhile')
  return { victim: readFileSync(victim, 'utf8'), file: readFileSync(path, 'utf8'), told }
}

describe('FileSink', () => {
  test(
    'writes to its own file when a link bears its name while the stream opens it',
    { skip },
    async (t) => {
      assert.deepEqual(await swap(t), { victim: 'precious\n', file: 'line\n', told: [] })
    },
  )

  test(
    'where a descriptor has no name, does not write to a file that the link led to',
    { skip },
    async (t) => {
      t.mock.getter(AppendFile.prototype, 'ownName', () => undefined)
      assert.deepEqual(await swap(t), {
        victim: 'precious\n',
        file: 'line\n',
        told: ['another file was in its place when it was opened', 'recovered'],
      })
    },
  )
})

describe('AppendFile', () => {
  test('whereabouts() does not take a link for our file, even if it leads there', { skip }, (t) => {
    const directory = logDirectory(t)
    makeDirectory(directory)
    const file = new AppendFile(directory, 'a.log', freeClaim(directory))
    file.open(false)
    assert.equal(file.whereabouts(), 'ours')
    renameSync(join(directory, 'a.log'), join(directory, 'aside'))
    symlinkSync('aside', join(directory, 'a.log'))
    assert.equal(file.whereabouts(), 'renamed')
    file.close()
  })

  test('ownName leads to the file that is held, whatever bears its name', { skip }, (t) => {
    const directory = logDirectory(t)
    makeDirectory(directory)
    const file = new AppendFile(directory, 'a.log', freeClaim(directory))
    file.open(false)
    renameSync(join(directory, 'a.log'), join(directory, 'aside'))
    symlinkSync('nowhere', join(directory, 'a.log'))
    writeFileSync(file.ownName!, 'line\n', { flag: 'a' })
    assert.equal(readFileSync(join(directory, 'aside'), 'utf8'), 'line\n')
    const again = openForAppend(directory, 'aside')
    closeSync(again.fd)
    assert.deepEqual(file.identity, { device: again.device, inode: again.inode })
    file.close()
    assert.equal(file.ownName, undefined)
  })
})
