import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { LineSplitter, type RawLine } from '../../lib/read/line-splitter.ts'

/** The lines of some bytes, cut into chunks at the given places. */
function split(bytes: Buffer, cuts: readonly number[], lineBytesMax?: number): RawLine[] {
  const splitter = new LineSplitter(0, undefined, lineBytesMax)
  const lines: RawLine[] = []
  let from = 0
  for (const cut of [...cuts.map((c) => c % (bytes.length + 1)), bytes.length].toSorted(
    (a, b) => a - b,
  )) {
    lines.push(...splitter.push(bytes.subarray(from, cut)))
    from = cut
  }
  const last = splitter.end()
  return last === undefined ? lines : [...lines, last]
}

/** Bytes with many line ends, and some that are no UTF-8. */
const bytes = fc
  .array(fc.constantFrom('\n', 'a', '\r', 'ü', '😀', '\xff', '{}', ''), { maxLength: 60 })
  .map((parts) => Buffer.concat(parts.map((p) => Buffer.from(p, p === '\xff' ? 'latin1' : 'utf8'))))
const cuts = fc.array(fc.nat(), { maxLength: 20 })

test('LineSplitter gives the lines that String.split gives, however the bytes are cut', () => {
  fc.assert(
    fc.property(bytes, cuts, (all, at) => {
      const expected = all.toString('latin1').split('\n')
      if (expected.at(-1) === '') expected.pop()
      const utf8 = expected.map((line) => Buffer.from(line, 'latin1').toString('utf8'))
      assert.deepEqual(
        split(all, at).map((line) => line.raw),
        utf8,
      )
    }),
  )
})

test('LineSplitter gives offsets at which the lines begin', () => {
  fc.assert(
    fc.property(bytes, cuts, (all, at) => {
      for (const { raw, offset } of split(all, at)) {
        const end = all.indexOf(0x0a, offset)
        assert.equal(all.toString('utf8', offset, end === -1 ? all.length : end), raw)
        assert.ok(offset === 0 || all[offset - 1] === 0x0a)
      }
    }),
  )
})

test('LineSplitter gives a line above the limit in pieces, the same however the bytes are cut', () => {
  fc.assert(
    fc.property(bytes, cuts, fc.integer({ min: 1, max: 9 }), (all, at, max) => {
      const lines = split(all, at, max)
      assert.deepEqual(lines, split(all, [], max))
      assert.ok(lines.every(({ raw }) => raw.length <= max))
    }),
  )
  assert.deepEqual(
    split(Buffer.from('abcdefg\nh\n'), [], 3).map((line) => line.raw),
    ['abc', 'def', 'g', 'h'],
  )
})

test('LineSplitter keeps an unfinished line back', () => {
  const splitter = new LineSplitter(100)
  assert.deepEqual(splitter.push(Buffer.from('one\ntw')), [{ raw: 'one', offset: 100 }])
  assert.equal(splitter.restBytes, 2)
  assert.deepEqual(splitter.push(Buffer.from('o\n')), [{ raw: 'two', offset: 104 }])
  assert.equal(splitter.end(), undefined)
})

test('LineSplitter takes a line of 100 MB in 64 KiB chunks in linear time', () => {
  const splitter = new LineSplitter()
  const chunk = Buffer.alloc(65536, 'x')
  const start = performance.now()
  for (let i = 0; i < 1600; i++) assert.equal(splitter.push(chunk).length, 0)
  const [line] = splitter.push(Buffer.from('\n'))
  assert.equal(line?.raw.length, 1600 * 65536)
  // Quadratic would be 80 GB of copying.
  assert.ok(performance.now() - start < 5000)
})
