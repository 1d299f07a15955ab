// `streamLogs({ from })` where no engine answers.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, type Socket, createServer } from 'node:net'
import { type TestContext, describe, test } from 'node:test'
import { type StreamOptions, streamLogs } from '../../lib/index.ts'

/** A server that takes connections, and never says a word. */
async function silentServer(
  t: TestContext,
): Promise<{ port: number; connected: Promise<unknown> }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => sockets.add(socket.on('error', () => {})))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, connected: once(server, 'connection') }
}

async function failureOf(options: StreamOptions): Promise<Error> {
  try {
    for await (const _ of streamLogs(options));
  } catch (error) {
    return error as Error
  }
  throw new Error('it did not fail')
}

describe('streamLogs({ from })', () => {
  test('refuses at once what is said twice or is no URL, and shows no secret', () => {
    const from = 'postgres://a:secret@host/logs'
    assert.throws(() => streamLogs({ from, log_path: '/tmp' }), {
      name: 'TypeError',
      message: 'Cannot read lines: expected a directory with log_path, got from',
    })
    assert.throws(() => streamLogs({ from, after: 'r1.cursor.of a directory' }), {
      name: 'RangeError',
      message:
        'Cannot go on behind a line: expected the cursor of a line of an engine, as e1.…, got "r1.cursor.of a directory"',
    })
    assert.throws(() => streamLogs({ from: 1 as unknown as string }), /expected from to be/)
    assert.throws(() => streamLogs({ from, lines: -1 }), RangeError)
    assert.throws(() => streamLogs({ from, since: 'no moment' }), RangeError)
    assert.throws(() => streamLogs({ from, grep: '(' }), SyntaxError)
  })

  test('fails with what is expected for a URL of no engine', async () => {
    const error = await failureOf({ from: 'redis://a:secret@host', follow: true })
    assert.equal(error.name, 'EngineRefusal')
    assert.match(error.message, /expected nats:\/\/.*got redis:\/\/…$/)
    assert.match((await failureOf({ from: 'secret' })).message, /got no URL$/)
  })

  test('fails with what the system says where nobody listens, unless it follows', async (t) => {
    const { port } = await silentServer(t)
    const from = `postgres://a:secret@127.0.0.1:${port === 1 ? 2 : 1}/logs`
    const error = await failureOf({ from })
    assert.match(error.message, /ECONNREFUSED/)
    assert.doesNotMatch(error.message, /secret/)
  })

  for (const scheme of ['nats', 'postgres']) {
    test(`ends at once when ${scheme} does not answer: by the signal, and when it is left`, async (t) => {
      for (const way of ['signal', 'return'] as const) {
        const { port, connected } = await silentServer(t)
        const leave = new AbortController()
        const from = `${scheme}://127.0.0.1:${port}/LOGS`
        const lines = streamLogs({ from, follow: true, signal: leave.signal })[
          Symbol.asyncIterator
        ]()
        const next = lines.next()
        await connected
        if (way === 'signal') leave.abort()
        else await lines.return!()
        assert.deepEqual(await next, { done: true, value: undefined })
        assert.deepEqual(await lines.next(), { done: true, value: undefined })
      }
    })
  }

  test('gives nothing when the signal has been aborted before, and connects to nobody', async () => {
    const signal = AbortSignal.abort()
    for await (const _ of streamLogs({ from: 'nats://127.0.0.1:1/LOGS', signal })) assert.fail()
  })
})
