// gzip in all states: sound, of several members, cut off anywhere, damaged anywhere. The judge is
// gzip itself, which must not give a byte more.

import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { unpack, unpackedHead } from '../../lib/read/gunzip.ts'
import { runs } from '../runs.ts'

const hasGzip = spawnSync('gzip', ['--version']).status === 0

/** Text that deflates as a log does. */
function logOf(lines: number): Buffer {
  let text = ''
  for (let i = 0; i < lines; i++)
    text += `{"timestamp":"2026-01-01","message":"m${i} ${Math.sin(i)}"}\n`
  return Buffer.from(text)
}

async function unpacked(packed: Buffer): Promise<{ bytes: Buffer; error: string | undefined }> {
  const chunks: Buffer[] = []
  let error: string | undefined
  try {
    const read = (at: number, bytes: number): Promise<Buffer> =>
      Promise.resolve(packed.subarray(at, at + bytes))
    for await (const chunk of unpack(read)) chunks.push(Buffer.from(chunk))
  } catch (caught) {
    const { code, message } = caught as NodeJS.ErrnoException
    assert.match(code!, /^Z_/)
    error = message
  }
  return { bytes: Buffer.concat(chunks), error }
}

/** What `gzip -dc` gives, whether it complains, and whether it could not go on. */
function judged(packed: Buffer): { bytes: Buffer; fails: boolean; isStopped: boolean } {
  const options = { input: packed, maxBuffer: 1 << 30 }
  const { stdout, stderr, status } = spawnSync('gzip', ['-dc'], options)
  const isStopped = /format violated|unexpected end/.test(String(stderr))
  return { bytes: stdout, fails: status !== 0, isStopped }
}

/** A header with everything that it may have. */
function withFullHeader(bytes: Buffer): Buffer {
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(crc32(bytes))
  trailer.writeUInt32LE(bytes.length, 4)
  const extra = Buffer.from([6, 0, 0x42, 0x43, 2, 0, 1, 2])
  const texts = Buffer.from(`${'n'.repeat(900)}.log\0${'c'.repeat(4000)}\0`)
  const check = Buffer.alloc(2)
  const header = Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3]), extra, texts])
  check.writeUInt16LE(crc32(header) & 0xffff)
  return Buffer.concat([header, check, deflateRawSync(bytes), trailer])
}

const text = logOf(4000)
const other = Buffer.from('the second member\n')

test('unpack() gives all members, and zeros behind the last are no fault', async () => {
  const forms: Readonly<Record<string, readonly [Buffer, Buffer]>> = {
    one: [gzipSync(text), text],
    stored: [gzipSync(text, { level: 0 }), text],
    two: [Buffer.concat([gzipSync(text), gzipSync(other)]), Buffer.concat([text, other])],
    'an empty one behind': [Buffer.concat([gzipSync(text), gzipSync('')]), text],
    'an empty one before': [Buffer.concat([gzipSync(''), gzipSync(text)]), text],
    empty: [gzipSync(''), Buffer.alloc(0)],
    zeros: [Buffer.concat([gzipSync(text), Buffer.alloc(100_000)]), text],
    'a full header': [withFullHeader(text), text],
    // As bgzip has it: many small ones.
    blocks: [
      Buffer.concat(Array.from({ length: 300 }, () => gzipSync(other))),
      Buffer.concat(Array.from({ length: 300 }, () => other)),
    ],
  }
  for (const [name, [packed, expected]] of Object.entries(forms)) {
    const { bytes, error } = await unpacked(packed)
    assert.equal(error, undefined, name)
    assert.ok(bytes.equals(expected), name)
    assert.ok(
      unpackedHead(packed.subarray(0, 16_384), 1024).equals(expected.subarray(0, 1024)),
      name,
    )
    if (hasGzip)
      assert.deepEqual(
        [judged(packed).bytes.equals(expected), judged(packed).fails],
        [true, false],
        name,
      )
  }
})

