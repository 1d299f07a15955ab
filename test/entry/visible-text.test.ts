import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { piecesOf, visible, visibleJson, visibleLines } from '../../lib/entry/visible-text.ts'

/** What no line may hold: what drives a terminal, ends a line or deceives the eye. */
const dangerous = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/u

test('visible() escapes every class of characters that is not shown', () => {
  const shown: Readonly<Record<string, string>> = {
    '\n': String.raw`\n`,
    '\r': String.raw`\r`,
    '\t': String.raw`\t`,
    '\u0000': String.raw`\x00`,
    '\u001b': String.raw`\x1b`,
    '\u007f': String.raw`\x7f`,
    '\u009b': String.raw`\x9b`,
    '\u00ad': String.raw`\xad`,
    '\u061c': String.raw`\u061c`,
    '\u180e': String.raw`\u180e`,
    '\u200b': String.raw`\u200b`,
    '\u200f': String.raw`\u200f`,
    '\u2028': String.raw`\u2028`,
    '\u2029': String.raw`\u2029`,
    '\u202e': String.raw`\u202e`,
    '\u2066': String.raw`\u2066`,
    '\ufeff': String.raw`\ufeff`,
    '\ufffb': String.raw`\ufffb`,
    '\ud800': String.raw`\ud800`,
    '\udfff': String.raw`\udfff`,
    '\u{e0041}': String.raw`\u{e0041}`,
  }
  for (const [character, escape] of Object.entries(shown)) {
    assert.equal(visible(`a${character}b`), `a${escape}b`)
  }
  assert.equal(visible('Grüße, 你好, 😀 \\n'), 'Grüße, 你好, 😀 \\n')
})

test('visible() leaves no control character, whichever it is', () => {
  for (let code = 0; code <= 0xffff; code++) {
    const text = visible(String.fromCharCode(code))
    assert.ok(!dangerous.test(text), code.toString(16))
  }
})

test('visible() escapes what has no width, and marks heaped upon one letter', () => {
  const escape = (code: number): string =>
    `\\u${code > 0xffff ? `{${code.toString(16)}}` : code.toString(16).padStart(4, '0')}`
  // Those two choose between a sign's text and emoji forms; the text of people is full of them.
  const shown = new Set([0xfe0e, 0xfe0f])
  for (let code = 0x100; code <= 0x10ffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue
    const character = String.fromCodePoint(code)
    if (!/\p{Default_Ignorable_Code_Point}/u.test(character) || shown.has(code)) continue
    assert.equal(visible(character), escape(code))
  }
  assert.equal(visible('\u2764\ufe0f'), '\u2764\ufe0f')
  const mark = '\u0301'
  assert.equal(visible(`e${mark.repeat(8)}`), `e${mark.repeat(8)}`)
  assert.equal(visible(`e${mark.repeat(10)}`), String.raw`e${mark.repeat(8)}\u0301\u0301`)
})

test('visible() shows a long text as it shows a short one', () => {
  const bell = '\u0007'
  assert.equal(visible(bell.repeat(200_000)), String.raw`\x07`.repeat(200_000))
  // Characters and marks that lie across any place where a long text could be cut.
  for (const characters of ['\u{1f600}', '\u{e0041}', `a${'\u0301'.repeat(9)}`]) {
    const shown = visible(characters)
    for (let before = 65_536 - 12; before <= 65_536; before++) {
      const padding = 'x'.repeat(before)
      const text = `${padding}${characters}${bell}`
      assert.equal(
        visible(text.padEnd(70_000, 'y')),
        `${padding}${shown}\\x07`.padEnd(
          70_000 + visible(characters + bell).length - (characters + bell).length,
          'y',
        ),
      )
    }
  }
})

test('piecesOf() ends no piece amid a character or among marks, and has none that is empty', () => {
  const piece = 65_536
  const sizesOf = (text: string): number[] => {
    const pieces = [...piecesOf(text)]
    assert.equal(pieces.join(''), text)
    return pieces.map(({ length }) => length)
  }
  assert.deepEqual(sizesOf(''), [])
  assert.deepEqual(sizesOf('x'.repeat(piece)), [piece])
  assert.deepEqual(sizesOf('x'.repeat(2 * piece)), [piece, piece])
  assert.deepEqual(sizesOf('x'.repeat(2 * piece + 1)), [piece, piece, 1])
  assert.deepEqual(sizesOf(`${'x'.repeat(piece - 1)}\u{1f600}y`), [piece + 1, 1])
  assert.deepEqual(sizesOf(`${'x'.repeat(piece)}${'\u0301'.repeat(3)}y`), [piece + 3, 1])
  // Marks without an end are cut all the same.
  assert.deepEqual(sizesOf('\u0301'.repeat(4 * piece)), [2 * piece, 2 * piece])
})

test('visibleLines() keeps line ends, and nothing else that is not shown', () => {
  assert.equal(visibleLines('a\u001b\nb\r\n\u202e'), 'a\\x1b\nb\\r\n\\u202e')
})

test('visibleJson() keeps the value, whatever it is, and shows no character that visible() escapes', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const json = visibleJson(JSON.stringify(value, undefined, 2))
      assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(value)))
      assert.equal(visibleLines(json), json)
    }),
  )
  assert.equal(
    visibleJson(JSON.stringify('\u009b\u202e\u200b\u{e0041}\ufeffü😀')),
    String.raw`"\u009b\u202e\u200b\udb40\udc41\ufeffü😀"`,
  )
})
