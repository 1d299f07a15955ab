import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wantsColor } from '../../lib/entry/color.ts'

test('wantsColor(): the command line, then FORCE_COLOR, then NO_COLOR, then the terminal', () => {
  assert.equal(wantsColor('always', { NO_COLOR: '1' }, false), true)
  assert.equal(wantsColor('never', { FORCE_COLOR: '1' }, true), false)
  for (const [environment, isTerminal, expected] of [
    [{}, true, true],
    [{}, false, false],
    [{ TERM: 'dumb' }, true, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ FORCE_COLOR: '' }, false, true],
    [{ FORCE_COLOR: '1', NO_COLOR: '1', TERM: 'dumb' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ FORCE_COLOR: 'false' }, true, false],
  ] as const) {
    const what = JSON.stringify([environment, isTerminal])
    assert.equal(wantsColor('auto', environment, isTerminal), expected, what)
  }
})
