// What `lsn` tells beyond the numbers of the categories, and where it tells nothing.

import { strict as assert } from 'node:assert'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { createLogger, verifyLogs } from '../../lib/index.ts'
import type { LogEntry } from '../../lib/entry/entry.ts'
import { LsnAudit, type Known } from '../../lib/read/lsn-audit.ts'
import type { VerifyFault } from '../../lib/read/verify-fault.ts'
import { logDirectory } from '../log-directory.ts'

function checked(): {
  readonly add: (category: string, seq: number, lsn?: number, base?: string) => void
  readonly end: (known: Partial<Known> & { readonly settled?: number }) => string[]
  readonly expectLate: LsnAudit['expectLate']
} {
  const faults: VerifyFault[] = []
  const checks = new LsnAudit((fault) => faults.push(fault))
  return {
    add: (category, seq, lsn, base = category) => {
      const entry = { category, seq, lsn } as unknown as LogEntry
      checks.check(entry, base, 1, base, base === category)
    },
    expectLate: (late) => checks.expectLate(late),
    end: ({ settled = 10, ...known }) => {
      const checkpoint = { max_files: 1, compress: false, seq: {}, files: {}, settled }
      const killed = checks.end('d', {
        missing: 0,
        reported: 0,
        isDisordered: () => false,
        checkpoint,
        ...known,
      })
      return [
        ...faults.map(({ kind, message }) => `${kind} ${/\d+(?: to \d+)?/.exec(message)?.[0]}`),
        ...(killed === 0 ? [] : [`killed ${killed}`]),
      ]
    },
  }
}

describe('LsnAudit', () => {
  test('finds what is missing over all files, up to what the writer has settled', () => {
    const { add, end } = checked()
    for (const lsn of [1, 4, 5, 10]) add('a', lsn, lsn)
    for (const lsn of [2, 3]) add('b', lsn - 1, lsn)
    assert.deepEqual(end({}), ['gap 6 to 9'])
  })

  test('finds no gap that a category, or a report of the logger, accounts for', () => {
    for (const known of [{ missing: 2 }, { reported: 2 }, { settled: 4 }]) {
      const { add, end } = checked()
      for (const lsn of [1, 2, 3, 4, 7, 8, 9, 10]) add('a', lsn, lsn)
      assert.deepEqual(end(known), [])
    }
  })

  test('takes it that what the writer has left as late comes late, and nothing else', () => {
    for (const [late, found] of [
      [[[2, 3]], []],
      [[[2, 2]], ['disorder 3']],
      [[], ['disorder 2', 'disorder 3']],
    ] as const) {
      const { add, end, expectLate } = checked()
      expectLate(late)
      for (const [at, lsn] of [1, 4, 5, 2, 3, 6].entries()) add('a', at + 1, lsn)
      assert.deepEqual(end({ settled: 6 }), found)
    }
  })

  test('begins behind what has been rotated away', () => {
    const { add, end } = checked()
    add('quiet', 1, 1)
    for (const lsn of [7, 8, 9, 10]) add('busy', lsn - 1, lsn)
    assert.deepEqual(end({}), [])
  })

  test('takes a copy for the entry that has been rotated away', () => {
    const { add, end } = checked()
    for (const lsn of [1, 2, 4, 5, 6, 7, 8, 9, 10]) add('a', lsn, lsn)
    add('b', 1, 3, 'error.log')
    assert.deepEqual(end({}), [])
  })

  test('counts what is missing where a writer was killed, and finds no fault in it', () => {
    const { add, end } = checked()
    for (const lsn of [1, 2, 5, 8, 9, 10]) add('a', lsn, lsn)
    const checkpoint = { max_files: 1, compress: false, seq: {}, files: {}, settled: 10 }
    assert.deepEqual(end({ checkpoint: { ...checkpoint, broken: [[3, 6]] } }), [
      'gap 7',
      'killed 3',
    ])
  })

  test('finds two entries of one number, and one that comes late, where their categories do not tell', () => {
    const { add, end } = checked()
    for (const lsn of [1, 2, 3]) add('a', lsn, lsn)
    add('b', 1, 3)
    add('c', 1, 5, 'c')
    add('c', 2, 4, 'c')
    assert.deepEqual(end({ settled: 5 }), ['duplicate 3', 'disorder 4'])
  })

  test('judges nothing where lines do not tell their numbers', () => {
    const { add, end } = checked()
    add('a', 1)
    add('a', 2, 9)
    assert.deepEqual(end({ settled: 0 }), [])
    assert.deepEqual(end({ checkpoint: undefined }), [])
  })

  test('takes little memory for many numbers, and for forged ones', () => {
    const { add, end } = checked()
    for (let lsn = 1; lsn <= 200_000; lsn++) add('a', lsn, lsn)
    add('b', 1, 2 ** 50)
    assert.deepEqual(end({ settled: 200_000 }), [])
  })
})

async function written(t: TestContext): Promise<string> {
  const log_path = logDirectory(t)
  const log = createLogger({ log_path, buffer: { entries: 64, on_full: 'drop_new' } })
  for (let i = 1; i <= 300; i++) {
    log.system.info(`s${i}`)
    log.audit.error(`a${i}`)
    if (i % 20 === 0) await log.flush()
  }
  await log.close()
  assert.equal(log.stats().dropped.total, 0)
  return log_path
}

describe('verifyLogs()', () => {
  test('finds by lsn that all of a category has been taken away', async (t) => {
    const log_path = await written(t)
    assert.deepEqual((await verifyLogs({ log_path })).faults, [])
    for (const file of ['audit.log', 'error.log']) writeFileSync(join(log_path, file), '')
    const lock = readdirSync(log_path).find((name) => name.endsWith('.lock'))!
    const text = readFileSync(join(log_path, lock), 'utf8')
    // As if nobody had ever logged there: nothing but lsn tells.
    writeFileSync(join(log_path, lock), text.replace(/"audit":300,?/, ''))
    const { faults } = await verifyLogs({ log_path })
    assert.ok(faults.length > 0)
    assert.match(faults[0]!.message, /^The entry with lsn 2 is missing/)
  })
})
