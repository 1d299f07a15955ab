// Entries on standard output: real pipes, sockets, files and terminals, read, full and closed.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import type { LoggingConfig } from '../../lib/index.ts'
import { linesOf, seqFaults } from '../log-directory.ts'
import { isBalanced, isLinux, onLinux, reportOf, runIn, testGoneReader } from './printing-run.ts'

const codes = { natural: 0, exit: 3, exception: 1, close: 0, worker: 0 }
/** What standard output is; the first is Node's own, which is a socket. */
const kinds = {
  'a socket': '$RUN',
  'a pipe': 'set -o pipefail; $RUN | cat',
  'a file': '$RUN > $0.out; code=$?; cat $0.out; rm $0.out; exit $code',
}

describe('log_path: null', { concurrency: 2, ...onLinux }, () => {
  for (const [kind, shell] of Object.entries(kinds)) {
    for (const [end, code] of Object.entries(codes)) {
      test(`on ${kind}, ${end}: each entry is there once, in the order of the calls`, async (t) => {
        const { report } = reportOf(t)
        const own = shell.replaceAll('$0', report)
        const config: LoggingConfig = { log_path: null, stdout: 'json' }
        const run = await runIn(own, config, 3000, end, report)
        assert.equal(run.code, code, run.stderr)
        assert.equal(run.lines.length, 3002)
        assert.deepEqual(
          run.lines.map(({ lsn }) => lsn),
          run.lines.map((_, place) => place + 1),
        )
        assert.deepEqual(seqFaults(run.lines.filter(({ category }) => category === 'system')), [])
        assert.equal(run.stats.written, 3002)
      })
    }
  }

  for (const end of ['natural', 'exit', 'close']) testGoneReader(end)

  test('a reader that sleeps: the exit does not wait for it for long, and all is accounted for', async (t) => {
    const { report } = reportOf(t)
    // The reader comes only when the program has ended.
    const shell = `mkfifo ${report}.fifo; exec 7<>${report}.fifo; $RUN >&7; code=$?; exit $code`
    const run = await runIn(shell, { log_path: null, stdout: 'json' }, 3000, 'exit', report)
    assert.equal(run.code, 3)
    assert.match(run.stderr, /cannot write stdout: nothing was taken for 2 s/)
    assert.ok(isBalanced(run.stats), JSON.stringify(run.stats))
    assert.ok(run.stats.written > 0 && run.stats.dropped.INFO > 0, JSON.stringify(run.stats))
  })

  test('a reader that comes late gets everything, each line whole', async (t) => {
    const { report } = reportOf(t)
    // More than 2 s: it has counted as failed meanwhile.
    const shell = 'set -o pipefail; $RUN | (sleep 2.5; cat)'
    const run = await runIn(shell, { log_path: null, stdout: 'json' }, 3000, 'close', report)
    assert.equal(run.code, 0, run.stderr)
    const entries = run.lines.filter(({ message }) => message.startsWith('entry '))
    assert.deepEqual(
      entries.map(({ message }) => message),
      Array.from({ length: 3000 }, (_, i) => `entry ${i}`),
    )
    assert.equal(run.stats.dropped.total, 0)
  })
})

describe('stdout beside files', { concurrency: 2, ...onLinux }, () => {
  for (const [state, shell] of [
    ['gone', '$RUN | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}'],
    ['asleep', 'mkfifo $0; exec 7<>$0; $RUN >&7; exit $?'],
  ] as const) {
    for (const end of ['exit', 'close']) {
      test(`a reader that is ${state}, ${end}: the files are whole, and the copies are counted`, async (t) => {
        const { logs, report } = reportOf(t)
        const config: LoggingConfig = { log_path: logs, stdout: 'json' }
        const own = shell.replaceAll('$0', `${report}.fifo`)
        const run = await runIn(own, config, 3000, end, report)
        assert.equal(run.code, end === 'exit' ? 3 : 0, run.stderr)
        assert.equal(run.stderr.match(/cannot write stdout/g)?.length, 1, run.stderr)
        assert.match(run.stderr, /entries did not reach stdout; they are in the files/)
        const lines = linesOf(logs, 'system.log')
        assert.deepEqual(seqFaults(lines), [])
        assert.equal(lines.length, 3000)
        const { accepted, written, stdout_lost: lost } = run.stats
        assert.equal(written, accepted)
        assert.ok(lost > 0 && lost <= accepted, `${lost} of ${accepted}`)
      })
    }
  }

  test('what does not fit the buffer is lost there, and told in the files, at the end on stderr', async (t) => {
    const { logs, report } = reportOf(t)
    const config: LoggingConfig = {
      log_path: logs,
      stdout: 'json',
      buffer: { bytes: 65_536, entry_bytes: 4096 },
    }
    const run = await runIn('$RUN | (sleep 0.5; cat)', config, 3000, 'close', report)
    const { accepted, written, stdout_lost: lost } = run.stats
    assert.equal(written, accepted)
    assert.ok(lost > 0)
    assert.equal(run.lines.length, accepted - lost)
    const said = linesOf(logs, 'system.log').filter(({ context }) => context?.['stdout_lost'])
    const told = said.reduce((sum, { context }) => sum + Number(context!['stdout_lost']), 0)
    const late = /ringlog: (\d+) entries did not reach stdout/.exec(run.stderr)?.[1] ?? 0
    assert.equal(told + Number(late), lost)
  })
})

const green = '\u001b[32mINFO'
const hasScript = isLinux && spawnSync('script', ['--version']).status === 0

describe('stdout: human', { ...onLinux }, () => {
  // script(1) runs what $SHELL names, or sh, which drops functions that bash exported.
  const terminal = `SHELL=$BASH script -qec call /dev/null`

  /** What a person sees. */
  async function seen(t: TestContext, environment: string, isTerminal: boolean): Promise<string> {
    const { report } = reportOf(t)
    const call = `call() { $RUN; }; export -f call; ${environment} `
    const shell = call + (isTerminal ? terminal : 'call')
    const config: LoggingConfig = { log_path: null, stdout: 'human' }
    const { stdout } = await runIn(shell, config, 1, 'natural', report)
    return stdout.replaceAll('\r\n', '\n')
  }

  test('aligned, with milliseconds, context and error with its cause', async (t) => {
    const text = await seen(t, '', false)
    const lines = text.split('\n')
    assert.match(
      lines[0]!,
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] INFO     \| system      \| entry 0$/,
    )
    assert.match(text, /^ {6}"text": "x{200}"$/m)
    assert.match(text, /\] ERROR    \| error       \| Order rejected\n {4}Error: outer\n/)
    assert.match(text, /^ {4}caused by:\n {8}Error: inner\n/m)
    assert.match(text, /\] CRITICAL \| enforcement \| Position closed\n$/)
    assert.ok(!text.includes('\u001b'))
  })

  const skip = hasScript ? false : 'script(1) is not there'
  test(
    'on a terminal it is coloured, and NO_COLOR and FORCE_COLOR are obeyed',
    { skip },
    async (t) => {
      assert.ok((await seen(t, 'export TERM=xterm;', true)).includes(green))
      assert.ok(!(await seen(t, 'export TERM=xterm NO_COLOR=1;', true)).includes(green))
      assert.ok((await seen(t, 'export FORCE_COLOR=1;', false)).includes(green))
    },
  )
})

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
