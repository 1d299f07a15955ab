// Blocks made by hand, with the marks they ought to have: each limit is met once at its last good
// value and once behind it, and each refusal is the one that is meant.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  ABSENT,
  ARRAY,
  AS_TEXT,
  CUT_STRING,
  END,
  FALSE,
  JOINED,
  JSON_TEXT,
  NULL,
  NUMBER,
  OBJECT,
  STRING,
  TRACE,
  TRUE,
  TYPED,
} from '../../lib/capture/lanes.ts'
import { depthMax } from '../../lib/entry/entry.ts'
import { Block } from '../../lib/journal/block.ts'
import {
  baseAt,
  blockBytesMin,
  definedAt,
  definitionsAt,
  definitionWord,
  FILLER,
  handedVersion,
  headAt,
  headerBytes,
  INLINE,
  keyAt,
  LATIN1,
  lengthWord,
  logIdAt,
  logIdSetAt,
  lsnNumber,
  markWord,
  MISSING,
  numsWord,
  orderAt,
  ownerAt,
  ownerBytesMax,
  partsOf,
  placesMax,
  recordHeadBytes,
  refsWord,
  seedOf,
  seqNumber,
  sizeAt,
  TABLED,
  tagsWord,
  tailAt,
  timeNumber,
  UTF16,
  versionAt,
} from '../../lib/journal/layout.ts'
import { readBlock } from '../../lib/journal/read-block.ts'

/** What a record is made of; a call without account and context where nothing is said. */
interface Made {
  readonly definition?: string
  readonly message?: string | undefined
  readonly tags?: readonly number[]
  readonly nums?: readonly number[]
  readonly refs?: readonly (string | undefined)[]
  readonly time?: number
  readonly lsn?: number
  readonly seq?: number
}

const untyped = JSON.stringify({ category: 'system', severity: 1 })
const shape = [
  ['rule', 'string'],
  ['at', [['price', 'number']]],
  ['open', 'boolean'],
  ['note', 'loose'],
]
const typed = JSON.stringify({
  category: 'system',
  severity: 1,
  event: { message: 'Closed', shape },
})

function stringOf(text: string | undefined): Buffer {
  const head = Buffer.alloc(4)
  if (text === undefined) {
    head.writeInt32LE(MISSING)
    return head
  }
  head.writeInt32LE((text.length << 2) | LATIN1)
  const bytes = Buffer.concat([head, Buffer.from(text, 'latin1')])
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
}

function recordOf(made: Made): Buffer {
  const { tags = [NULL], nums = [], refs = [], time = 0, lsn = 1, seq = 1 } = made
  const message = 'message' in made ? made.message : 'm'
  const lanes = Buffer.concat([
    Buffer.from(new Float64Array(nums).buffer),
    Buffer.from(tags),
    Buffer.alloc(-tags.length & 3),
    ...[made.definition ?? untyped, message, undefined, ...refs].map(stringOf),
  ])
  const record = Buffer.alloc(Math.ceil((recordHeadBytes + lanes.length) / 8) * 8)
  lanes.copy(record, recordHeadBytes)
  record.writeInt32LE(record.length, lengthWord * 4)
  record.writeInt32LE(INLINE, definitionWord * 4)
  record.writeInt32LE(tags.length, tagsWord * 4)
  record.writeInt32LE(nums.length, numsWord * 4)
  record.writeInt32LE(refs.length, refsWord * 4)
  record.writeDoubleLE(lsn, lsnNumber * 8)
  record.writeDoubleLE(time, timeNumber * 8)
  record.writeDoubleLE(seq, seqNumber * 8)
  return record
}

const key = 77

/** Gives a record the mark of the first place of the ring. */
function seal(record: Buffer): void {
  let sum = seedOf(key, 0, record.length)
  for (let at = definitionWord * 4; at < record.length; at += 4) {
    sum = (sum + record.readInt32LE(at)) | 0
  }
  record.writeInt32LE(sum, markWord * 4)
}

const size = blockBytesMin
const { definitions, ring } = partsOf(size)
/** Where the first record begins. */
const from = headerBytes + definitions

