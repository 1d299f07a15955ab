// The command as it is typed: what it shows, how it ends, where a terminal or a pipe reads it.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { logDirectory } from '../log-directory.ts'
import { hasShell, hasTmux, logged, messagesOf, plain, program, ringlog } from './typed-command.ts'

describe('ringlog tail', () => {
  it('--json gives the bytes of the lines, and filters hold together', async (t) => {
    const directory = await logged(t)
    const [line] = readFileSync(join(directory, 'enforcement.log'), 'utf8').split('\n')
    assert.equal(ringlog(['tail', '-d', directory, '--json', '-c', 'enforcement']).out, `${line}\n`)
    assert.equal(ringlog(['tail', '-d', directory, '-o', 'json', '-a', 'DEF456']).out, `${line}\n`)
    const filtered = (...args: string[]): string[] =>
      messagesOf(ringlog(['tail', '-d', directory, '--json', ...args]))
    assert.deepEqual(filtered('-l', 'error'), ['Order failed', 'evil \u001b[2J'])
    assert.deepEqual(filtered('-g', '^Order f'), ['Order failed', 'Order filled'])
    assert.deepEqual(filtered('-g', '^Order f', '-l', 'ERROR'), ['Order failed'])
    assert.deepEqual(filtered('-c', 'sdk', '-c', 'error'), ['Order failed', 'Order filled'])
    assert.deepEqual(filtered('-S', '2h').length, 5)
    assert.deepEqual(filtered('-U', '2h'), [])
    assert.deepEqual(filtered('-g', '^ORDER F', '-i'), ['Order failed', 'Order filled'])
    assert.deepEqual(filtered('-w', 'context.order_id=42'), ['Order failed'])
    assert.deepEqual(filtered('-w', 'level=INFO', '-w', 'level=DEBUG', '-w', 'category=sdk'), [
      'Order filled',
    ])
    assert.deepEqual(filtered('-n', '2').length, 2)
    assert.deepEqual(filtered('-n', '0'), [])
  })

  it('-f goes on with what is written, and a signal ends it', async (t) => {
    const directory = await logged(t)
    const child = spawn(
      process.execPath,
      [program, 'tail', '-d', directory, '-f', '-n', '1', '--json'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    t.after(() => child.kill('SIGKILL'))
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    await lines.next()
    const line =
      '{"timestamp":"2099-01-01T00:00:00.000+00:00","level":"INFO","category":"audit","message":"new"}'
    appendFileSync(join(directory, 'audit.log'), `${line}\n`)
    assert.equal((await lines.next()).value, line)
    child.kill('SIGINT')
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGINT'])
  })

  it('ends quietly when the pipe is closed', { skip: !hasShell && 'no bash' }, async (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory, { mode: 0o700 })
    const line =
      '{"timestamp":"2026-01-01T00:00:00.000+00:00","level":"INFO","category":"system","message":"m"}\n'
    // More than pipes hold: the writing must meet the closed pipe.
    writeFileSync(join(directory, 'system.log'), line.repeat(20_000))
    const script = `"$0" "$1" tail -d "$2" -n 20000 | head -1; echo "$\{PIPESTATUS[0]}"`
    const { stdout, stderr } = spawnSync(
      'bash',
      ['-c', script, process.execPath, program, directory],
      {
        encoding: 'utf8',
        env: plain,
      },
    )
    assert.equal(stderr, '')
    assert.equal(stdout, '[2026-01-01 00:00:00] INFO  | system      | m\n0\n')
  })

  it(
    'a full device is told, with 1',
    { skip: !(hasShell && existsSync('/dev/full')) && 'no /dev/full' },
    async (t) => {
      const args = [process.execPath, program, await logged(t)]
      const full = spawnSync('bash', ['-c', '"$0" "$1" tail -d "$2" > /dev/full', ...args], {
        encoding: 'utf8',
      })
      assert.deepEqual(
        [full.status, full.stderr],
        [1, 'ringlog: Cannot write the output: no space left on device (ENOSPC)\n'],
      )
    },
  )
})

describe('ringlog', () => {
  it('cannot do its work: 1, with the reason', (t) => {
    const gone = logDirectory(t)
    for (const command of ['tail', 'clean', 'verify']) {
      const { code, out, err } = ringlog([command, '-d', gone])
      assert.deepEqual([command, code, out], [command, 1, ''])
      assert.match(err, /^ringlog: .*no such file or directory/)
    }
  })

  it('verify tells each fault with its place, and ends with 1; without a fault with 0', async (t) => {
    const directory = await logged(t)
    const { code, out } = ringlog(['verify', '-d', directory])
    assert.deepEqual([code, out], [0, '5 entries in 5 files, no fault\n'])
    appendFileSync(join(directory, 'enforcement.log'), 'rubbish\n')
    const faulty = ringlog(['verify', '-d', directory])
    assert.equal(faulty.code, 1)
    assert.equal(
      faulty.out,
      'enforcement.log:2: invalid: The line is not JSON\n5 entries in 5 files, 1 fault\n',
    )
  })

  it('a terminal shows the lines in colour', { skip: !hasTmux && 'no tmux' }, async (t) => {
    const directory = await logged(t)
    const socket = `ringlog-${process.pid}`
    const tmux = (...args: string[]): string =>
      spawnSync('tmux', ['-L', socket, '-f', '/dev/null', ...args], {
        encoding: 'utf8',
        env: plain,
      }).stdout
    t.after(() => tmux('kill-server'))
    const quoted = [process.execPath, program, 'tail', '-d', directory, '-c', 'enforcement']
      .map((word) => `'${word}'`)
      .join(' ')
    // The signal comes when the command has ended; the shell stays, and with it the screen.
    tmux(
      'new-session',
      '-d',
      '-x',
      '100',
      '-y',
      '10',
      `env -u NO_COLOR -u FORCE_COLOR ${quoted}; tmux wait-for -S shown; exec cat`,
    )
    tmux('wait-for', 'shown')
    assert.match(
      tmux('capture-pane', '-p'),
      /^\[[\d: -]{19}\] WARNING \| enforcement \| DEF456 \| Near the limit\n/,
    )
    assert.ok(tmux('capture-pane', '-p', '-e').includes('\u001b[33mWARNING'))
  })
})
