// The bytes of a block against the lanes: whatever is logged, the line made of the block is the
// line that the ring gives. And bytes that no writer has left are refused, whatever was done to
// them.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Intake } from '../../lib/logger/intake.ts'
import { surroundingsOf } from '../../lib/logger/surroundings.ts'
import { LineEncoder } from '../../lib/encode/line-encoder.ts'
import { bind } from '../../lib/encode/bindings.ts'
import { JsonBytes } from '../../lib/encode/json-bytes.ts'
import { templateOf } from '../../lib/encode/line-template.ts'
import { Counters } from '../../lib/deliver/counters.ts'
import { Category, type CategoryTemplate } from '../../lib/deliver/category.ts'
import { Route } from '../../lib/deliver/route.ts'
import { compileEvent } from '../../lib/event/compile-encoder.ts'
import { defineEvent, Type } from '../../lib/event/event-definition.ts'
import { Block } from '../../lib/journal/block.ts'
import { JournaledRing } from '../../lib/journal/journaled-ring.ts'
import {
  definitionWord,
  movedVersion,
  headAt,
  headerBytes,
  keyAt,
  lengthWord,
  markWord,
  partsOf,
  seedOf,
  tailAt,
} from '../../lib/journal/layout.ts'
import { type BlockContent, readBlock } from '../../lib/journal/read-block.ts'
import { Restorer } from '../../lib/journal/restore.ts'
import { Redactor } from '../../lib/redact/secret-keys.ts'
import { anyCharacter } from '../any-character.ts'
import { hostileCalls } from '../hostile-calls.ts'
import { runs } from '../runs.ts'

const charsMax = 1 << 24

const closed = defineEvent({
  name: 'position_closed',
  category: 'system',
  level: 'ERROR',
  message: 'Closed {rule} at {at.price}, {note}',
  context: Type.Object({
    rule: Type.String(),
    at: Type.Object({ price: Type.Number(), open: Type.Boolean() }),
    api_key: Type.String(),
    badge: Type.String(),
    note: Type.Optional(Type.Unknown()),
    tags: Type.Array(Type.String()),
    account_id: Type.String(),
  }),
})

const filled = defineEvent({
  category: 'system',
  level: 'INFO',
  message: 'Filled',
  context: Type.Object({ rule: Type.String(), pin: Type.String(), price: Type.Number() }),
})

const codecs = {
  closed: compileEvent(closed, new Redactor()),
  filled: compileEvent(filled, new Redactor(), false),
}

/** A logger as far as the ring, with a block beside it. */
function journal(
  bytes: number = 4 << 20,
  memory: ArrayBuffer | SharedArrayBuffer = new ArrayBuffer(bytes),
) {
  const redactor = new Redactor()
  const encoder = new LineEncoder(redactor, charsMax)
  const block = new Block(memory, '{"pid":1}', 77)
  const ring = new JournaledRing<CategoryTemplate>(1024, 1 << 26, charsMax, block)
  const category = new Category({
    name: 'system',
    index: 0,
    route: new Route('system.log'),
    threshold: 0,
    own: false,
    durability: 'buffered',
  })
  const surroundings = surroundingsOf(
    {
      context: () => ({ request: 'r-1', n: 1, account_id: undefined }),
      trace: () => ({ trace_id: 'ab'.repeat(16), span_id: 'cd'.repeat(8) }),
    },
    () => {},
  )
  const nothing = (): void => {}
  const intakeWith = (asked: typeof surroundings): Intake =>
    new Intake({
      ring,
      encoder,
      counters: new Counters(),
      onFull: 'drop_new',
      charsMax,
      schedule: nothing,
      wake: nothing,
      writeThrough: nothing,
      makeRoom: nothing,
      tellClosed: nothing,
      surroundings: asked,
    })
  const bindings = bind(
    encoder,
    { session: 'a"b', api_key: 'k', account_id: 'bound', n: { m: 1 } },
    undefined,
    charsMax,
  )
  return {
    block,
    ring,
    category,
    bytes: Buffer.from(memory),
    intake: intakeWith(undefined),
    surrounded: intakeWith(surroundings),
    bound: templateOf<Category>(category, 1, bindings),
    closed: templateOf<Category>(category, 3, undefined, codecs.closed),
    filled: templateOf<Category>(category, 1, bindings, codecs.filled),
    /** What the ring gives, and empties. */
    lines: (): string[] => {
      const lines: string[] = []
      while (ring.size > 0) {
        const out = new JsonBytes(64)
        const refsFrom = ring.lanes.refHead
        encoder.write(out, ring, ring.number)
        ring.shift(refsFrom)
        lines.push(out.textFrom(0))
      }
      return lines
    },
    /** What the block gives. */
    restored: (): string[] => linesOf(contentOf(Buffer.from(memory))),
  }
}

