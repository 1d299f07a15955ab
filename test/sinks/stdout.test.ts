// Entries on standard output; `npm run test:processes` has every kind of it and of end.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { LoggingConfig } from '../../lib/index.ts'
import { linesOf } from '../log-directory.ts'
import { onLinux, reportOf, runIn, testGoneReader } from './printing-run.ts'

describe('log_path: null', onLinux, () => testGoneReader('exit'))

describe('stdout beside files', { concurrency: 2, ...onLinux }, () => {
  test('json: the bytes of the files, each entry once', async (t) => {
    const { logs, report } = reportOf(t)
    const run = await runIn('$RUN', { log_path: logs, stdout: 'json' }, 500, 'exit', report)
    const texts = ['system.log', 'error.log', 'enforcement.log'].flatMap((file) =>
      readFileSync(join(logs, file), 'utf8').trimEnd().split('\n'),
    )
    assert.deepEqual(run.stdout.trimEnd().split('\n').toSorted(), [...new Set(texts)].toSorted())
    assert.equal(run.lines.length, 502)
    assert.equal(run.stats.stdout_lost, 0)
  })

  test('stdout_level: what is below goes to the files only', async (t) => {
    const { logs, report } = reportOf(t)
    const config: LoggingConfig = { log_path: logs, stdout: 'json', stdout_level: 'error' }
    const run = await runIn('$RUN', config, 5, 'natural', report)
    assert.deepEqual(
      run.lines.map(({ level }) => level),
      ['ERROR', 'CRITICAL'],
    )
    assert.equal(linesOf(logs, 'system.log').length, 5)
  })
})

describe('the journal of systemd', { ...onLinux }, () => {
  const named = `JOURNAL_STREAM=$(stat -L -c %d:%i /proc/$$/fd/1) `

  test('each line has its priority', async (t) => {
    const { report } = reportOf(t)
    const json: LoggingConfig = { log_path: null, stdout: 'json' }
    const { stdout } = await runIn(`${named} $RUN`, json, 1, 'natural', report)
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(0, 4)),
      ['<6>{', '<3>{', '<2>{'],
    )
    const human = await runIn(`${named} $RUN`, { ...json, stdout: 'human' }, 1, 'exit', report)
    for (const line of human.stdout.trimEnd().split('\n')) assert.match(line, /^<[632]>(?:\[| {4})/)
  })

  test('where standard output has been replaced since, no line has', async (t) => {
    const { report } = reportOf(t)
    const shell = `${named} $RUN | cat`
    const { lines } = await runIn(shell, { log_path: null, stdout: 'json' }, 1, 'natural', report)
    assert.equal(lines.length, 3)
  })
})
