import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { LineSplitter, type RawLine } from '../../lib/read/line-splitter.ts'

/** The lines of some bytes, cut into chunks at the given places. */
function split(bytes: Buffer, cuts: readonly number[], lineBytesMax?: number): RawLine[] {
  const splitter = new LineSplitter(
    0,
    undefined,
    lineBytesMax === undefined ? {} : { lineBytesMax },
  )
  const lines: RawLine[] = []
  let from = 0
  for (const cut of [...cuts.map((c) => c % (bytes.length + 1)), bytes.length].toSorted(
    (a, b) => a - b,
  )) {
    lines.push(...splitter.push(bytes.subarray(from, cut)))
    from = cut
  }
  return [...lines, ...splitter.end()]
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
  const rest = { isCut: false, bytes: undefined }
  assert.deepEqual(splitter.push(Buffer.from('one\ntw')), [
    { raw: 'one', offset: 100, end: 104, ...rest },
  ])
  assert.equal(splitter.restBytes, 2)
  assert.deepEqual(splitter.push(Buffer.from('o\n')), [
    { raw: 'two', offset: 104, end: 108, ...rest },
  ])
  assert.deepEqual(splitter.end(), [])
})

test('LineSplitter takes an entry of 100 MB in 64 KiB chunks in linear time', () => {
  const splitter = new LineSplitter()
  const chunk = Buffer.alloc(65536, '{')
  const start = process.cpuUsage()
  for (let i = 0; i < 1600; i++) assert.equal(splitter.push(chunk).length, 0)
  const [line] = splitter.push(Buffer.from('\n'))
  assert.equal(line?.raw.length, 1600 * 65536)
  // Quadratic would be 80 GB of copying. Others may have the processor meanwhile: its own time
  // counts.
  const { user, system } = process.cpuUsage(start)
  assert.ok(user + system < 5_000_000, `${user + system} µs`)
})

test('LineSplitter gives NULs as pieces of their own, the same however the bytes are cut', () => {
  const nuls = fc.constantFrom(1, 3, 64, 65, 4095, 4096, 70_000).map((n) => '\0'.repeat(n))
  const parts = fc.array(fc.oneof(nuls, fc.constantFrom('{"a":1}', 'text', '\n', '\n', '\ufeff')), {
    maxLength: 12,
  })
  fc.assert(
    fc.property(parts, cuts, (made, at) => {
      const all = Buffer.from(made.join(''))
      const lines = split(all, at)
      assert.deepEqual(lines, split(all, []))
      // Nothing is left out: each piece begins where the one before ends.
      let end = 0
      for (const line of lines) {
        assert.equal(line.offset, end)
        end = line.end
      }
      assert.equal(end, all.length)
    }),
  )
})

test('LineSplitter gives the entry behind NULs and a byte order mark as a line', () => {
  const entry = '{"timestamp":"2026-01-01T00:00:00.000+00:00"}'
  const of = (text: string): string[] => split(Buffer.from(text), []).map(({ raw }) => raw)
  assert.deepEqual(of(`\0\0\0${entry}\n`), ['\0\0\0', entry])
  assert.deepEqual(of(`\ufeff${entry}\n`), ['\ufeff', entry])
  assert.deepEqual(of(`\0\ufeff${entry}\n`), ['\0', '\ufeff', entry])
  assert.deepEqual(of(`${'\0'.repeat(5000)}${entry}\n`), ['[5000 NUL bytes]', entry])
  assert.deepEqual(of(`{"timestamp":"20\0\0${entry}\n`), ['{"timestamp":"20', '\0\0', entry])
  assert.deepEqual(of(`torn${'\0'.repeat(8192)}\n${entry}\n`), ['torn', '[8192 NUL bytes]', entry])
  // A text may have some.
  assert.deepEqual(of('a\0b\0\n'), ['a\0b\0'])
  assert.deepEqual(of('\0\n\n\0'), ['\0', '', '\0'])
})

test('LineSplitter keeps nothing of NULs, and 1 MiB of what is no entry', () => {
  const splitter = new LineSplitter()
  const before = process.memoryUsage().rss
  const hole = Buffer.alloc(1 << 20)
  for (let i = 0; i < 256; i++) assert.deepEqual(splitter.push(hole), [])
  assert.deepEqual(
    splitter.push(Buffer.from('{}\n')).map(({ raw }) => raw),
    [`[${2 ** 28} NUL bytes]`, '{}'],
  )
  const text = Buffer.alloc(1 << 20, 'x')
  for (let i = 0; i < 256; i++) assert.ok(splitter.push(text).length <= 1)
  assert.equal(splitter.restBytes, 1 << 20)
  assert.ok(process.memoryUsage().rss - before < 150 << 20)
})

test('LineSplitter gives the bytes of a line that is no UTF-8', () => {
  const [plain, foreign] = split(Buffer.from('gr\u00fcn\ngr\xfcn\n', 'latin1'), [])
  assert.deepEqual([plain?.raw, foreign?.raw], ['gr\ufffdn', 'gr\ufffdn'])
  assert.deepEqual(foreign?.bytes, Buffer.from('gr\xfcn', 'latin1'))
  assert.equal(split(Buffer.from('gr\u00fcn\n'), [])[0]?.bytes, undefined)
})
