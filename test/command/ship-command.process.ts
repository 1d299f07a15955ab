// `ringlog ship` as it is typed, where no engine is.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { logDirectory } from '../log-directory.ts'
import { type Ended, logged, plain, program, ringlog } from './typed-command.ts'

/** As if packages were not installed. */
function without(...packages: readonly string[]): NodeJS.ProcessEnv {
  const hooks = `export async function resolve(name, context, next) {
    if (!${JSON.stringify(packages)}.includes(name)) return next(name, context)
    throw Object.assign(new Error('Cannot find package ' + name), { code: 'ERR_MODULE_NOT_FOUND' })
  }`
  const data = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`
  const register = `import { register } from 'node:module'; register(${JSON.stringify(data(hooks))})`
  return { NODE_OPTIONS: `--no-warnings --import ${data(register)}` }
}

function assertUsage({ code, out, err }: Ended, pattern: RegExp): void {
  assert.deepEqual([code, out], [2, ''], err)
  assert.match(err, pattern)
  assert.doesNotMatch(err, /secret/)
}

describe('ringlog ship', () => {
  it('is wrong usage without a URL, with one that is none, of no engine, or not usable', async (t) => {
    const directory = await logged(t)
    const ship = (...args: readonly string[]): Ended => ringlog(['ship', ...args, '-d', directory])
    assertUsage(ship(), /missing required argument 'url'/)
    assertUsage(ship('secret'), /expected nats:\/\/.*, or postgres:\/\/.*, got no URL/)
    assertUsage(ship('redis://a:secret@host'), /got redis:\/\/…/)
    assertUsage(ship('nats://a:secret@host'), /STREAM/)
    assertUsage(ship('postgres://a:sec/ret@host:x/d'), /expected postgres:\/\/user@host\/database/)
    assertUsage(ship('nats://host/LOGS', '--host', ''), /option '--host': expected a name, got ''/)
    assertUsage(ringlog(['tail', '--from', 'redis://a:secret@host']), /got redis:\/\/…/)
    assertUsage(ringlog(['verify', '--from', 'secret']), /got no URL/)
  })

  for (const [url, packages] of [
    ['nats://a:secret@127.0.0.1:1/LOGS', ['@nats-io/transport-node', '@nats-io/jetstream']],
    ['postgres://a:secret@127.0.0.1:1/logs', ['pg']],
  ] as const) {
    it(`tells which command installs ${packages.join(' and ')}, where it is missing`, async (t) => {
      const directory = await logged(t)
      const env = without(...packages)
      for (const args of [
        ['ship', url, '-d', directory],
        ['tail', '--from', url, '-f'],
        ['verify', '--from', url],
      ]) {
        const { code, out, err } = ringlog(args, env)
        assert.deepEqual([code, out], [1, ''], err)
        const told = `to be installed beside ringlog, got none: npm install ${packages.join(' ')}\n`
        assert.ok(err.endsWith(told), err)
        assert.doesNotMatch(err, /secret/)
      }
    })
  }

  it('ends with 1 where no log is', (t) => {
    const args = ['ship', 'nats://127.0.0.1:1/LOGS', '--once', '-d', logDirectory(t)]
    const { code, out, err } = ringlog(args)
    assert.deepEqual([code, out], [1, ''])
    assert.match(err, /expected a log, got none/)
  })

  for (const command of [
    ['ship', 'postgres://127.0.0.1:1/logs'],
    ['tail', '-f'],
  ]) {
    it(
      `${command[0]} says what it waits for: each directory that is not there, or a log`,
      { timeout: 60_000 },
      async (t) => {
        const directory = await logged(t)
        const [empty, none] = [logDirectory(t), join(directory, 'nowhere')]
        mkdirSync(empty)
        for (const [directories, expected] of [
          [[none], [`waiting for ${none}, which is not there yet`]],
          [[empty], [`waiting for a log in ${empty}`]],
          [[directory, none], [`waiting for ${none}, which is not there yet`]],
        ] as const) {
          const named = directories.flatMap((each) => ['-d', each])
          const child = spawn(process.execPath, [program, ...command, ...named], {
            env: plain,
            stdio: ['ignore', 'ignore', 'pipe'],
          })
          t.after(() => child.kill('SIGKILL'))
          const said: string[] = []
          for await (const line of createInterface(child.stderr)) {
            if (line.includes('waiting for')) said.push(line.replace(/^ringlog: /, ''))
            if (said.length === expected.length) break
          }
          assert.deepEqual(said, expected)
          child.kill('SIGTERM')
          assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM'])
        }
      },
    )
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`says that nobody is there, once and without secrets, and ends by ${signal}`, async (t) => {
      const directory = await logged(t)
      const url = 'postgres://a:secret@127.0.0.1:1/logs'
      const child = spawn(process.execPath, [program, 'ship', url, '-d', directory], {
        env: plain,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      t.after(() => child.kill('SIGKILL'))
      const { value } = await createInterface(child.stderr)[Symbol.asyncIterator]().next()
      assert.match(String(value), /the engine is away, and asked until it answers: .*ECONNREFUSED/)
      assert.doesNotMatch(String(value), /secret/)
      child.kill(signal)
      assert.deepEqual(await once(child, 'exit'), [null, signal])
    })
  }
})
