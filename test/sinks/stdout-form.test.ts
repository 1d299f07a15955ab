import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { levelNames } from '../../lib/entry/level.ts'
import type { MadeEntry } from '../../lib/entry/made-entry.ts'
import { stdoutFormOf } from '../../lib/sinks/stdout-form.ts'

function made(severity: number): MadeEntry {
  const fields = {
    timestamp: '2025-10-17T14:23:45.123+00:00',
    level: levelNames[severity]!,
    category: 'system',
    message: 'm',
    context: { a: 1 },
  }
  const line = `${JSON.stringify(fields)}\n`
  return { ...fields, severity, line, bytes: Buffer.from(line) }
}

const nobody = { isTerminal: false, isJournal: false, environment: {} }

describe('stdoutFormOf()', () => {
  test('json: the line as it is; for the journal with its priority in front', () => {
    assert.equal(stdoutFormOf('json', nobody), undefined)
    const form = stdoutFormOf('json', { ...nobody, isJournal: true })!
    assert.deepEqual(
      levelNames.map((_, severity) => form(made(severity)).slice(0, 4)),
      ['<7>{', '<6>{', '<4>{', '<3>{', '<2>{'],
    )
    assert.equal(form(made(1)), `<6>${made(1).line}`)
  })

  test('human: aligned, with milliseconds, what is in it below; coloured on a terminal', () => {
    const form = stdoutFormOf('human', nobody)!
    const [first, ...below] = form(made(1)).split('\n')
    assert.equal(first, '[2025-10-17 14:23:45.123] INFO     | system      | m')
    assert.equal(below.pop(), '')
    assert.ok(below.length > 0 && below.every((line) => line.startsWith('    ')))
    const colored = stdoutFormOf('human', { ...nobody, isTerminal: true })!(made(3))
    // oxlint-disable-next-line no-control-regex -- a colour begins with ESC
    assert.match(colored, /\u001b\[/)
    const plain = { ...nobody, isTerminal: true, environment: { NO_COLOR: '1' } }
    // oxlint-disable-next-line no-control-regex -- a colour begins with ESC
    assert.doesNotMatch(stdoutFormOf('human', plain)!(made(3)), /\u001b/)
  })

  test('human, for the journal: each line has the priority', () => {
    const lines = stdoutFormOf('human', { ...nobody, isJournal: true })!(made(4)).split('\n')
    assert.equal(lines.pop(), '')
    assert.ok(lines.length > 1)
    assert.ok(lines.every((line) => line.startsWith('<2>')))
  })
})
