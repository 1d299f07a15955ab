// The command as it is typed, the shortest of it; `npm run test:processes` has the whole.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { logDirectory } from '../log-directory.ts'
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
  it('says how a directory is named when the default one is not there, and only then', (t) => {
    const home = logDirectory(t)
    for (const command of ['tail', 'verify']) {
      const { code, err } = ringlog([command], { HOME: home, USERPROFILE: home })
      assert.equal(code, 1)
      assert.match(
        err,
        /logs: no such file .*; -d says which directory it is: the logger's log_path\n$/,
      )
      assert.doesNotMatch(ringlog([command, '-d', home]).err, /-d says/)
    }
  })

  it('--help and --version go to standard output, with 0', () => {
    assert.match(ringlog(['tail', '--help']).out, /^Usage: ringlog tail [^]*Examples:/)
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    assert.deepEqual(ringlog(['--version']), { code: 0, out: `${version}\n`, err: '' })
  })
})
