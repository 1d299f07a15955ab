import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { jsonFaultOf, repeatedKeysOf } from '../../lib/config/json-fault.ts'
import { runs } from '../runs.ts'

/** Where V8 says that a text stops being JSON, if it says so. */
function messageOf(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return (error as SyntaxError).message
  }
}

/** Whether a text is the beginning of some JSON: one of these endings must make it whole. */
function isBeginning(text: string): boolean {
  const closers = closersOf(text)
  const endings = ['', '0', '"', '":0', ':0', '0"', '\\"', '\\":0', '"":0', 'null', '.0', 'e0']
  for (const word of ['true', 'false', 'null']) {
    for (let at = 1; at < word.length; at++) endings.push(word.slice(at))
  }
  for (const digits of ['0', '00', '000', '0000', 'u0000']) {
    endings.push(`${digits}"`, `${digits}":0`)
  }
  endings.push('n"', 'n":0')
  return endings.some((ending) => messageOf(text + ending + closers) === undefined)
}

/** What closes the brackets of a text that stand outside of strings. */
function closersOf(text: string): string {
  const open: string[] = []
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\[^])*(?:"|\\?$)|[[{}\]]/g)) {
    if (token === '{') open.unshift('}')
    else if (token === '[') open.unshift(']')
    else if (token === '}' || token === ']') open.shift()
  }
  return open.join('')
}

describe('jsonFaultOf()', () => {
  it('tells the place, what should stand there, and what does', () => {
    const key = 'a key in double quotes'
    const string = 'a closing quote, or control characters as escapes'
    const escape = String.raw`one of " \ / b f n r t u after a backslash`
    const end = 'the end of the file'
    const cases: readonly (readonly [string, number, string, string])[] = [
      ['', 0, 'a value', end],
      [' \n', 2, 'a value', end],
      ['{', 1, key, end],
      ['{"a"', 4, 'a colon', end],
      ['{"a":', 5, 'a value', end],
      ['{"a":1', 6, 'a comma or "}"', end],
      ['{"a":1,}', 7, key, '"}" after a comma'],
      ['{"a":1, \n }', 10, key, '"}" after a comma'],
      ['{,}', 1, key, '","'],
      ['{a:1}', 1, key, '"a"'],
      ["{'a':1}", 1, key, '"\'"'],
      ['{"a" 1}', 5, 'a colon', '"1"'],
      ['{"a"=1}', 4, 'a colon', '"="'],
      ['{"a":1 "b":2}', 7, 'a comma or "}"', String.raw`"\""`],
      ['{"a":1]', 6, 'a comma or "}"', '"]"'],
      ['[1 2]', 3, 'a comma or "]"', '"2"'],
      ['[1,]', 3, 'a value', '"]" after a comma'],
      ['[,1]', 1, 'a value', '","'],
      ['[1,,2]', 3, 'a value', '","'],
      ['[', 1, 'a value', end],
      ['[}', 1, 'a value', '"}"'],
      [']', 0, 'a value', '"]"'],
      ['{} {}', 3, end, '"{"'],
      ['{}}', 2, end, '"}"'],
      ['// a\n{}', 0, 'a value', 'a comment (JSON has none)'],
      ['{/* a */}', 1, key, 'a comment (JSON has none)'],
      ['{}# a', 2, end, '"#"'],
      ['undefined', 0, 'a value', '"undefined"'],
      ['[NaN]', 1, 'a value', '"NaN"'],
      ['[True]', 1, 'a value', '"True"'],
      ['tru', 3, 'the word true', end],
      ['[nul]', 4, 'the word null', '"]"'],
      ['[nulll]', 5, 'a comma or "]"', '"l"'],
      ['01', 1, end, '"1"'],
      ['+1', 0, 'a value', '"+"'],
      ['.5', 0, 'a value', '"."'],
      ['[-]', 2, 'a digit', '"]"'],
      ['-x', 1, 'a digit', '"x"'],
      ['1.', 2, 'a digit', end],
      ['[1.]', 3, 'a digit', '"]"'],
      ['1e', 2, 'a digit', end],
      ['1e+ ', 3, 'a digit', '" "'],
      ['0x10', 1, end, '"x10"'],
      ['"a', 2, string, end],
      ['"a\n"', 2, string, 'the end of the line'],
      ['"a\t"', 2, string, String.raw`"\t"`],
      ['"\\', 2, escape, end],
      ['"\\x41"', 2, escape, '"x41"'],
      ['"\\u12g4"', 5, 'four hex digits', '"g4"'],
      ['"\\u12G4"', 5, 'four hex digits', '"G4"'],
      ['"\\u12', 5, 'four hex digits', end],
      ['[😀]', 1, 'a value', '"😀"'],
      ['[\u202e]', 1, 'a value', String.raw`"\u202e"`],
      ['\ufeff{}', 0, 'a value', String.raw`"\ufeff"`],
      ['[\u00a01]', 1, 'a value', '"\u00a0"'],
    ]
    for (const [text, at, expected, actual] of cases) {
      const shown = JSON.stringify(text)
      assert.notEqual(messageOf(text), undefined, `${shown} is JSON`)
      assert.equal(jsonFaultOf(text)?.at, at, `place in ${shown}`)
      assert.equal(jsonFaultOf(text)?.expected, expected, `expected in ${shown}`)
      assert.equal(jsonFaultOf(text)?.actual.replace(String.raw`\u00a0`, '\u00a0'), actual, shown)
    }
  })

  it('finds no fault in JSON, however it is spaced', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('', '  ', '\t', '\r\n'), (json, space) => {
        assert.equal(jsonFaultOf(JSON.stringify(JSON.parse(json), null, space)), undefined)
        assert.equal(jsonFaultOf(`${space}${json}${space}`), undefined)
      }),
    )
    for (const number of ['0', '-0', '10', '1.50', '1e5', '1E+05', '-1.5e-10', '1e400']) {
      assert.equal(jsonFaultOf(number), undefined, number)
    }
    assert.equal(jsonFaultOf(String.raw`"\"\\\/\b\f\n\r\t\u00eF"`), undefined)
  })

  it('agrees with JSON.parse on what is JSON, and finds the first character that is not', () => {
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      'u',
      '0',
      '1',
      '-',
      '.',
      'e',
      '+',
      'a',
      '/',
    ]
    const words = [
      'true',
      'null',
      'fals',
      '"a"',
      '"a":',
      ' ',
      '\n',
      '\t',
      '\u00a0',
      '😀',
      '\\u00',
      '//',
    ]
    const texts = fc.array(fc.constantFrom(...pieces, ...words), { maxLength: 12 })
    const seen = { json: 0, not: 0 }
    fc.assert(
      fc.property(
        fc.oneof(
          texts.map((parts) => parts.join('')),
          damaged(),
        ),
        (text) => {
          const fault = jsonFaultOf(text)
          assert.equal(fault === undefined, messageOf(text) === undefined)
          seen[fault === undefined ? 'json' : 'not']++
          if (fault === undefined) return
          assert.ok(isBeginning(text.slice(0, fault.at)), 'what stands before it can begin JSON')
          if (fault.at === text.length) return
          assert.ok(!isBeginning(text.slice(0, fault.at + 1)), 'with it, no more')
        },
      ),
      { numRuns: runs(2_000) },
    )
    assert.ok(seen.json > runs(100) && seen.not > runs(1_000), JSON.stringify(seen))
  })

  it('agrees with the positions that V8 tells', () => {
    let told = 0
    fc.assert(
      fc.property(damaged(), (text) => {
        const position = / at position (\d+)/.exec(messageOf(text) ?? '')?.[1]
        if (position === undefined) return
        told++
        assert.equal(jsonFaultOf(text)?.at, Number(position))
      }),
      { numRuns: runs(1_000) },
    )
    assert.ok(told > runs(50), `${told} positions`)
  })

  it('bears any depth and length', () => {
    assert.equal(jsonFaultOf('['.repeat(1_000_000))?.at, 1_000_000)
    assert.equal(jsonFaultOf(`"${'a'.repeat(1_000_000)}"`), undefined)
    assert.equal(jsonFaultOf(`[${'1,'.repeat(300_000)}]`)?.at, 600_001)
  })
})