function contentOf(bytes: Buffer): BlockContent {
  const content = readBlock(bytes)
  assert.ok(typeof content !== 'string', JSON.stringify(content))
  return content
}

function linesOf({ entries }: BlockContent, redactor = new Redactor()): string[] {
  const restorer = new Restorer(new LineEncoder(redactor, charsMax), redactor, charsMax)
  return [...entries].map((entry) => {
    const out = new JsonBytes(64)
    restorer.write(out, entry, entry.seq, entry.lsn)
    return out.textFrom(0)
  })
}

const someText = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 80 }),
  fc.array(fc.nat(0xffff), { maxLength: 90 }).map((codes) => String.fromCharCode(...codes)),
  fc.constantFrom('', 'a', 'MNQ', 'x'.repeat(24), 'x'.repeat(25), 'é'.repeat(30), '\ud800', '日本'),
)

describe('Block and Restorer give the line that the ring gives', () => {
  test('for hostile calls of every kind, surrounded and bound', () => {
    let seen = 0
    fc.assert(
      fc.property(fc.array(hostileCalls, { minLength: 1, maxLength: 6 }), (calls) => {
        const log = journal()
        for (const [at, call] of calls.entries()) {
          const intake = at % 2 === 0 ? log.intake : log.surrounded
          const template = call.method === 'bound' ? log.bound : log.category.templates[at % 5]!
          const of = call.method === 'typed' ? log.closed : template
          const thrown = call.method.includes('rror') ? call.thrown() : undefined
          intake.log(of, call.message, undefined, thrown, call.context())
        }
        const expected = log.lines()
        seen += expected.length
        assert.deepEqual(log.restored(), expected)
      }),
      { numRuns: runs(150), endOnFailure: true },
    )
    assert.ok(seen > runs(300))
  })

  test('for typed events, loose values and secrets among them', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(someText, someText, fc.anything({ maxDepth: 2 }), fc.double(), fc.boolean()),
          {
            minLength: 1,
            maxLength: 8,
          },
        ),
        (calls) => {
          const log = journal()
          for (const [rule, badge, note, price, open] of calls) {
            const context = {
              rule,
              badge,
              note,
              api_key: 'hidden',
              at: { price, open },
              tags: [badge, rule],
              account_id: rule,
            }
            log.intake.log(log.closed, '', undefined, undefined, context)
            log.intake.log(log.filled, '', badge, undefined, { rule, pin: badge, price: 1 })
          }
          const expected = log.lines()
          assert.ok(expected.every((line) => !line.includes('hidden')))
          assert.deepEqual(log.restored(), expected)
        },
      ),
      { numRuns: runs(60), endOnFailure: true },
    )
  })

  test('over many laps, with strings that repeat, change, and are too long to be remembered', () => {
    const log = journal(64 * 1024, new SharedArrayBuffer(64 * 1024))
    let released = 0
    for (let round = 0; round < 400; round++) {
      for (let i = 0; i < 1 + (round % 7); i++) {
        const text = ['same', `n${round}-${i}`, '日本'.repeat(i), 'y'.repeat(round % 300)][i % 4]!
        log.intake.log(log.category.templates[1]!, text, 'acc', undefined, { text, i, round })
      }
      assert.equal(log.ring.missed, 0)
      const expected = log.lines()
      assert.deepEqual(log.restored(), expected)
      released += expected.length
      log.block.release(released)
      assert.ok(log.block.isEmpty)
    }
  })

  test('for a typed event whose values all have fixed places, over many laps of ring and lanes', () => {
    const log = journal(64 * 1024)
    const event = defineEvent({
      category: 'system',
      level: 'INFO',
      message: 'Moved {side}',
      context: Type.Object({
        side: Type.String(),
        id: Type.String(),
        account_id: Type.String(),
        at: Type.Object({ price: Type.Number(), open: Type.Boolean(), pin: Type.String() }),
      }),
    })
    const template = templateOf<Category>(
      log.category,
      1,
      undefined,
      compileEvent(event, new Redactor()),
    )
    const texts = ['', 'long', 'short', 'é', '日本', '\ud800', 'y'.repeat(70), 'ÿ'.repeat(40)]
    let released = 0
    for (let round = 0; round < 500; round++) {
      for (let i = 0; i < 1 + (round % 9); i++) {
        const side = texts[(round + i) % texts.length]!
        const id = i % 3 === 0 ? 'same' : `${side}${round}`
        const at = { price: round / 7, open: i % 2 === 0, pin: side }
        const account = i % 4 === 0 ? undefined : side
        log.intake.log(template, '', account, undefined, { side, id, account_id: id, at })
      }
      assert.equal(log.ring.missed, 0)
      const expected = log.lines()
      assert.deepEqual(log.restored(), expected)
      released += expected.length
      log.block.release(released)
    }
  })

  test('with definitions inline, when their place in the block is full', () => {
    const log = journal(64 * 1024)
    for (let i = 0; i < 60; i++) {
      const event = defineEvent({
        name: `event_${i}_${'x'.repeat(200)}`,
        category: 'system',
        level: 'INFO',
        message: 'm {a}',
        context: Type.Object({ a: Type.String(), b: Type.Number() }),
      })
      const template = templateOf<Category>(
        log.category,
        1,
        undefined,
        compileEvent(event, new Redactor()),
      )
      log.intake.log(template, '', undefined, undefined, { a: 'é', b: i })
    }
    assert.deepEqual(log.restored(), log.lines())
  })

  test('masks by the keys that are secret now', () => {
    const log = journal()
    const context = {
      rule: 'r',
      badge: 'B-77',
      note: { badge: 'B-78' },
      api_key: 'k',
      at: { price: 1, open: true },
      tags: ['x'],
      account_id: 'A1',
    }
    log.intake.log(log.closed, '', undefined, undefined, context)
    const now = new Redactor({ keys: ['badge'], allow: [] })
    const [line = ''] = linesOf(contentOf(log.bytes), now)
    assert.ok(!/B-7[78]/.test(line), line)
    const entry = JSON.parse(line) as Record<string, unknown>
    assert.equal(entry['message'], 'Closed r at 1, {"badge":"[REDACTED]"}')
    assert.equal(entry['account_id'], 'A1')
    assert.deepEqual(entry['context'], {
      rule: 'r',
      at: { price: 1, open: true },
      api_key: '[REDACTED]',
      badge: '[REDACTED]',
      note: { badge: '[REDACTED]' },
      tags: ['x'],
    })
  })
})

