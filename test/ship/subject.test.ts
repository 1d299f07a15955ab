// Names as subjects of NATS, and back.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { seriesOf, subjectOf } from '../../lib/ship/subject.ts'

describe('subjectOf()', () => {
  test('keeps a host with dots one token', () => {
    assert.equal(
      subjectOf({ host: 'db-1.example.org', log_id: '00ff', category: 'a.b *' }),
      'logs.db-1%2Eexample%2Eorg.00ff.a%2Eb%20%2A',
    )
    assert.equal(subjectOf({ host: 'a', log_id: 'b' }), 'logs.a.b.*')
  })

  test('is undone by seriesOf(), whatever the names are, and is a valid subject', () => {
    const name = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(name, name, name, (host, log_id, category) => {
        const subject = subjectOf({ host, log_id, category })
        assert.match(subject, /^logs(?:\.[\w%-]+){3}$/)
        assert.deepEqual(seriesOf(subject), { host, log_id, category })
      }),
    )
  })

  test('seriesOf() knows what is none', () => {
    for (const subject of ['logs.a.b', 'logs.a.b.c.d', 'other.a.b.c', 'logs.a.b.%ff']) {
      assert.equal(seriesOf(subject), undefined)
    }
  })
})
