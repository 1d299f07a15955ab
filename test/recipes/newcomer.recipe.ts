// The Fastify service of docs/examples as a newcomer has it: from the packed tarball alone.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { LogEntry } from '../../lib/index.ts'
import { answerOf, freePort } from './application.ts'
import { root } from './documents.ts'

const packages = [
  '@opentelemetry/api',
  '@opentelemetry/context-async-hooks',
  '@opentelemetry/sdk-trace-base',
  'fastify',
]

/** A project of its own: the tarball unpacked, beside what the service imports. */
function project(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'ringlog-newcomer-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const shell = process.platform === 'win32'
  execFileSync('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: root, shell })
  const [tarball = ''] = readdirSync(directory)
  const installed = join(directory, 'node_modules', 'ringlog')
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', join(directory, tarball), '-C', installed, '--strip-components=1'])
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
  }
  for (const name of [...packages, ...Object.keys(dependencies)]) {
    const link = join(directory, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), link, 'junction')
  }
  for (const file of ['fastify-service.mjs', 'fastify-service.test.mjs']) {
    cpSync(join(installed, 'docs', 'examples', file), join(directory, file))
  }
  return directory
}

describe('the service of a newcomer', () => {
  it(
    'has less than 60 lines of code with its test, which passes, and tail finds a request',
    { timeout: 60_000 },
    async (t) => {
      const cwd = project(t)
      const lines = ['fastify-service.mjs', 'fastify-service.test.mjs']
        .flatMap((name) => readFileSync(join(cwd, name), 'utf8').split('\n'))
        .filter((line) => !/^\s*(?:\/\/|$)/.test(line))
      assert.ok(lines.length < 60, `${lines.length} lines`)
      const port = await freePort()
      const env = { ...process.env, PORT: String(port), NODE_TEST_CONTEXT: undefined }
      execFileSync(process.execPath, ['fastify-service.test.mjs'], { cwd, env })

      const service = spawn(process.execPath, ['fastify-service.mjs'], {
        cwd,
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const printed = text(service.stdout)
      t.after(() => service.kill('SIGKILL'))
      const url = `http://localhost:${port}/accounts/A1/lock`
      assert.equal(await answerOf(url, t.signal, 'POST'), '{"locked":true}')
      await answerOf(url, t.signal, 'POST')
      const ended = once(service, 'exit')
      service.kill('SIGTERM')
      assert.deepEqual(await ended, [0, null])

      const requests = (await printed)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as LogEntry)
      assert.ok(requests.length >= 8)
      for (const { message, context, trace_id } of requests) {
        if (message.startsWith('Server listening')) continue
        assert.match(String(context?.['request_id']), /^req-[12]$/, message)
        assert.match(trace_id ?? '', /^[0-9a-f]{32}$/, message)
      }

      const cli = join('node_modules', 'ringlog', 'dist', 'cli.js')
      const args = [cli, 'tail', '-d', 'logs', '--json', '-w', 'context.request_id=req-2']
      const found = execFileSync(process.execPath, args, { cwd, env, encoding: 'utf8' })
      const entries = found
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as LogEntry)
      assert.deepEqual(
        entries.map(({ category, message }) => [category, message]),
        [
          ['http', 'incoming request'],
          ['http', 'locking A1'],
          ['audit', 'Audit: account locked by admin'],
          ['http', 'request completed'],
        ],
      )
      assert.equal(new Set(entries.map(({ trace_id }) => trace_id)).size, 1)
      assert.match(entries[0]?.trace_id ?? '', /^[0-9a-f]{32}$/)
    },
  )
})