/** A block with one record. */
function blockOf(record: Buffer): Buffer {
  const memory = new ArrayBuffer(size)
  void new Block(memory, '{"pid":1}', key)
  const bytes = Buffer.from(memory)
  record.copy(bytes, from)
  bytes.writeDoubleLE(record.length, tailAt)
  return bytes
}

/** A block with one record that is sealed after its bytes were changed. */
function changed(change: (record: Buffer) => void, made: Made = {}): Buffer {
  const record = recordOf(made)
  change(record)
  seal(record)
  return blockOf(record)
}

const sealed = (made: Made = {}): Buffer => changed(() => {}, made)

/** Why a block is refused; '' for one that is believed. */
function refusalOf(bytes: Buffer): string {
  const content = readBlock(bytes)
  if (typeof content === 'string') return content
  assert.equal([...content.entries].length, content.size)
  return ''
}

describe('readBlock() refuses a header', () => {
  const { length } = recordOf({})
  const double = (at: number, value: number) => (bytes: Buffer) =>
    void bytes.writeDoubleLE(value, at)
  const word = (at: number, value: number) => (bytes: Buffer) => void bytes.writeInt32LE(value, at)
  const rows: readonly (readonly [string, (bytes: Buffer) => void, RegExp])[] = [
    ['of another byte order', word(orderAt, 0x04030201), /another byte order/],
    ['of layout 1', word(versionAt, 1), /layout 1,/],
    ['of a block with less in it', double(sizeAt, size - 8), /should have 65528 bytes/],
    ['that has nothing behind its records', word(versionAt, handedVersion), /should have/],
    ['with other parts', word(definitionsAt, definitions - 8), /parts have other sizes/],
    ['with definitions beyond their part', double(definedAt, definitions + 8), /no end/],
    ['with definitions before their part', double(definedAt, -8), /no end/],
    ['whose definitions end amid eight bytes', double(definedAt, 4), /no end/],
    ['whose head is behind its tail', double(headAt, length + 8), /records are from/],
    ['whose head is no number', double(headAt, NaN), /records are from/],
    ['with more records than a lap', double(tailAt, ring + 8), /records are from/],
    ['whose ring begins behind its head', double(baseAt, 8), /no beginning/],
    ['with an owner of more than fits', word(ownerAt, ownerBytesMax + 1), /whose it is/],
    ['with an owner of less than nothing', word(ownerAt, -1), /whose it is/],
  ]
  for (const [what, change, refusal] of rows) {
    test(what, () => {
      const bytes = sealed()
      assert.equal(refusalOf(bytes), '')
      change(bytes)
      assert.match(refusalOf(bytes), refusal)
    })
  }

  test('only beyond its limits', () => {
    const bytes = sealed()
    bytes.writeDoubleLE(definitions, definedAt)
    bytes.writeInt32LE(ownerBytesMax, ownerAt)
    assert.equal(refusalOf(bytes), '')
    const content = readBlock(bytes)
    assert.ok(typeof content !== 'string')
    assert.equal(content.owner.length, ownerBytesMax)
    assert.equal(content.logId, undefined)
  })

  test('of too few bytes, and of bytes that are no whole places', () => {
    for (const bytes of [
      sealed().subarray(0, size - 8),
      Buffer.concat([sealed(), Buffer.alloc(4)]),
    ]) {
      assert.match(refusalOf(bytes), /too few for a ring/)
    }
  })

  test('not for where its bytes begin', () => {
    const bytes = Buffer.concat([Buffer.alloc(4), sealed()])
    assert.equal(refusalOf(bytes.subarray(4)), '')
  })

  test('not once it is said whose log it is', () => {
    const bytes = sealed()
    const content = readBlock(bytes)
    assert.ok(typeof content !== 'string')
    content.identify('cd'.repeat(16), (part, at) => bytes.set(part, at))
    const again = readBlock(bytes)
    assert.ok(typeof again !== 'string')
    assert.equal(again.logId, 'cd'.repeat(16))
  })

  test('and knows the log only where it is said to be noted', () => {
    const bytes = sealed()
    bytes.write('ab'.repeat(16), logIdAt, 'latin1')
    for (const [said, logId] of [
      [1, 'ab'.repeat(16)],
      [0, undefined],
      [2, undefined],
    ] as const) {
      bytes.writeInt32LE(said, logIdSetAt)
      const content = readBlock(bytes)
      assert.ok(typeof content !== 'string')
      assert.equal(content.logId, logId)
    }
  })
})