describe('Block.append()', () => {
  test('writes nothing when there is no room, and goes on when there is', () => {
    const log = journal(64 * 1024)
    const context = { text: 'z'.repeat(1000) }
    let accepted = 0
    while (log.ring.missed === 0) {
      log.intake.log(log.category.templates[1]!, 'm', undefined, undefined, context)
      accepted++
    }
    const expected = log.lines()
    assert.equal(accepted, expected.length)
    assert.deepEqual(log.restored(), expected.slice(0, -1))
    log.block.release(10)
    assert.deepEqual(log.restored(), expected.slice(10, -1))
    log.intake.log(log.category.templates[1]!, 'm', undefined, undefined, context)
    assert.equal(log.ring.missed, 1)
    assert.equal(log.restored().length, expected.length - 10)
  })
})

/** A block with a few entries, before and after the last one was written. */
function beforeAndAfter(): { before: Buffer; after: Buffer; lines: string[] } {
  const log = journal(64 * 1024)
  log.intake.log(log.category.templates[1]!, 'first', 'a', undefined, { n: 1, s: 'text' })
  log.intake.log(log.closed, '', undefined, new Error('x'), { rule: 'r' })
  const before = Buffer.from(log.bytes)
  log.intake.log(log.category.templates[1]!, 'last', undefined, undefined, {
    d: 1.5,
    s: '日本',
    l: 'l'.repeat(40),
  })
  return { before, after: Buffer.from(log.bytes), lines: log.lines() }
}

