// The rename chain, with and without compressed files in it. What it does to plain ones stands in
// open.test.ts.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseName } from '../../lib/directory/names.ts'
import { rotateSync } from '../../lib/directory/rotate.ts'
import { runs } from '../runs.ts'

/** The files of a directory that bear the name of a log file, with what they hold. */
function filesIn(directory: string): Record<string, string> {
  const names = readdirSync(directory).filter((name) => parseName(name) !== undefined)
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
  )
}

describe('rotateSync()', () => {
  test('moves what is there one up, in either spelling, as far as the first gap, and loses only the oldest', () => {
    const keep = 4
    const spelling = fc.record({ plain: fc.boolean(), gz: fc.boolean() })
    fc.assert(
      fc.property(fc.array(spelling, { minLength: keep, maxLength: keep }), (numbers) => {
        const directory = mkdtempSync(join(tmpdir(), 'ringlog-test-'))
        try {
          const expected: Record<string, string> = { 'a.log.1': 'live' }
          writeFileSync(join(directory, 'a.log'), 'live')
          let isMoving = true
          numbers.forEach(({ plain, gz }, i) => {
            const index = i + 1
            if (!plain && !gz) isMoving = false
            for (const [is, end] of [
              [plain, ''],
              [gz, '.gz'],
            ] as const) {
              if (!is) continue
              writeFileSync(join(directory, `a.log.${index}${end}`), `${index}${end}`)
              const to = isMoving ? index + 1 : index
              if (to <= keep) expected[`a.log.${to}${end}`] = `${index}${end}`
            }
          })
          rotateSync(directory, 'a.log', keep)
          assert.deepEqual(filesIn(directory), expected)
        } finally {
          rmSync(directory, { recursive: true, force: true })
        }
      }),
      { numRuns: runs(200) },
    )
  })
})
