import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { drawTerminal } from '../../scripts/demo/terminal-picture.ts'

/** The texts of a picture without the frame's title, with where and how they stand. */
function textsOf(svg: string): { text: string; x: number; attributes: string }[] {
  return [
    ...svg.matchAll(/<text x="([\d.]+)" y="[\d.]+" textLength="[\d.]+"([^>]*)>([^<]*)</g),
  ].map(([, x, attributes, text]) => ({
    text: text ?? '',
    x: Number(x),
    attributes: attributes ?? '',
  }))
}

describe('drawTerminal', () => {
  it('puts each run of characters at its column, in its look', () => {
    const svg = drawTerminal(['ab\u001b[1;31mcd\u001b[0m \u001b[2mef\u001b[22mg'], 'title')
    const texts = textsOf(svg)
    assert.deepEqual(
      texts.map(({ text }) => text),
      ['ab', 'cd', 'ef', 'g'],
    )
    const [ab, cd, ef] = texts
    assert.ok(ab !== undefined && cd !== undefined && ef !== undefined)
    assert.ok(Math.abs((ef.x - ab.x) / (cd.x - ab.x) - 2.5) < 0.02)
    assert.match(cd.attributes, /fill="#e06c75" font-weight="bold"/)
    assert.match(ef.attributes, /opacity/)
    assert.doesNotMatch(ef.attributes, /fill|font-weight/)
  })

  it('draws a background behind the text', () => {
    const svg = drawTerminal(['\u001b[97;41m CRITICAL \u001b[0m'], 'title')
    assert.match(svg, /<rect [^>]*fill="#e06c75"\/><text [^>]*fill="#ffffff"/)
  })

  it('escapes what means something to XML', () => {
    assert.deepEqual(
      textsOf(drawTerminal(['a < b & c > d'], 'title')).map(({ text }) => text),
      ['a &lt; b &amp; c &gt; d'],
    )
  })

  it('refuses what it cannot draw', () => {
    for (const line of ['\u001b[5mblink', '\u001b[38;5;9mcolor', 'left\u001b[2Aup']) {
      assert.throws(() => drawTerminal([line], 'title'), RangeError, JSON.stringify(line))
    }
  })
})