describe('readBlock()', () => {
  test('does not see an entry whose writing was ended at any byte', () => {
    const { before, after, lines } = beforeAndAfter()
    const from = firstDifference(before, after, tailAt + 8)
    const end = headerBytes + partsOf(after.length).definitions + after.readDoubleLE(tailAt)
    for (let at = from; at <= end; at++) {
      // Where both are equal, the one before was the same.
      if (at > from && after[at - 1] === before[at - 1]) continue
      // The tail comes last.
      const bytes = Buffer.concat([after.subarray(0, at), before.subarray(at)])
      before.copy(bytes, tailAt, tailAt, tailAt + 8)
      assert.deepEqual(linesOf(contentOf(bytes)), lines.slice(0, -1))
    }
  })

  test('refuses a block with a record torn at any byte', () => {
    const { before, after } = beforeAndAfter()
    const end = headerBytes + partsOf(after.length).definitions + after.readDoubleLE(tailAt)
    let torn = 0
    for (let at = firstDifference(before, after, tailAt + 8); at < end; at++) {
      const bytes = Buffer.concat([after.subarray(0, at), before.subarray(at)])
      if (bytes.equals(after)) continue
      torn++
      assert.equal(typeof readBlock(bytes), 'string')
    }
    assert.ok(torn > 100)
  })

  test('refuses a block that was cut at any length, and one of another layout', () => {
    const { after } = beforeAndAfter()
    for (let length = 0; length < after.length; length += 61) {
      assert.equal(typeof readBlock(after.subarray(0, length)), 'string')
    }
    const other = Buffer.from(after)
    other.writeInt32LE(movedVersion + 1, 8)
    assert.match(JSON.stringify(readBlock(other)), new RegExp(`layout ${movedVersion + 1}`))
    assert.match(JSON.stringify(readBlock(Buffer.alloc(1 << 16))), /no ring/)
  })

  /** The block with the marks that its records ought to have: what is in them is looked at. */
  function sealed(block: Buffer): Buffer {
    const { definitions } = partsOf(block.length)
    const [key, head, tail] = [
      block.readInt32LE(keyAt),
      block.readDoubleLE(headAt),
      block.readDoubleLE(tailAt),
    ]
    for (let position = head; position < tail;) {
      const at = headerBytes + definitions + position
      const length = at + 8 <= block.length ? block.readInt32LE(at + lengthWord * 4) : 0
      if (length < 8 || length % 8 !== 0 || at + length > block.length) break
      let sum = seedOf(key, position, length)
      for (let i = definitionWord * 4; i < length; i += 4)
        sum = (sum + block.readInt32LE(at + i)) | 0
      block.writeInt32LE(sum, at + markWord * 4)
      position += length
    }
    return block
  }

  test('never throws and never hangs, whatever stands in records whose marks are right', () => {
    const { after } = beforeAndAfter()
    const from = headerBytes + partsOf(after.length).definitions
    const to = from + after.readDoubleLE(tailAt)
    const changes = fc.array(
      fc.tuple(
        // Words begin where numbers and heads of strings do.
        fc.oneof(
          fc.integer({ min: from, max: to - 1 }),
          fc.integer({ min: from / 4, max: to / 4 - 1 }).map((word) => 4 * word),
        ),
        fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 127, 128, 255)),
      ),
      { minLength: 1, maxLength: 2 },
    )
    let [believed, refused] = [0, 0]
    fc.assert(
      fc.property(changes, (bytes) => {
        const block = Buffer.from(after)
        for (const [at, byte] of bytes) block[at] = byte
        const content = readBlock(sealed(block))
        if (typeof content === 'string') {
          refused++
          return
        }
        believed++
        linesOf(content)
      }),
      { numRuns: runs(1500) },
    )
    assert.ok(believed > runs(50) && refused > runs(50), `${believed} believed, ${refused} refused`)
  })

  test('never throws and never hangs, whatever the bytes', () => {
    const { after } = beforeAndAfter()
    let believed = 0
    const changes = fc.array(
      fc.tuple(
        fc.oneof(fc.nat(200), fc.nat(after.length - 1), fc.integer({ min: 4096, max: 14_000 })),
        fc.nat(255),
      ),
      { minLength: 1, maxLength: 12 },
    )
    fc.assert(
      fc.property(changes, (bytes) => {
        const block = Buffer.from(after)
        for (const [at, byte] of bytes) block[at] = byte
        const content = readBlock(block)
        if (typeof content === 'string') return
        believed++
        linesOf(content)
      }),
      { numRuns: runs(400) },
    )
    assert.ok(believed > 0)
  })
})

