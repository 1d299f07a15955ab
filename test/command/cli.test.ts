// The command as it is typed, the shortest of it; `npm run test:processes` has the whole.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { logged, ringlog } from './typed-command.ts'

describe('ringlog tail', () => {
  it('shows entries as human lines, by time, copies once, and nothing that drives the terminal', async (t) => {
    const { code, out, err } = ringlog(['tail', '-d', await logged(t)])
    assert.equal(code, 0)
    assert.equal(err, '')
    const lines = out.split('\n').map((line) => line.replace(/^\[[\d: -]{19}\] /, ''))
    assert.deepEqual(lines.toSorted(), [
      '',
      String.raw`CRITICAL | system      | evil \x1b[2J`,
      'DEBUG | sdk         | ABC123 | Order filled',
      'ERROR | error       | Order failed',
      'INFO  | system      | Daemon started',
      'WARNING | enforcement | DEF456 | Near the limit',
    ])
  })
})

describe('ringlog', () => {
  it('--help and --version go to standard output, with 0', () => {
    assert.match(ringlog(['tail', '--help']).out, /^Usage: ringlog tail [^]*Examples:/)
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    assert.deepEqual(ringlog(['--version']), { code: 0, out: `${version}\n`, err: '' })
  })
})