describe('repeatedKeysOf()', () => {
  it('finds every key that JSON.parse drops, with its path and both places', () => {
    const text = '{"a":1,"b":{"c":[{"d":1},{"d":2,"\\u0064":3,"d":4}]},"a":{"a":0}, "b":{"c":0}}'
    const found = repeatedKeysOf(text).map(({ path, at, before }) => [path.join('.'), at, before])
    assert.deepEqual(found, [
      ['b.c.1.d', 32, 26],
      ['b.c.1.d', 43, 32],
      ['a', 52, 1],
      ['b', 65, 7],
    ])
    for (const [, at = 0] of found) assert.equal(text[Number(at)], '"')
  })

  it('takes equal keys of different objects for what they are', () => {
    assert.deepEqual(repeatedKeysOf('[{"a":1},{"a":2},{"b":{"a":1},"a":3}]'), [])
    assert.deepEqual(repeatedKeysOf('{"__proto__":1,"constructor":2}'), [])
  })

  it('counts what is lacking after JSON.parse, whatever the text', () => {
    const key = fc.constantFrom('a', 'b', '__proto__', '"')
    const { object } = fc.letrec<{ object: string; value: string }>((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, fc.constant('1'), fc.constant('"a"'), tie('object')),
      object: fc
        .array(fc.tuple(key, tie('value')), { maxLength: 4 })
        .map((members) => `{${members.map(([k, v]) => `${JSON.stringify(k)}:${v}`).join(',')}}`),
    }))
    /** How many keys the objects of a value have. */
    const count = (value: unknown): number =>
      typeof value !== 'object' || value === null
        ? 0
        : Object.values(value).reduce<number>((sum, member) => sum + 1 + count(member), 0)
    let repeats = 0
    fc.assert(
      fc.property(object, (text) => {
        const repeated = repeatedKeysOf(text)
        const written = text.match(/"(?:[^"\\]|\\.)*":/g)?.length ?? 0
        if (repeated.length === 0) assert.equal(count(JSON.parse(text)), written)
        else assert.ok(count(JSON.parse(text)) < written)
        repeats += repeated.length
      }),
    )
    assert.ok(repeats > 10, `${repeats} repeated keys`)
  })
})

/** JSON with one character taken out, doubled or replaced. */
function damaged(): fc.Arbitrary<string> {
  const harm = fc.constantFrom('', '"', ',', '}', ']', ':', 'x', '\n', '\\', '0')
  return fc.tuple(fc.json(), fc.nat(), harm, fc.boolean()).map(([json, nat, text, replaces]) => {
    const at = nat % json.length
    return json.slice(0, at) + text + json.slice(replaces ? at + 1 : at)
  })
}