function firstDifference(one: Buffer, other: Buffer, from: number): number {
  let at = from
  while (one[at] === other[at]) at++
  return at
}

describe('Block.releaseTo()', () => {
  test('does not bring back what has been released, and the block is to be read', () => {
    const log = journal(64 * 1024)
    const { block } = log.ring
    const write = (message: string): void => {
      log.intake.log(log.category.templates[1]!, message, undefined, undefined, undefined)
    }
    write('first')
    const early = block.tail
    block.releaseTo(early)
    write('second')
    block.releaseTo(block.tail)
    write('third')
    // Whoever took over at that time is done only now.
    block.releaseTo(early)
    const messages = [...contentOf(Buffer.from(log.bytes)).entries].map(({ message }) => message)
    assert.deepEqual(messages, ['third'])
  })
})

describe('Block.move()', () => {
  /** Three entries: a typed one, one without a type, one whose definition it brings. */
  function three() {
    const log = journal(64 * 1024)
    log.intake.log(log.closed, '', undefined, undefined, {
      rule: 'r',
      at: { price: 1, open: true },
    })
    log.intake.log(log.category.templates[1]!, 'plain', undefined, undefined, { n: 1 })
    log.intake.log(log.bound, 'bound', undefined, undefined, undefined)
    return log
  }
  const numbersOf = (bytes: Buffer): number[][] =>
    [...contentOf(bytes).entries].map(({ lsn, seq }) => [lsn, seq])

  test('moves the numbers above one on, by category and among all, and those that follow', () => {
    const log = three()
    log.block.move(new Map([['system', { above: 0, by: 1000 }]]), { above: 1, by: 70 })
    assert.deepEqual(numbersOf(log.bytes), [
      [1, 1001],
      [72, 1002],
      [73, 1003],
    ])
    log.block.move(new Map([['other', { above: 0, by: 5 }]]), { above: 0, by: 0 })
    log.category.seqBase += 1000
    log.intake.log(log.category.templates[1]!, 'next', undefined, undefined, undefined)
    assert.deepEqual(numbersOf(log.bytes).at(-1), [74, 1004])
    log.block.release(73)
    assert.deepEqual(numbersOf(log.bytes), [[74, 1004]])
  })

  test('leaves a block to be read, whatever store it was killed after', () => {
    const log = three()
    const states: Buffer[] = []
    // Asked for in front of the stores of each number.
    const move = (by: number) => ({
      get above(): number {
        states.push(Buffer.from(log.bytes))
        return 0
      },
      by,
    })
    const before = numbersOf(log.bytes)
    log.block.move(new Map([['system', move(1000)]]), move(70))
    states.push(Buffer.from(log.bytes))
    assert.equal(states.length, 7)
    let torn = 0
    for (const [at, state] of states.slice(1).entries()) {
      const earlier = states[at]!
      const changed = changedWords(earlier, state, headerBytes)
      // Any of the words may have been stored, and the header still says that they are being.
      for (let stored = 0; stored < 2 ** changed.length; stored++) {
        const bytes = Buffer.from(earlier)
        for (const [bit, word] of changed.entries()) {
          if ((stored & (1 << bit)) !== 0) state.copy(bytes, word, word, word + 4)
        }
        torn++
        for (const [index, [lsn = 0, seq = 0]] of numbersOf(bytes).entries()) {
          const [oldLsn = 0, oldSeq = 0] = before[index]!
          assert.ok(lsn === oldLsn || lsn === oldLsn + 70, `${lsn}`)
          assert.ok(seq === oldSeq || seq === oldSeq + 1000, `${seq}`)
        }
      }
    }
    assert.ok(torn > 20)
  })
})

