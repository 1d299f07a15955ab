// The programs of docs/examples, each run as a user would run it.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { LogEntry } from '../lib/entry/entry.ts'
import { logDirectory } from './log-directory.ts'
import { answerOf, freePort } from './recipes/application.ts'

interface Running {
  readonly child: ChildProcess
  readonly logs: string
  readonly url: string
  /** What it has printed; complete once it has ended. */
  readonly output: () => string
  readonly ended: Promise<number | null>
}

async function start(t: TestContext, name: string, ...args: string[]): Promise<Running> {
  const logs = logDirectory(t)
  const port = await freePort()
  const program = resolve('docs', 'examples', name)
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, LOG_PATH: logs, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const ended = once(child, 'close').then(([code]: (number | null)[]) => code ?? null)
  return { child, logs, url: `http://localhost:${port}`, output: () => text, ended }
}

/** Asks a server as soon as it listens; its end before that is an error. */
async function ask(running: Running, path: string, method = 'GET'): Promise<string> {
  const isOver = running.ended.then(() => assert.fail(`It has ended: ${running.output()}`))
  const answer = answerOf(`${running.url}${path}`, AbortSignal.timeout(30_000), method)
  return await Promise.race([answer, isOver])
}

function entriesIn(directory: string, file: string): LogEntry[] {
  const path = join(directory, file)
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as LogEntry)
}

describe('docs/examples', () => {
  it('fastify-service has the id of the request on every line, and loses none at SIGTERM', async (t) => {
    const running = await start(t, 'fastify-service.mjs')
    assert.equal(await ask(running, '/accounts/A1/lock', 'POST'), '{"locked":true}')
    assert.match(await ask(running, '/broken'), /no such order/)
    running.child.kill('SIGTERM')
    assert.equal(await running.ended, 0, running.output())
    const http = entriesIn(running.logs, 'http.log').filter(
      ({ context }) => context?.['request_id'],
    )
    assert.deepEqual(
      http.map(({ message, context }) => [context?.['request_id'], message]),
      [
        ['req-1', 'incoming request'],
        ['req-1', 'locking A1'],
        ['req-1', 'request completed'],
        ['req-2', 'incoming request'],
        ['req-2', 'no such order'],
        ['req-2', 'request completed'],
      ],
    )
    assert.equal(http[4]?.exception?.type, 'RangeError')
    assert.equal(new Set(http.map(({ trace_id }) => trace_id)).size, 2)
    assert.ok(http.every(({ trace_id, span_id }) => trace_id && span_id))
    const [audit] = entriesIn(running.logs, 'audit.log')
    assert.equal(audit?.account_id, 'A1')
    assert.equal(audit.context?.['request_id'], 'req-1')
    assert.equal(audit.trace_id, http[0]?.trace_id)
  })

  it('fastify-service.test needs no file and no port', () => {
    const file = resolve('docs', 'examples', 'fastify-service.test.mjs')
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
    const { status, stdout } = spawnSync(process.execPath, [file], { env, encoding: 'utf8' })
    assert.equal(status, 0, stdout)
  })

  it('graceful-shutdown finishes and closes', async (t) => {
    const running = await start(t, 'graceful-shutdown.mjs')
    assert.equal(await ask(running, '/a'), 'ok')
    running.child.kill('SIGTERM')
    assert.equal(await running.ended, 0, running.output())
    assert.equal(entriesIn(running.logs, 'system.log').length, 1)
    assert.deepEqual(
      entriesIn(running.logs, 'service.log').map(({ message }) => message),
      ['Started', 'Stopping', 'Stopped'],
    )
  })

  for (const [way, type] of [
    ['--throw', 'TypeError'],
    ['--reject', 'RangeError'],
  ] as const) {
    it(`crash-handlers leaves the exception in the files, and the exit code (${way})`, async (t) => {
      const running = await start(t, 'crash-handlers.mjs', way)
      assert.equal(await running.ended, 1)
      assert.match(running.output(), new RegExp(`${type}: nobody`))
      const [entry] = entriesIn(running.logs, 'error.log')
      assert.equal(entry?.level, 'CRITICAL')
      assert.equal(entry.exception?.type, type)
      assert.equal(entriesIn(running.logs, 'system.log').length, 1)
    })
  }

  it('worker-threads has a directory for each, and reads them as one', async (t) => {
    const running = await start(t, 'worker-threads.mjs')
    assert.equal(await running.ended, 0, running.output())
    assert.equal(readdirSync(running.logs).length, 3)
    const lines = running.output().trim().split('\n')
    assert.deepEqual(lines.toSorted(), [
      'All have ended',
      'Started',
      'Work is done in thread 1',
      'Work is done in thread 2',
    ])
  })

  it('prometheus gives the counters of the logger', async (t) => {
    const running = await start(t, 'prometheus.mjs')
    const metrics = await ask(running, '/metrics')
    running.child.kill('SIGTERM')
    assert.equal(await running.ended, 0, running.output())
    assert.match(metrics, /^log_entries_accepted_total 1$/m)
    assert.match(metrics, /^log_entries_dropped_total\{level="CRITICAL"\} 0$/m)
    assert.match(metrics, /^# TYPE log_entries_queued gauge$/m)
  })

  it('all are run here', () => {
    const tested = readFileSync(resolve('test', 'examples.recipe.ts'), 'utf8')
    const programs = readdirSync(resolve('docs', 'examples'))
    assert.deepEqual(
      programs.filter((name) => !tested.includes(`'${name}'`)),
      [],
    )
  })
})
