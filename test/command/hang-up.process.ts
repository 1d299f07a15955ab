// The command with a reader that goes away, and as the first process of a container. In all of it
// nothing more is written, so that no write can tell.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { describe, it, type TestContext } from 'node:test'
import { logDirectory } from '../log-directory.ts'

const program = resolve('dist/cli.js')
const timeout = 30_000
const isLinux = process.platform === 'linux'
const hasNamespaces = spawnSync('unshare', ['-pf', '--mount-proc', 'true']).status === 0

const hasPython = spawnSync('python3', ['--version']).status === 0

/**
 * Gives a command a socket as its output and ends the own writing on it, as sshd does when there is
 * no more input.
 */
const halfClosed = `
import socket, subprocess, sys
ours, theirs = socket.socketpair()
command = subprocess.Popen(sys.argv[1:], stdout=theirs)
theirs.close()
ours.shutdown(socket.SHUT_WR)
assert ours.recv(10) == b'[2026-01-0'
try:
    command.wait(1)
    print('ended')
except subprocess.TimeoutExpired:
    print('goes on')
command.kill()`

function logged(t: TestContext): string {
  const directory = logDirectory(t)
  mkdirSync(directory, { mode: 0o700 })
  const line =
    '{"timestamp":"2026-01-01T00:00:00.000+00:00","level":"INFO","category":"system","message":"m"}\n'
  writeFileSync(join(directory, 'system.log'), line.repeat(5000), { mode: 0o600 })
  return directory
}

/** Runs a line of shell in which `$RINGLOG` is the command; what it prints, with its exit codes. */
async function shell(t: TestContext, script: string): Promise<{ out: string; err: string }> {
  const child = spawn('bash', ['-c', script], {
    env: { ...process.env, RINGLOG: `${process.execPath} ${program}`, LOGS: logged(t) },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that nothing of it is left when it does not end.
    detached: true,
  })
  t.after(() => {
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {
      // It has ended.
    }
  })
  const texts = Promise.all([textOf(child.stdout), textOf(child.stderr)])
  await once(child, 'exit')
  const [out, err] = await texts
  return { out, err }
}

async function textOf(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}

describe('ringlog tail -f', { skip: !isLinux && 'no Linux' }, () => {
  for (const [what, script, expected] of [
    ['head has its line', '$RINGLOG tail -f -n 5 -d $LOGS | head -1 > /dev/null', '0 0\n'],
    ['no line passes the filter', '$RINGLOG tail -f -l critical -d $LOGS | true', '0 0\n'],
    ['there is no line', '$RINGLOG tail -f -d $LOGS/none -q | true', '0 0\n'],
    ['--json', '$RINGLOG tail -f -n 0 --json -d $LOGS | sleep 0.01', '0 0\n'],
  ] as const) {
    it(`ends quietly, with 0, when its reader has gone: ${what}`, { timeout }, async (t) => {
      const { out, err } = await shell(t, `${script}; echo "$\{PIPESTATUS[@]}"`)
      assert.deepEqual([out, err], [expected, ''])
    })
  }

  it('goes on while its reader lives, though the pipe is full', { timeout }, async (t) => {
    // Several looks long nobody reads.
    const reader = '(sleep 1; head -n 5000 | wc -l)'
    const { out } = await shell(t, `$RINGLOG tail -f -n all -d $LOGS | ${reader}`)
    assert.equal(out, '5000\n')
  })

  it(
    'goes on while the other side of a socket has only ended its own writing',
    { skip: !hasPython && 'no python3', timeout },
    async (t) => {
      const args = ['-c', halfClosed, process.execPath, program, 'tail', '-f', '-d', logged(t)]
      const child = spawn('python3', args, { stdio: ['ignore', 'pipe', 'inherit'] })
      t.after(() => child.kill('SIGKILL'))
      assert.equal(await textOf(child.stdout), 'goes on\n')
    },
  )

  it(
    'ends on SIGTERM and SIGINT also as the first process of a container',
    { skip: !hasNamespaces && 'no namespaces', timeout },
    async (t) => {
      for (const [signal, code] of [
        ['SIGTERM', 143],
        ['SIGINT', 130],
        ['SIGHUP', 129],
      ] as const) {
        const args = ['-pf', '--kill-child', '--mount-proc', process.execPath, program, 'tail']
        const outer = spawn('unshare', [...args, '-f', '-d', logged(t)], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        t.after(() => outer.kill('SIGKILL'))
        // Its first line: it runs.
        await createInterface({ input: outer.stdout })[Symbol.asyncIterator]().next()
        const exit = once(outer, 'exit')
        process.kill(childOf(outer), signal)
        assert.deepEqual(await exit, [code, null])
      }
    },
  )
})

/** The process that a process has started. */
function childOf({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1'))
}
