import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { inspectFiles } from '../../scripts/demo/log-files.ts'

const secret = 'a-secret-nobody-may-read'

function line(category: string, seq: number, change: object = {}): string {
  const timestamp = '2025-10-17T14:23:45.123+00:00'
  return JSON.stringify({
    timestamp,
    level: 'INFO',
    category,
    message: 'x',
    seq,
    lsn: seq,
    ...change,
  })
}

describe('inspectFiles', () => {
  const critical = line('system', 12, { level: 'CRITICAL' })
  let directory = ''

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'ringlog-test-'))
  })
  after(() => {
    rmSync(directory, { recursive: true })
  })

  /** Writes a sound directory, with the named files replaced by other lines. */
  function inspect(change: { readonly [name: string]: readonly string[] } = {}) {
    // Eleven rotated files: `.10` and `.11` are older than `.2`.
    const files: { [name: string]: readonly string[] } = {
      'system.log': [critical, line('sdk', 1)],
      'error.log': [line('error', 1, { level: 'ERROR' }), critical],
    }
    for (let i = 1; i <= 11; i++) files[`system.log.${i}`] = [line('system', 12 - i)]
    for (const [name, lines] of Object.entries({ ...files, ...change })) {
      writeFileSync(join(directory, name), lines.map((text) => `${text}\n`).join(''))
    }
    return inspectFiles(directory, secret)
  }

  it('finds nothing wrong with a sound directory, and counts it', () => {
    const { faults, leaks, lines, copies, valid, lastSeq, groups, largestBytes } = inspect()
    assert.deepEqual([faults, leaks], [[], []])
    assert.deepEqual({ lines, copies, valid }, { lines: 15, copies: 1, valid: 15 })
    assert.deepEqual(Object.fromEntries(lastSeq), { system: 12, sdk: 1, error: 1 })
    assert.deepEqual(
      groups.map(({ name, rotatedCount }) => [name, rotatedCount]),
      [
        ['system.log', 11],
        ['error.log', 0],
      ],
    )
    assert.equal(largestBytes, Math.max(...groups.map(({ liveBytes }) => liveBytes)))
  })

  for (const [fault, change, expected] of [
    ['a line that is missing', { 'system.log.3': [] }, /expected system number 9, got 10/],
    [
      'a line that stands twice',
      { 'system.log.11': [line('system', 1), line('system', 1)] },
      /expected system number 2, got 1/,
    ],
    ['a copy that is missing', { 'error.log': [line('error', 1)] }, /lacks 1 copies/],
    [
      'a copy that stands twice',
      { 'error.log': [line('error', 1), critical, critical] },
      /copies system 12, which is nowhere else/,
    ],
    [
      'a copy that is not the same',
      { 'error.log': [line('error', 1), critical.replace('"x"', '"y"')] },
      /nowhere else/,
    ],
    ['a torn line', { 'system.log.1': [line('system', 11).slice(0, 40)] }, /is not JSON/],
    [
      'a timestamp without milliseconds',
      { 'system.log.1': [line('system', 11, { timestamp: '2025-10-17T14:23:45+00:00' })] },
      /breaks the schema/,
    ],
    [
      'a date that does not exist',
      { 'system.log.1': [line('system', 11, { timestamp: '2025-02-30T14:23:45.000+00:00' })] },
      /breaks the schema/,
    ],
    [
      'a key that is not known',
      { 'system.log.1': [line('system', 11, { forged: 1 })] },
      /breaks the schema/,
    ],
    [
      'a cause that is no exception',
      {
        'system.log.1': [
          line('system', 11, {
            exception: { type: 'E', message: '', stack_trace: '', cause: { type: 1 } },
          }),
        ],
      },
      /breaks the schema/,
    ],
  ] as const) {
    it(`reports ${fault}`, () => {
      const { faults } = inspect(change)
      assert.match(faults.join('\n'), expected)
    })
  }

  it('reports a file that ends within a line', () => {
    inspect()
    writeFileSync(join(directory, 'system.log.1'), line('system', 11))
    assert.match(inspectFiles(directory, secret).faults.join('\n'), /expected a line end/)
  })

  it('reports the file that holds the secret', () => {
    const { leaks } = inspect({ 'system.log.1': [line('system', 11, { message: secret })] })
    assert.deepEqual(leaks, ['system.log.1'])
  })
})