describe('readBlock() refuses a record', () => {
  const { length } = recordOf({})
  const word = (at: number, value: number) => (record: Buffer) =>
    void record.writeInt32LE(value, at * 4)
  /** Where the strings begin: behind the head and one tag. */
  const strings = (recordHeadBytes + 4) / 4
  const rows: readonly (readonly [string, (record: Buffer) => void, RegExp])[] = [
    ['of no length', word(lengthWord, 0), /record at 0 has 0 bytes/],
    ['of half a place', word(lengthWord, length - 4), /has \d+ bytes/],
    ['of more than there is', word(lengthWord, length + 8), /has \d+ bytes/],
    ['with tags below zero', word(tagsWord, -1), /count is wrong/],
    ['with more strings than places', word(refsWord, placesMax + 1), /count is wrong/],
    ['with more numbers than it has room for', word(numsWord, length / 8), /too short/],
    ['with more strings than it has room for', word(refsWord, length), /string has no head/],
    ['whose definition is amid eight bytes', word(definitionWord, headerBytes + 4), /nowhere/],
    ['whose definition is in the header', word(definitionWord, headerBytes - 8), /nowhere/],
    ['whose definition has not been written', word(definitionWord, headerBytes), /nowhere/],
    ['with a string of no form', word(strings, (4 << 2) | 3), /string is wrong/],
    ['with a string beyond its end', word(strings, (length << 2) | LATIN1), /string is wrong/],
    ['with a string beyond its end', word(strings, (length << 1) | UTF16), /string is wrong/],
    ['with a string that is nowhere', word(strings, (headerBytes << 2) | TABLED), /nowhere/],
  ]
  for (const [what, change, refusal] of rows) {
    test(what, () => assert.match(refusalOf(changed(change)), refusal))
  }

  test('whose mark is another one, also where it fills a lap', () => {
    const bytes = sealed()
    bytes.writeInt32LE(0, from + markWord * 4)
    assert.match(refusalOf(bytes), /record at 0 is torn/)
    for (const [mark, refusal] of [
      [seedOf(key, 0, 16), /^$/],
      [seedOf(key, 0, 16) + 1, /fills a lap at 0 is torn/],
    ] as const) {
      const filler = Buffer.alloc(16)
      filler.writeInt32LE(16, lengthWord * 4)
      filler.writeInt32LE(FILLER, definitionWord * 4)
      filler.writeInt32LE(mark, markWord * 4)
      assert.match(refusalOf(blockOf(filler)), refusal)
    }
  })

  test('not where it fills the whole ring', () => {
    const filler = Buffer.alloc(ring)
    filler.writeInt32LE(ring, lengthWord * 4)
    filler.writeInt32LE(FILLER, definitionWord * 4)
    filler.writeInt32LE(seedOf(key, 0, ring), markWord * 4)
    assert.equal(refusalOf(blockOf(filler)), '')
  })

  test('without a head', () => {
    const record = Buffer.alloc(recordHeadBytes - 8)
    record.writeInt32LE(record.length, lengthWord * 4)
    seal(record)
    assert.match(refusalOf(blockOf(record)), /record at 0 has no head/)
    // A head and no more: what is missing then are the strings.
    const headOnly = Buffer.alloc(recordHeadBytes)
    headOnly.writeInt32LE(headOnly.length, lengthWord * 4)
    seal(headOnly)
    assert.match(refusalOf(blockOf(headOnly)), /a string has no head/)
  })

  test('for its count only above the places that there are', () => {
    assert.match(refusalOf(changed(word(tagsWord, placesMax))), /too short/)
    assert.match(refusalOf(changed(word(tagsWord, placesMax + 1))), /count is wrong/)
  })

  test('not for a string that ends where it does', () => {
    for (const text of ['1234', '12345678']) {
      assert.equal(refusalOf(sealed({ tags: [JSON_TEXT], refs: [text] })), '')
    }
  })

  test('with room for eight bytes more, not for four', () => {
    let [four, eight] = [0, 0]
    for (const message of ['', 'four']) {
      const record = recordOf({ message })
      seal(record)
      assert.equal(refusalOf(blockOf(record)), '')
      four++
      const longer = Buffer.concat([record, Buffer.alloc(8)])
      longer.writeInt32LE(longer.length, lengthWord * 4)
      seal(longer)
      assert.match(refusalOf(blockOf(longer)), /too long/)
      eight++
    }
    assert.deepEqual([four, eight], [2, 2])
  })

  test('without a message, and with a definition that is none', () => {
    assert.match(refusalOf(sealed({ message: undefined })), /no message/)
    assert.match(refusalOf(sealed({ definition: '{}' })), /definition is wrong/)
  })

  test('whose definition is torn or goes on beyond its part', () => {
    const bytes = changed(word(definitionWord, headerBytes))
    const text = Buffer.from(untyped)
    const strings8 = Math.ceil(text.length / 8) * 8
    bytes.writeDoubleLE(8 + strings8, definedAt)
    assert.match(refusalOf(bytes), /definition is torn/)
    bytes.writeInt32LE(-1, headerBytes)
    assert.match(refusalOf(bytes), /definition is too long/)
    bytes.writeInt32LE(strings8 + 1, headerBytes)
    assert.match(refusalOf(bytes), /definition is too long/)
    assert.equal(bytes.readInt32LE(keyAt), key)
  })
})

