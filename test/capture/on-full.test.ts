// A ring that is full: which entries stay, and how the others are told.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createLogger, type LoggerStats } from '../../lib/index.ts'
import { assertBalanced, linesOf, logDirectory, seqFaults } from '../log-directory.ts'

describe('buffer.on_full', () => {
  const rounds = async (
    t: Parameters<typeof logDirectory>[0],
    on_full: 'block' | 'drop_new' | 'drop_old',
  ): Promise<{ lines: ReturnType<typeof linesOf>; stats: LoggerStats }> => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, buffer: { entries: 64, on_full } })
    for (let i = 0; i < 1000; i++) log.system.info(`n ${i}`)
    await log.flush()
    log.system.info('after')
    await log.flush()
    await log.close()
    return { lines: linesOf(directory, 'system.log'), stats: log.stats() }
  }
  test('block loses nothing', async (t) => {
    const { lines, stats } = await rounds(t, 'block')
    assert.equal(stats.written, 1001)
    assert.deepEqual(seqFaults(lines), [])
  })
  test('drop_new keeps the oldest, drop_old the newest; both count the rest and say so in the file', async (t) => {
    for (const policy of ['drop_new', 'drop_old'] as const) {
      const { lines, stats } = await rounds(t, policy)
      assert.equal(stats.dropped.INFO, 936)
      assertBalanced(stats)
      const kept = lines.filter(({ message }) => message.startsWith('n '))
      assert.equal(kept.length, 64)
      assert.equal(kept[0]!.message, policy === 'drop_new' ? 'n 0' : 'n 936')
      const told = lines.find(({ message }) => message.includes('were lost'))
      assert.deepEqual(told!.context, { dropped: { INFO: 936 } })
    }
  })
})
