import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  baseOfTemporary,
  filesByBase,
  nameOf,
  parseName,
  temporaryName,
} from '../../lib/directory/names.ts'

test('parseName() takes live, rotated and compressed names apart', () => {
  const cases = [
    ['system.log', 'system.log', 0, false],
    ['system.log.1', 'system.log', 1, false],
    ['system.log.10.gz', 'system.log', 10, true],
    ['latency', 'latency', 0, false],
    ['a.b-c_d.jsonl.100', 'a.b-c_d.jsonl', 100, false],
  ] as const
  for (const [name, base, index, compressed] of cases) {
    assert.deepEqual(parseName(name), { name, base, index, compressed })
  }
})

test('parseName() refuses what is no log file', () => {
  for (const name of [
    '',
    '.',
    '..',
    '.hidden',
    'system.log.gz',
    'system.log.0',
    'system.log.01',
    'system.log.1.gz.tmp',
    'system.log.1.tmp',
    'system.log.1.2',
    'ringlog.lock',
    '../system.log.1',
    'System.log',
  ]) {
    assert.equal(parseName(name), undefined, name)
  }
})

test('nameOf() is the way back of parseName()', () => {
  const base = fc.constantFrom('system.log', 'a', 'x.y.log')
  fc.assert(
    fc.property(base, fc.integer({ min: 0, max: 999 }), fc.boolean(), (b, index, gz) => {
      const compressed = gz && index > 0
      const name = nameOf(b, index, compressed)
      assert.deepEqual(parseName(name), { name, base: b, index, compressed })
    }),
  )
})

test('baseOfTemporary() is the way back of temporaryName(), and no other name is temporary', () => {
  for (const name of ['system.log.1', 'system.log.10.gz', 'a.b.log.7.gz']) {
    const temporary = temporaryName(name, 2n ** 64n - 1n)
    assert.equal(baseOfTemporary(temporary), parseName(name)?.base)
    assert.equal(parseName(temporary), undefined)
  }
  for (const name of [
    'system.log.tmp',
    'system.log.1.tmp',
    'system.log.gz.1.tmp',
    '.1.2.tmp',
    '../a.1.2.tmp',
  ]) {
    assert.equal(baseOfTemporary(name), undefined, name)
  }
})

test('filesByBase() gives the files of each base, oldest first', () => {
  const names = [
    'system.log',
    'system.log.1',
    'system.log.10.gz',
    'system.log.2.gz',
    'system.log.2',
    'system.log.9',
    'ringlog.lock',
    'audit.log.3',
  ]
  const files = filesByBase(names)
  assert.deepEqual(
    [...files].map(([base, of]) => [base, of.map((file) => file.name)]),
    [
      ['audit.log', ['audit.log.3']],
      [
        'system.log',
        [
          'system.log.10.gz',
          'system.log.9',
          'system.log.2.gz',
          'system.log.2',
          'system.log.1',
          'system.log',
        ],
      ],
    ],
  )
})
