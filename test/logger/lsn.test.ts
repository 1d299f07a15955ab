// `lsn`: the order of the calls over all categories, gap-free, going on whatever ends a run.

import assert from 'node:assert/strict'
import { appendFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createLogger, defineEvent, Type } from '../../lib/index.ts'
import { type Line, linesOf, logDirectory } from '../log-directory.ts'

/** All lines of a directory but copies, in the order of `lsn`. */
function inOrder(directory: string): Line[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.log'))
    .flatMap((name) =>
      linesOf(directory, name).filter(
        ({ category }) => name !== 'error.log' || category === 'error',
      ),
    )
    .toSorted((a, b) => a.lsn - b.lsn)
}

function lsnsOf(lines: readonly Line[]): number[] {
  return lines.map(({ lsn }) => lsn)
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1)
}

describe('lsn', () => {
  test('is the order of the calls, over all categories and ways to log, copies included', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, categories: { latency: {} } })
    const latency = log.with({ bound: 1 }).category('latency')
    const fill = log.event(
      defineEvent({
        category: 'enforcement',
        level: 'ERROR',
        message: 'fill {n}',
        context: Type.Object({ n: Type.Number() }),
      }),
    )
    const calls: readonly ((n: number) => void)[] = [
      (n) => log.system.info('call', { n }),
      (n) => fill({ n }),
      (n) => log.logError('call', new Error('e'), { n }),
      (n) => log.logAudit('call', 'me', { n }),
      (n) => log.sdk.error('call', { n, text: 'x'.repeat(50_000) }),
      (n) => latency.warning('call', { n }),
      (n) => fill({ n, more: 1 } as { n: number }),
    ]
    for (let n = 1; n <= 700; n++) calls[(n * 5) % calls.length]!(n)
    await log.close()
    const lines = inOrder(directory)
    assert.deepEqual(lsnsOf(lines), upTo(700))
    assert.deepEqual(
      lines.map(({ context }) => context!['n']),
      upTo(700),
    )
    const copies = linesOf(directory, 'error.log').filter(({ category }) => category !== 'error')
    assert.equal(copies.length, 300)
    for (const copy of copies) assert.deepEqual(copy, lines[copy.lsn - 1])
  })

  test('of a call from within another one comes behind it', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    const outer = {
      get a() {
        log.audit.info('inner', {
          get b() {
            log.sdk.info('innermost')
            return 1
          },
        })
        return 1
      },
    }
    log.system.info('outer', outer)
    log.service.info('next')
    await log.close()
    assert.deepEqual(
      inOrder(directory).map(({ message, lsn }) => [message, lsn]),
      [
        ['outer', 1],
        ['inner', 2],
        ['innermost', 3],
        ['next', 4],
      ],
    )
  })

  for (const on_full of ['drop_new', 'drop_old'] as const) {
    test(`of what ${on_full} drops stays missing, and is as much as the report tells`, async (t) => {
      const directory = logDirectory(t)
      const log = createLogger({ log_path: directory, buffer: { entries: 64, on_full } })
      for (let round = 0; round < 3; round++) {
        for (let n = 0; n < 100; n++) log[n % 2 === 0 ? 'system' : 'audit'].info('call')
        await log.flush()
      }
      await log.close()
      const lines = inOrder(directory)
      const { accepted, dropped } = log.stats()
      assert.equal(lines.at(-1)!.lsn, accepted)
      assert.equal(new Set(lsnsOf(lines)).size, accepted - dropped.total)
      const told = lines.flatMap(({ context }) =>
        Object.values((context?.['dropped'] ?? {}) as Record<string, number>),
      )
      assert.equal(
        told.reduce((sum, count) => sum + count, 0),
        accepted - lines.length,
      )
    })
  }

  test('goes on after a restart, also one that does not know the category of the last entry', async (t) => {
    const directory = logDirectory(t)
    const first = createLogger({ log_path: directory, categories: { latency: {} } })
    first.system.info('1')
    first.latency.info('2')
    await first.close()
    const locks = (): string[] => readdirSync(directory).filter((name) => name.endsWith('.lock'))
    for (const [lsn, before] of [
      [3, () => {}],
      // Without the lock nothing but the files tells.
      [4, () => locks().forEach((name) => rmSync(join(directory, name)))],
      [
        5,
        () => {
          locks().forEach((name) => rmSync(join(directory, name)))
          renameSync(join(directory, 'audit.log'), join(directory, 'audit.log.1'))
          appendFileSync(join(directory, 'latency.log'), '{"timestamp":"2026-')
        },
      ],
    ] as const) {
      before()
      const log = createLogger({ log_path: directory })
      log.audit.info('next')
      await log.close()
      assert.equal(linesOf(directory, 'audit.log').at(-1)!.lsn, lsn)
    }
  })
})