describe('BlockContent.renumber()', () => {
  test('leaves a block to be read, whatever store its writer was killed after', () => {
    const log = journal(64 * 1024)
    for (let n = 0; n < 3; n++) {
      log.intake.log(log.closed, '', undefined, undefined, { rule: 'r', at: { price: n } })
    }
    const numbersOf = (bytes: Buffer): number[][] =>
      [...contentOf(Buffer.from(bytes)).entries].map(({ lsn, seq }) => [lsn, seq])
    // The owner was killed as well, while it moved the numbers of the last one.
    const third = Buffer.from(log.bytes)
    log.block.move(new Map(), {
      above: 2,
      get by() {
        log.bytes.copy(third, 0)
        return 70
      },
    })
    const last = third.indexOf(Buffer.from(new Float64Array([3, 0]).buffer, 0, 8), headerBytes)
    assert.ok(last > 0)
    third.writeDoubleLE(73, last)
    assert.deepEqual(numbersOf(third), [
      [1, 1],
      [2, 2],
      [3, 3],
    ])
    const file = Buffer.from(third)
    let stores = 0
    contentOf(Buffer.from(third)).renumber(
      ({ lsn, seq }) => (lsn === 2 ? undefined : { lsn: lsn + 100, seq: seq + 50 }),
      (bytes, at) => {
        const halves = [bytes.subarray(0, bytes.length / 2), bytes]
        // A store in the records may be torn where a page ends; one in the header cannot.
        for (const part of at < headerBytes ? [bytes] : halves) {
          file.set(part, at)
          for (const [i, [lsn = 0, seq = 0]] of numbersOf(file).entries()) {
            assert.ok(lsn === i + 1 || (i !== 1 && lsn === i + 101), `${lsn}`)
            assert.equal(seq - i - 1, (lsn - i - 1) / 2)
          }
          stores++
        }
      },
    )
    assert.ok(stores >= 8)
    assert.deepEqual(numbersOf(file), [
      [101, 51],
      [2, 2],
      [103, 53],
    ])
  })
})

/** The places of the words that differ. */
function changedWords(one: Buffer, other: Buffer, from: number): number[] {
  const places: number[] = []
  for (let at = from; at < one.length; at += 4) {
    if (one.readInt32LE(at) !== other.readInt32LE(at)) places.push(at)
  }
  return places
}
