// Files that cannot be written, or are taken away: nothing throws, nothing is lost untold.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createLogger, type LoggerStats } from '../../lib/index.ts'
import { assertBalanced, linesOf, logDirectory } from '../log-directory.ts'
import { library, loader } from '../loader.ts'

describe('files that fail', () => {
  test('copies that do not reach error.log are counted and told at the end; their entries are written', async (t) => {
    const directory = logDirectory(t)
    mkdirSync(join(directory, 'error.log'), { recursive: true })
    const script = `import { createLogger } from ${JSON.stringify(library)}
      const log = createLogger({ log_path: ${JSON.stringify(directory)} })
      for (let n = 0; n < 3; n++) log.system.error('Order rejected', { n })
      log.system.info('not copied')
      await log.close().catch(() => {})
      console.log(JSON.stringify(log.stats()))`
    const words = [...loader, '--input-type=module', '-e', script]
    const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' })
    const stats = JSON.parse(stdout) as LoggerStats
    assertBalanced(stats)
    assert.deepEqual([stats.written, stats.copies_lost], [stats.accepted, 3])
    assert.match(stderr, /3 copies of entries did not reach error\.log; stats\(\) counts them/)
    assert.equal(linesOf(directory, 'system.log').length, stats.written)
  })

  test('an unusable directory is no exception: one line on stderr, and entries are written when it can be used', async (t) => {
    const directory = logDirectory(t)
    writeFileSync(directory, 'a file stands here')
    const log = createLogger({ log_path: join(directory, 'logs'), console: 'off' })
    log.system.info('one')
    await assert.rejects(log.flush(), { name: 'NotWrittenError', code: 'RINGLOG_NOT_WRITTEN' })
    assert.equal(log.stats().queued, 1)
    rmSync(directory)
    await retried(log)
    assert.deepEqual(
      linesOf(join(directory, 'logs'), 'system.log')
        .map(({ message }) => message.slice(0, 8))
        .slice(0, 2),
      ['one', 'Log file'],
    )
    await log.close()
    assertBalanced(log.stats())
  })

  test('what does not fit the buffer goes by level, the lowest first, and is told in the file', async (t) => {
    const directory = logDirectory(t)
    writeFileSync(directory, 'a file stands here')
    const log = createLogger({
      log_path: join(directory, 'logs'),
      log_level: 'debug',
      console: 'off',
      buffer: { entries: 64, bytes: 1 << 20 },
    })
    const padding = 'x'.repeat(1000)
    for (let i = 0; i < 500; i++) {
      log.audit.debug('d', { padding })
      log.audit.info('i', { padding })
      log.audit.warning('w', { padding })
    }
    log.flushSync()
    const { dropped, queued } = log.stats()
    // Of the lowest level some were with the file already when it failed, and some came last, when
    // there was room.
    assert.ok(dropped.DEBUG > 350 && dropped.INFO > 0 && dropped.INFO < dropped.DEBUG)
    assert.equal(dropped.WARNING, 0)
    assert.ok(queued * 1000 < 1.1 * (1 << 20))
    rmSync(directory)
    await retried(log)
    await log.close()
    assertBalanced(log.stats())
    const lines = linesOf(join(directory, 'logs'), 'audit.log')
    assert.equal(lines.filter(({ level }) => level === 'WARNING').length, 500)
    assert.equal(lines.length, 1500 - dropped.total)
    const seqs = lines.map(({ seq }) => seq)
    assert.deepEqual(
      seqs,
      seqs.toSorted((a, b) => a - b),
    )
    const told = linesOf(join(directory, 'logs'), 'system.log').flatMap(({ context }) =>
      context?.['dropped'] === undefined ? [] : [context['dropped']],
    )
    assert.deepEqual(told, [{ DEBUG: dropped.DEBUG, INFO: dropped.INFO }])
  })

  test('a file removed or renamed under us is written anew; nothing after that is lost', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    log.system.info('before')
    await log.flush()
    renameSync(join(directory, 'system.log'), join(directory, 'moved'))
    log.system.info('into the renamed one')
    await log.flush()
    log.system.info('into the new one')
    await log.flush()
    rmSync(join(directory, 'system.log'))
    log.system.info('again')
    await log.flush()
    await log.close()
    const moved = readFileSync(join(directory, 'moved'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).message as string)
    assert.deepEqual(moved, ['before', 'into the renamed one'])
    assert.deepEqual(
      linesOf(directory, 'system.log').map(({ message }) => message),
      ['again'],
    )
  })

  test('a link in place of a file is refused, and what it points to is untouched', async (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory, { recursive: true })
    const victim = join(directory, 'victim')
    writeFileSync(victim, 'precious')
    const { symlinkSync } = await import('node:fs')
    symlinkSync(victim, join(directory, 'audit.log'))
    const log = createLogger({ log_path: directory, console: 'off' })
    log.audit.info('no')
    log.system.info('yes')
    await assert.rejects(log.close(), { code: 'RINGLOG_NOT_WRITTEN' })
    assert.equal(readFileSync(victim, 'utf8'), 'precious')
    assert.equal(linesOf(directory, 'system.log')[0]!.message, 'yes')
    assertBalanced(log.stats())
    assert.equal(log.stats().dropped.INFO, 1)
  })
})

/**
 * Waits until the entries that a failed file held back are written: it is tried again by itself.
 */
async function retried(log: ReturnType<typeof createLogger>): Promise<void> {
  while (log.stats().queued > 0) await new Promise(setImmediate)
  await log.flush()
}