test('unpack() takes members apart wherever a read ends', async () => {
  // The end of the first member falls on every place around the end of a piece.
  for (let more = -12; more <= 12; more++) {
    const noise = Buffer.from(
      Array.from({ length: 16_384 - 23 + more }, (_, i) => (i * 2_654_435_761) >>> 24),
    )
    const packed = Buffer.concat([gzipSync(noise, { level: 0 }), gzipSync(other)])
    const { bytes, error } = await unpacked(packed)
    assert.equal(error, undefined)
    assert.ok(bytes.equals(Buffer.concat([noise, other])), `${more}`)
  }
})

test(
  'unpack() tells that a gzip is cut off, wherever, and gives what is there',
  { skip: !hasGzip && 'no gzip' },
  async () => {
    const packed = gzipSync(text)
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.nat(40),
          fc.integer({ min: 0, max: packed.length - 1 }),
          fc.integer({ min: packed.length - 12, max: packed.length - 1 }),
        ),
        async (length) => {
          const cut = packed.subarray(0, length)
          const { bytes, error } = await unpacked(cut)
          assert.equal(error, 'unexpected end of file')
          const { bytes: least, fails } = judged(cut)
          assert.ok(fails)
          assert.ok(bytes.length >= least.length && text.subarray(0, bytes.length).equals(bytes))
        },
      ),
      { numRuns: runs(60) },
    )
  },
)

test(
  'unpack() gives of a damaged gzip at least what gzip gives, and says so',
  { skip: !hasGzip && 'no gzip' },
  async () => {
    const packed = gzipSync(text)
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: packed.length - 1 }),
        fc.constantFrom(1, 3, 4096),
        fc.constantFrom(0, 0xff, 0x5a),
        async (at, length, value) => {
          const damaged = Buffer.from(packed)
          damaged.fill(value, at, Math.min(at + length, packed.length))
          if (damaged.equals(packed)) return
          const { bytes, error } = await unpacked(damaged)
          const { bytes: theirs, fails, isStopped } = judged(damaged)
          // Of the header neither knows what its time and its system should be.
          assert.equal(error !== undefined, fails, `${error}`)
          const common = Math.min(bytes.length, theirs.length)
          assert.ok(bytes.subarray(0, common).equals(theirs.subarray(0, common)))
          // It makes something up where a distance leads to before the beginning.
          if (isStopped || error !== 'invalid distance too far back') {
            assert.ok(bytes.length >= theirs.length)
          }
        },
      ),
      { numRuns: runs(100) },
    )
  },
)

test('unpack() gives each byte in front of the one that is damaged', async () => {
  // Stored blocks: what stands where is known. A block of a kind that there is not follows.
  const deflated = deflateRawSync(text, { level: 0, finishFlush: 2 })
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])
  const { bytes, error } = await unpacked(
    Buffer.concat([header, deflated, Buffer.from([0x07]), Buffer.alloc(50_000)]),
  )
  assert.equal(error, 'invalid block type')
  assert.ok(bytes.equals(text))
})

test('unpack() tells what stands behind the end and is no gzip, after all that is', async () => {
  const garbage = Buffer.from('garbage behind it\n')
  for (const behind of [garbage, Buffer.concat([Buffer.alloc(20_000), garbage])]) {
    const { bytes, error } = await unpacked(Buffer.concat([gzipSync(text), behind]))
    assert.equal(error, 'what stands behind its end is no gzip')
    assert.ok(bytes.equals(text))
  }
  assert.deepEqual(await unpacked(Buffer.from('no gzip at all')), {
    bytes: Buffer.alloc(0),
    error: 'incorrect header check',
  })
  assert.deepEqual(await unpacked(Buffer.alloc(0)), {
    bytes: Buffer.alloc(0),
    error: 'unexpected end of file',
  })
  assert.deepEqual(unpackedHead(Buffer.from('no gzip at all'), 10), Buffer.alloc(0))
})

test('unpack() checks CRC and length of each member', async () => {
  for (const [back, message] of [
    [8, 'incorrect data check'],
    [1, 'incorrect length check'],
  ] as const) {
    const packed = Buffer.concat([gzipSync(text), gzipSync(other)])
    const at = gzipSync(text).length - back
    packed[at] = packed[at]! ^ 0xff
    const { bytes, error } = await unpacked(packed)
    assert.equal(error, message)
    assert.ok(bytes.equals(text))
  }
})
