// No head and no tail is left of a password, whatever marks it has at whatever place, in whatever
// form it is written.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Redactor, redacted } from '../../lib/redact/secret-keys.ts'
import { mask } from '../../lib/redact/secret-text.ts'

const redactor = new Redactor()
const marks = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'

const json = (text: string): string => JSON.stringify(text).slice(1, -1)
const doubled = (text: string): string => text.replaceAll("'", "''")
const ofShell = (text: string): string => text.replaceAll("'", String.raw`'\''`)
const ofXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

/**
 * A form: what stands before a value and behind it, how it writes one, and the marks it cannot
 * hold.
 */
type Form = readonly [
  before: string,
  behind: string,
  write: (value: string) => string,
  without?: string,
]

const plain = (text: string): string => text

/** Forms that quote or encode what they hold: any mark may stand at any place. */
const quoted: readonly Form[] = [
  ['{"user":"bob","password":"', '","n":1}', json],
  ['"{\\"password\\":\\"', '\\",\\"n\\":1}"', (text) => json(json(text))],
  ["password: '", "'\nhost: x", doubled],
  ["export DB_PASSWORD='", "'", ofShell],
  ["run --password '", "' --user bob", ofShell],
  ["curl -u 'bob:", "' https://x.com", plain, "'"],
  ['<db user="bob" password="', '" n="1"/>', ofXml],
  ['<user>bob</user><password>', '</password>', ofXml],
  ["CREATE USER bob IDENTIFIED BY '", "'", doubled],
  ["ALTER ROLE bob WITH PASSWORD '", "';", doubled],
  ["UPDATE users SET password = '", "' WHERE id = 1", doubled],
  ["INSERT INTO users (name, password) VALUES ('bob', '", "')", doubled],
  ['postgres://bob:', '@db.example.com:5432/x', encodeURIComponent],
  ['GET /login?user=bob&password=', '&x=1', encodeURIComponent],
  ['%7B%22password%22%3A%22', '%22%7D', (text) => encodeURIComponent(json(text))],
  ['8=FIX.4.2\u000135=A\u0001554=', '\u000110=1\u0001', plain],
]

/** Forms without quotes: a mark may stand among letters, two in a row as well. */
const bare: readonly Form[] = [
  ['login failed password=', ' user=bob', plain],
  ['password: ', ', user: bob', plain],
  ['{user=bob, password=', ', n=1}', plain],
  ['Server=db;User Id=sa;Password=', ';Database=x', plain, ';'],
  ['run --password ', ' --user bob', plain],
  ['password -> ', '', plain],
  ['postgres://bob:', '@db.example.com:5432/x', plain, '"`/'],
]
/**
 * What ends a value without quotes all the same: a quote and a separator, the beginning of a tag,
 * an escape, the next command.
 */
const ending = /["'`][,:;]|<[A-Za-z/]|\\[nrt"'`\\u]|&&|\|\|/

/** How much of a value is left at either side of its mask; all of it when there is no mask. */
function leftOf([before, behind, write]: Form, value: string): string {
  const written = write(value)
  const text = before + written + behind
  const masked = mask(text, redactor)
  const from = masked.indexOf(redacted)
  if (from === -1) return written
  const head = text.startsWith(masked.slice(0, from)) ? from - before.length : 0
  const tail = masked.length - from - redacted.length - behind.length
  return (
    written.slice(0, Math.max(0, head)) +
    (tail > 0 && text.endsWith(masked.slice(from + redacted.length)) ? written.slice(-tail) : '')
  )
}

/** The values that leave a letter or a digit of themselves. */
function leaks(forms: readonly Form[], values: readonly string[]): string[] {
  return forms.flatMap((form) => {
    const { 0: before, 3: without = '' } = form
    return values
      .filter((value) => !Array.from(without).some((mark) => value.includes(mark)))
      .filter((value) => /[A-Za-z0-9]/.test(leftOf(form, value).replaceAll(/%\w\w/g, '')))
      .map((value) => `${before} ${value.slice(0, 40)}`)
  })
}

const words = ['hunter2x', 'kq7Zp2mN']
const withMarks = (counts: readonly number[]): string[] =>
  words.flatMap((word) =>
    Array.from(marks).flatMap((mark) =>
      counts.map((at) => word.slice(0, at) + mark + word.slice(at)),
    ),
  )
const withPairs = Array.from(marks).flatMap((one) =>
  Array.from(marks, (two) => `hunt${one}${two}er2x`),
)

describe('mask()', () => {
  test('leaves nothing of a value in quotes, whatever marks are in it', () => {
    const values = [...withMarks([0, 1, 4, 8]), ...withPairs]
    // The end of an escape that is no escape where the form has none.
    const some = values.filter((value) => !/\\['"`]|\\$/.test(value))
    assert.deepEqual(leaks(quoted, some), [])
  })

  test('leaves nothing of a value without quotes, whatever marks are in it', () => {
    const values = [...withMarks([1, 2, 4]), ...withPairs].filter((value) => !ending.test(value))
    assert.deepEqual(leaks(bare, values), [])
  })

  test('leaves nothing of a value of any length, and of any script', () => {
    const values = ['z', '7', 'q!', 'abc', '1234', 'pässwörd', '密码123', 'xq'.repeat(2500)]
    const long = 'aB3$'.repeat(1024) + 'Z9'.repeat(4096)
    assert.deepEqual(leaks([...quoted, ...bare.slice(0, 4)], [...values, long]), [])
  })

  test('leaves what stands in place of a value', () => {
    for (const value of [
      '$PGPASSWORD',
      '$DB_PASS',
      '${password}',
      '<password>',
      '<your token',
      '***',
    ])
      assert.equal(mask(`password=${value}`, redactor), `password=${value}`)
  })
})
