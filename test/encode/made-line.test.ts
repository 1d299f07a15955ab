// What an entry sink gets are the fields that stand in the line, however the line was made.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defineEvent, Type } from '../../lib/index.ts'
import type { LogEntry } from '../../lib/entry/entry.ts'
import { LineEncoder } from '../../lib/encode/line-encoder.ts'
import { createTestLogger } from '../../lib/testing.ts'

const fields = [
  'timestamp',
  'level',
  'category',
  'account_id',
  'trace_id',
  'span_id',
  'message',
  'context',
  'exception',
]

/** Compares the fields of each line that is made with what stands in it; returns how many were. */
function watch(t: { after: (work: () => void) => void }): { lines: number } {
  const seen = { lines: 0 }
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this`
  const { write } = LineEncoder.prototype
  LineEncoder.prototype.write = function (this: LineEncoder, out, ring, lsn) {
    const from = out.size
    write.call(this, out, ring, lsn)
    const line = out.textFrom(from)
    const entry = JSON.parse(line) as LogEntry
    const { made } = this
    assert.equal(made.line, line)
    for (const field of fields) {
      const key = field as keyof LogEntry
      assert.deepEqual(made[key as 'message'], entry[key], `${field} of ${line.slice(0, 300)}`)
    }
    seen.lines++
  }
  t.after(() => {
    LineEncoder.prototype.write = write
  })
  return seen
}

const Rule = Type.Object({ account_id: Type.Optional(Type.String()), rule: Type.String() })
const Loose = Type.Object({ rule: Type.String(), detail: Type.Unknown() })

const events = {
  constant: { message: 'Fixed "words" \u0007 é', context: Rule },
  filled: { message: 'Rule {rule} 😀', context: Rule },
  loose: { message: 'Loose', context: Loose },
  'loose and filled': { message: 'Loose {rule}', context: Loose },
  empty: { message: 'Nothing', context: Type.Object({}) },
}

/** However its context is typed. */
type Call = (context: object, account?: string, error?: unknown) => void

describe('MadeLine has the fields of the line', () => {
  for (const entryBytes of [16 * 1024 * 1024, 4096]) {
    for (const isBound of [false, true]) {
      const what = `entry_bytes ${entryBytes}${isBound ? ', bound and joined fields, a trace' : ''}`
      const surroundings = {
        context: () => (isBound ? { joined: 'j' } : undefined),
        trace: () => (isBound ? { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) } : undefined),
      }
      test(`of untyped entries: ${what}`, (t) => {
        const seen = watch(t)
        const whole = createTestLogger({ buffer: { entry_bytes: entryBytes } }, surroundings)
        const log = isBound ? whole.with({ account_id: 'B1', request: 'r', secret: 's' }) : whole
        const error = new Error('rejected password=x', { cause: new TypeError('limit') })
        log.system.info('plain')
        log.system.info('plain')
        log.system.info('escapes " \\ \n \u009b é 😀', { account_id: 'A"1', a: [1, { b: null }] })
        log.system.warning('only an account', { account_id: 'A1' })
        log.error.error('an error', error)
        log.logEnforcement('A1', 'rule', 'close', { size: 2 })
        log.system.critical('an error and a context', error, { message: 'mine', exception: 1 })
        log.system.info('long '.repeat(3000), { long: 'é'.repeat(9000), account_id: 'A1' })
        log.system.info('many', { list: Array.from({ length: 3000 }, (_, i) => i) })
        assert.equal(whole.entries.length, 9)
        assert.equal(seen.lines, 9)
      })

      for (const [name, shape] of Object.entries(events)) {
        test(`of an event, ${name}: ${what}`, (t) => {
          const seen = watch(t)
          const whole = createTestLogger({ buffer: { entry_bytes: entryBytes } }, surroundings)
          const log = isBound ? whole.with({ account_id: 'B1', request: 'r' }) : whole
          const event = defineEvent({ name, category: 'sdk', level: 'ERROR', ...shape })
          const logIt: Call = log.event(event)
          logIt({ rule: 'r', detail: { a: 1n } }, 'A1')
          logIt({ rule: 'r', account_id: 'A2', detail: [1] })
          logIt({ rule: 'r'.repeat(9000), detail: 'é'.repeat(9000) }, 'A1', new Error('e'))
          // Not as the schema has it.
          logIt({ rule: { not: 'a string' }, more: 1 })
          assert.equal(whole.entries.length, 4)
          assert.equal(seen.lines, 4)
        })
      }
    }
  }
})
