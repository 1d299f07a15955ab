import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bind, type MemberEncoder } from '../../lib/encode/bindings.ts'
import { cut } from '../../lib/entry/safe-text.ts'

type Member = [key: string, text: string]

/** Has members ready, and counts what is looked at of them to cut their strings. */
class CountingEncoder implements MemberEncoder {
  readonly era = 0
  readonly #members: Member[]
  chars = 0

  constructor(members: Member[]) {
    this.#members = members
  }

  members(): Member[] {
    return this.#members
  }

  shortened(object: Readonly<Record<string, unknown>>, charsMax: number): string {
    this.chars += JSON.stringify(object).length
    return JSON.stringify(object, (_, value: unknown) =>
      typeof value === 'string' ? cut(value, charsMax) : value,
    )
  }
}

function membersOf(count: number, chars: number): Member[] {
  return Array.from({ length: count }, (_, i) => [
    `field_${i}`,
    `"field_${i}":${JSON.stringify('v'.repeat(chars))}`,
  ])
}

describe('bind()', () => {
  const limit = 16_384

  for (const chars of [10, 40, 1000]) {
    test(`looks at a share of the limit to cut strings of ${chars}, however many fields there are`, () => {
      const [few, many] = [10_000, 100_000].map((count) => {
        const encoder = new CountingEncoder(membersOf(count, chars))
        const { text } = bind(encoder, {}, undefined, limit)
        assert.ok(text.length <= limit / 2, `${text.length} of ${limit} characters`)
        return encoder.chars
      })
      assert.equal(many, few)
    })
  }

  test('keeps all fields where their strings can be cut so that there is room for all', () => {
    const { members, text } = bind(new CountingEncoder(membersOf(100, 1000)), {}, undefined, limit)
    assert.equal(members.size, 100)
    assert.ok(text.length <= limit / 2, `${text.length} of ${limit} characters`)
  })
})
