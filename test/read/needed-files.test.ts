// `since` asks the entries, never the time at which a file was last written.

import { strict as assert } from 'node:assert'
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { streamLogs } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'
import { runs } from '../runs.ts'

const start = Date.parse('2026-03-01T12:00:00Z')

function entry(time: number, message: string): string {
  const timestamp = new Date(time).toISOString().replace('Z', '+00:00')
  return `${JSON.stringify({ timestamp, level: 'INFO', category: 'system', message })}\n`
}

function human(time: number, message: string): string {
  const shown = new Date(time).toISOString().slice(0, 19).replace('T', ' ')
  return `[${shown}] INFO  | system      | ${message}\n`
}

/** Files that were last written when `modified` says, whatever their lines say. */
function directoryWith(
  t: TestContext,
  files: Readonly<Record<string, string | Buffer>>,
  modified: number,
): string {
  const directory = logDirectory(t)
  mkdirSync(directory)
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name)
    writeFileSync(path, content)
    utimesSync(path, modified / 1000, modified / 1000)
  }
  return directory
}

async function since(log_path: string, moment: number, lines = Infinity): Promise<string[]> {
  const found: string[] = []
  for await (const { entry: shown, raw } of streamLogs({
    log_path,
    since: new Date(moment),
    lines,
  })) {
    found.push(shown?.message ?? raw.trimEnd().split(' ').at(-1)!)
  }
  return found
}

test('streamLogs({ since }) believes the lines, whatever the times of the files say', async (t) => {
  const files = {
    'system.log.3.gz': gzipSync(entry(start, 'a') + entry(start + 1000, 'b')),
    'system.log.2': entry(start + 2000, 'c') + entry(start + 3000, 'd'),
    'system.log.1.gz': gzipSync(entry(start + 4000, 'e') + entry(start + 5000, 'f')),
    'system.log': entry(start + 6000, 'g'),
    'audit.log': entry(start + 3500, 'x'),
  }
  const all = ['a', 'b', 'c', 'd', 'x', 'e', 'f', 'g']
  // Long ago, in whole seconds, a tick before the entry, in the future.
  for (const modified of [0, start + 5000, start + 5996, start + 1e9]) {
    const log_path = directoryWith(t, files, modified)
    for (const [offset, first] of [
      [-1, 0],
      [0, 0],
      [1, 1],
      [3000, 3],
      [3001, 4],
      [4500, 6],
      [6000, 7],
      [6001, 8],
    ] as const) {
      assert.deepEqual(await since(log_path, start + offset), all.slice(first))
      assert.deepEqual(await since(log_path, start + offset, 3), all.slice(Math.max(first, 5)))
    }
  }
})

test('streamLogs({ since }) gives all that the lines themselves say, whatever files they are in', async (t) => {
  const lines = fc.array(
    fc.record({
      // Minutes: more than a clock may be set back within a file.
      step: fc.integer({ min: 0, max: 5 }),
      kind: fc.constantFrom('entry', 'human', 'none'),
      isLast: fc.boolean(),
    }),
    { maxLength: 30 },
  )
  await fc.assert(
    fc.asyncProperty(lines, fc.nat(150), fc.boolean(), async (made, minute, compress) => {
      const files: string[][] = [[]]
      let time = start
      let known = -Infinity
      const expected: string[] = []
      const from = start + minute * 60_000 + 500
      made.forEach(({ step, kind, isLast }, i) => {
        time += step * 60_000
        // A human line of this minute may be of a moment behind it.
        if (kind !== 'none') known = kind === 'human' ? time + 999 : time
        if (known >= from) expected.push(`m${i}`)
        const text = kind === 'entry' ? entry(time, `m${i}`) : `    at m${i}\n`
        files.at(-1)!.push(kind === 'human' ? human(time, `m${i}`) : text)
        if (isLast) files.push([])
      })
      const named = files.toReversed().map((each, i) => {
        const packed = compress && i > 0
        const content = packed ? gzipSync(each.join('')) : each.join('')
        return [`system.log${i === 0 ? '' : `.${i}`}${packed ? '.gz' : ''}`, content] as const
      })
      const log_path = directoryWith(t, Object.fromEntries(named), start)
      assert.deepEqual(await since(log_path, from), expected)
    }),
    { numRuns: runs(60) },
  )
})

test('streamLogs({ since }) gives a human line of the same second, which tells no milliseconds', async (t) => {
  const log_path = directoryWith(
    t,
    { 'system.log': human(start, 'one') + human(start + 1000, 'two') },
    start,
  )
  assert.deepEqual(await since(log_path, start + 700), ['one', 'two'])
  assert.deepEqual(await since(log_path, start + 1000), ['two'])
})

test('streamLogs({ since }) sees through a clock that was set back within a file', async (t) => {
  const files = {
    'system.log.1': entry(start + 50_000, 'ahead') + entry(start, 'behind'),
    'system.log': entry(start + 1000, 'last'),
  }
  const log_path = directoryWith(t, files, start)
  assert.deepEqual(await since(log_path, start + 40_000), ['ahead'])
})

test('streamLogs({ since }) does not read what is surely older', async (t) => {
  const rubbish = Buffer.from('no gzip')
  const files = {
    'system.log.3.gz': Buffer.concat([gzipSync(entry(start, 'old')), rubbish]),
    'system.log.2.gz': gzipSync(entry(start + 100_000, 'older')),
    'system.log.1': entry(start + 200_000, 'newer'),
    'system.log': entry(start + 300_000, 'new'),
  }
  const warned: string[] = []
  const listener = ({ message }: Error): void => void warned.push(message)
  process.on('warning', listener)
  t.after(() => process.off('warning', listener))
  const log_path = directoryWith(t, files, start)
  assert.deepEqual(await since(log_path, start + 300_000), ['new'])
  await new Promise(setImmediate)
  assert.deepEqual(warned, [])
  assert.deepEqual(await since(log_path, start + 100_000), ['older', 'newer', 'new'])
  await new Promise(setImmediate)
  assert.equal(warned.length, 1)
})