describe('readBlock() believes an entry that a call can have made', () => {
  /** Containers within each other, one tag a piece. */
  const nested = (depth: number): Made => ({
    tags: [OBJECT, ...Array<number>(depth).fill(ARRAY), ...Array<number>(depth).fill(END), END],
    refs: ['k'],
  })
  const typedNums = [1, 0]
  const deepest = 4 * depthMax
  const rows: readonly (readonly [string, Made, boolean])[] = [
    ['no context', {}, true],
    ['no tag', { tags: [] }, false],
    ['an empty object', { tags: [OBJECT, END] }, true],
    ['an object without an end', { tags: [OBJECT] }, false],
    ['a member without a key', { tags: [OBJECT, TRUE, END] }, false],
    ['a member without a value', { tags: [OBJECT, END], refs: ['k'] }, false],
    ['null, true, false', { tags: [OBJECT, NULL, TRUE, FALSE, END], refs: ['a', 'b', 'c'] }, true],
    ['a number', { tags: [OBJECT, NUMBER, END], nums: [1], refs: ['k'] }, true],
    ['no number', { tags: [OBJECT, NUMBER, END], refs: ['k'] }, false],
    ['NaN', { tags: [OBJECT, NUMBER, END], nums: [NaN], refs: ['k'] }, false],
    ['a number too many', { tags: [OBJECT, END], nums: [1] }, false],
    ['a string too many', { refs: ['k'] }, false],
    ['a string', { tags: [OBJECT, STRING, END], refs: ['k', 'v'] }, true],
    ['a string that is not there', { tags: [OBJECT, STRING, END], refs: ['k', undefined] }, false],
    ['JSON', { tags: [JSON_TEXT], refs: ['{"a":1}'] }, true],
    ['what is no JSON', { tags: [JSON_TEXT], refs: ['{'] }, false],
    ['JSON of two lines', { tags: [JSON_TEXT], refs: ['{\n}'] }, false],
    ['JSON as a member', { tags: [OBJECT, JSON_TEXT, END], refs: ['k', '[]'] }, true],
    ['no JSON as a member', { tags: [OBJECT, JSON_TEXT, END], refs: ['k', '['] }, false],
    ['a value as text', { tags: [OBJECT, AS_TEXT, TRUE, END], refs: ['k'] }, true],
    ['a cut string', { tags: [OBJECT, CUT_STRING, END], nums: [0], refs: ['k', 'v'] }, true],
    [
      'a string cut to -1',
      { tags: [OBJECT, CUT_STRING, END], nums: [-1], refs: ['k', 'v'] },
      false,
    ],
    ['an array', { tags: [OBJECT, ARRAY, TRUE, END, END], refs: ['k'] }, true],
    ['an array without an end', { tags: [OBJECT, ARRAY, TRUE], refs: ['k'] }, false],
    ['a tag that is none', { tags: [OBJECT, 99, END], refs: ['k'] }, false],
    ['a number as context', { tags: [NUMBER], nums: [1] }, false],
    ['the deepest', nested(deepest + 1), true],
    ['one deeper', nested(deepest + 2), false],
    ['an error', { tags: [NULL, OBJECT, END] }, true],
    ['two errors', { tags: [NULL, OBJECT, END, OBJECT, END] }, false],
    ['a trace', { tags: [TRACE, NULL], refs: ['ab', 'cd'] }, true],
    ['a trace without a span', { tags: [TRACE, NULL], refs: ['ab', ''] }, true],
    ['a trace without an id', { tags: [TRACE, NULL], refs: ['', 'cd'] }, false],
    ['a trace in capitals', { tags: [TRACE, NULL], refs: ['AB', 'cd'] }, false],
    ['a span with a quote', { tags: [TRACE, NULL], refs: ['ab', 'c"'] }, false],
    ['joined fields', { tags: [JOINED, OBJECT, END, NULL], refs: [undefined] }, true],
    ['joined JSON', { tags: [JOINED, JSON_TEXT, NULL], refs: ['a', '{}'] }, true],
    ['joined, no JSON', { tags: [JOINED, JSON_TEXT, NULL], refs: ['a', '{'] }, false],
    ['joined fields without an account', { tags: [JOINED, OBJECT, END, NULL] }, false],
    ['a joined string', { tags: [JOINED, STRING, NULL], refs: ['a', 'v'] }, false],
    ['values of no event', { tags: [TYPED] }, false],
    ['an event', eventOf([TYPED, ABSENT]), true],
    ['an event with a loose value', eventOf([TYPED, TRUE]), true],
    ['an event without its loose value', eventOf([TYPED]), false],
    ['an event with a number less', eventOf([TYPED, ABSENT], [1]), false],
    ['an event with a string less', eventOf([TYPED, ABSENT], typedNums, []), false],
    ['an event as an object', eventOf([OBJECT, END], [], []), true],
    ['an event as JSON', eventOf([JSON_TEXT], [], ['{}']), true],
    ['an event without values', eventOf([NULL], [], []), false],
    ['the latest moment', { time: 8.64e15 }, true],
    ['a later moment', { time: 8.64e15 + 1 }, false],
    ['an earlier moment than any', { time: -8.64e15 - 1 }, false],
    ['no moment', { time: NaN }, false],
    ['half a number', { lsn: 1.5 }, false],
    ['half a number of its category', { seq: 1.5 }, false],
  ]
  function eventOf(tags: number[], nums = typedNums, refs = ['r']): Made {
    return { definition: typed, tags, nums, refs }
  }
  for (const [what, made, isBelieved] of rows) {
    test(`${what}: ${isBelieved ? 'yes' : 'no'}`, () => {
      assert.equal(
        refusalOf(sealed(made)),
        isBelieved ? '' : 'the record at 0 holds what no call gives',
      )
    })
  }

  test('and gives what it holds', () => {
    const content = readBlock(sealed({ tags: [OBJECT, NUMBER, END], nums: [1.5], refs: ['ké'] }))
    assert.ok(typeof content !== 'string')
    const [entry] = content.entries
    assert.deepEqual(
      { ...entry, definition: entry!.definition.category, tags: [...entry!.tags] },
      {
        definition: 'system',
        lsn: 1,
        seq: 1,
        time: 0,
        message: 'm',
        accountId: undefined,
        tags: [OBJECT, NUMBER, END],
        nums: [1.5],
        refs: ['ké'],
      },
    )
  })
})
