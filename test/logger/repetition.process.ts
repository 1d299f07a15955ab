// What a process that ends amid a storm leaves of it: the count and the last, whatever the end.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { verifyLogs } from '../../lib/index.ts'
import { extension, loader } from '../loader.ts'
import { type Line, linesOf, logDirectory, seqFaults } from '../log-directory.ts'

const fixture = join(import.meta.dirname, `../fixtures/repeating${extension}`)

/** Lines as a person sees them. */
function seen(lines: readonly Pick<Line, 'message' | 'context'>[]): string[] {
  return lines.map(({ message, context }) =>
    typeof context?.['n'] === 'number' ? `${message} ${context['n']}` : message,
  )
}

const ends = [
  'natural end',
  'exit',
  'exit in a later turn',
  'exception',
  'caught exception, then SIGKILL',
  'flush, then SIGKILL',
  'flushSync, then SIGKILL',
  'close',
  'a getter that exits',
  'stack overflow',
  'worker: natural end',
  'worker: exit',
  'worker: exception',
]

describe('repetition: the end of the process', { concurrency: 2 }, () => {
  for (const way of ends) {
    it(`${way}: the count and the last are there`, async (t) => {
      const directory = logDirectory(t)
      spawnSync(process.execPath, [...loader, fixture, way, directory], { stdio: 'ignore' })
      const all = linesOf(directory, 'system.log')
      const lines = all.filter(({ category }) => category === 'sdk')
      // Where the stack had no room for a call it is lost, and told.
      const { WARNING: lost = 0 } = all.reduce<{ WARNING?: number }>(
        (dropped, { context }) => (context?.['dropped'] as typeof dropped | undefined) ?? dropped,
        {},
      )
      const isOverflow = way === 'stack overflow'
      const folded = isOverflow ? Number(lines[1]!.context!['folded']) : 998
      assert.deepEqual(seen(lines), [
        'Connection lost 0',
        `${folded} entries of the same call were folded: Connection lost`,
        'Connection lost 999',
        ...(way.startsWith('caught exception') ? ['Connection lost 1000'] : []),
      ])
      assert.equal(lines.at(-1)!.seq, lines.length + lost)
      if (isOverflow) return
      assert.deepEqual(seqFaults(lines), [])
      const { faults } = await verifyLogs({ log_path: directory })
      assert.deepEqual(faults, [])
    })
  }

  it('the same on standard output without files', () => {
    const args = [...loader, fixture, 'exit', '-']
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    const lines = stdout.trimEnd().split('\n')
    assert.deepEqual(seen(lines.map((line) => JSON.parse(line) as Line)), [
      'Connection lost 0',
      '998 entries of the same call were folded: Connection lost',
      'Connection lost 999',
    ])
  })
})
