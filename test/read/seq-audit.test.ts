// SeqAudit against a model that remembers every number, and the cases in which numbers alone would
// deceive.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { LogEntry } from '../../lib/entry/entry.ts'
import type { LevelName } from '../../lib/entry/level.ts'
import { SeqAudit } from '../../lib/read/seq-audit.ts'
import type { VerifyFault } from '../../lib/read/verify-fault.ts'
import { runs } from '../runs.ts'

interface Given {
  readonly seq: number
  readonly category?: string
  readonly level?: LevelName
  readonly base?: string
  readonly file?: string
}

function entryOf({ seq, category = 'system', level = 'INFO' }: Given): LogEntry {
  return { timestamp: '2025-10-17T14:00:00.000+00:00', level, category, message: 'm', seq }
}

/** The faults of entries, and which of them were told to be copies. */
function checked(given: readonly (Given | string)[]): { faults: string[]; copies: number } {
  const faults: VerifyFault[] = []
  const checks = new SeqAudit((fault) => faults.push(fault))
  let copies = 0
  for (const [i, each] of given.entries()) {
    if (typeof each === 'string') checks.passHumanLine(each)
    else {
      const base = each.base ?? 'system.log'
      if (!checks.check(entryOf(each), each.file ?? base, i + 1, base)) copies++
    }
  }
  checks.end()
  return { faults: faults.map(({ message, line }) => `${line} ${message}`), copies }
}

function seqs(...numbers: number[]): Given[] {
  return numbers.map((seq) => ({ seq }))
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

describe('SeqAudit', () => {
  test('tells each missing number once and no other, whatever is removed, moved and doubled', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 80 }), (numbers) => {
        const faults: VerifyFault[] = []
        const checks = new SeqAudit((fault) => faults.push(fault))
        for (const seq of numbers) checks.check(entryOf({ seq }), 'f', 1, 'system.log')
        checks.end()

        const come = new Set(numbers)
        const missing =
          come.size === 0
            ? []
            : range(Math.min(...come), Math.max(...come)).filter((seq) => !come.has(seq))
        const told = faults
          .filter(({ kind }) => kind === 'gap')
          .flatMap(({ message }) => {
            const [, first, last] = / missing, (\d+) to (\d+)/.exec(message) ?? []
            if (last !== undefined) {
              assert.ok(Number(first) < Number(last), message)
              return range(Number(first), Number(last))
            }
            return [Number(/^Entry (\d+) /.exec(message)![1])]
          })
        assert.deepEqual(told, missing)

        const count = (kind: string): number =>
          faults
            .filter((fault) => fault.kind === kind)
            .reduce((sum, { message }) => {
              const [, first, last] = /^Entries (\d+) to (\d+)/.exec(message) ?? []
              return sum + (last === undefined ? 1 : Number(last) - Number(first) + 1)
            }, 0)
        assert.equal(count('duplicate'), numbers.length - come.size)
        let highest = -1
        const late = numbers.filter((seq, i) => {
          const isLate = seq < highest && !numbers.slice(0, i).includes(seq)
          highest = Math.max(highest, seq)
          return isLate
        })
        assert.equal(count('disorder'), late.length)
      }),
      { numRuns: runs(1000) },
    )
  })

  test('tells a file that is there twice, or in the wrong place, once', () => {
    assert.deepEqual(checked(seqs(...range(5, 9), ...range(5, 9), 10)).faults, [
      '6 Entries 5 to 9 of system: they are there already; expected 10',
    ])
    assert.deepEqual(checked(seqs(...range(10, 19), ...range(1, 9), 20, 21)).faults, [
      '11 Entries 1 to 9 of system: they come late; expected 20',
    ])
  })

  test('takes human lines for as many numbers as there are, not for more', () => {
    assert.deepEqual(checked([...seqs(1), 'system', 'system', ...seqs(4)]).faults, [])
    assert.deepEqual(checked([...seqs(1), 'system', ...seqs(2)]).faults, [])
    assert.deepEqual(checked([...seqs(1), 'sdk', 'system', ...seqs(4)]).faults, [
      '4 Entry 3 of system is missing',
    ])
    assert.deepEqual(checked([...seqs(1), 'system', ...seqs(3, 5)]).faults, [
      '4 Entry 4 of system is missing',
    ])
  })

  test('knows copies in error.log from the entries of a category that has it as its file', () => {
    const base = 'error.log'
    const ERROR = { level: 'ERROR', base } as const
    const { faults, copies } = checked([
      { seq: 1 },
      { seq: 2, level: 'ERROR' },
      { seq: 3 },
      { seq: 2, ...ERROR },
      { seq: 7, category: 'sdk', ...ERROR },
      { seq: 1, category: 'latency', base },
      { seq: 3, category: 'latency', ...ERROR },
      { seq: 8, category: 'error', ...ERROR },
    ])
    assert.deepEqual(faults, ['7 Entry 2 of latency is missing'])
    assert.equal(copies, 2)
  })

  test('finds no fault when a category has been given another file', () => {
    const moved = range(6, 9).map((seq) => ({ seq, category: 'x', base: 'a.log' }))
    const before = range(1, 5).map((seq) => ({ seq, category: 'x' }))
    assert.deepEqual(checked([...moved, ...before]).faults, [])
  })

  test('has a limit on stretches and on categories, and loses no missing number by it', () => {
    const { faults } = checked(seqs(...range(1, 5000).map((n) => 2 * n)))
    assert.equal(faults.length, 4999)
    assert.equal(faults[0], '2 Entry 3 of system is missing')
    const many = checked(range(1, 3000).map((n) => ({ seq: 1, category: `c${n}` })))
    assert.equal(many.faults.length, 1)
    assert.match(many.faults[0]!, /^1001 This is the category behind the first 1000/)
  })
})
