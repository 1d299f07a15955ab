// `ringlog export --otlp` as it is typed.

import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { logIdOf } from '../../lib/directory/lock-files.ts'
import { type LogEntry, createLogger } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'

const program = resolve('dist/cli.js')

const entry: LogEntry = {
  timestamp: '2025-10-17T14:23:45.123+00:00',
  level: 'ERROR',
  category: 'enforcement',
  message: 'Position closed',
  seq: 1,
}

interface Request {
  readonly resourceLogs: readonly {
    readonly resource: { readonly attributes: readonly unknown[] }
    readonly scopeLogs: readonly { readonly logRecords: readonly { readonly body: unknown }[] }[]
  }[]
}

function exported(
  args: readonly string[],
  input = '',
): { code: number | null; out: Request[]; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'export', ...args], {
    encoding: 'utf8',
    input,
  })
  const out = stdout.split('\n').filter((line) => line !== '')
  return { code: status, out: out.map((line) => JSON.parse(line) as Request), err: stderr }
}

const bodiesOf = (requests: readonly Request[]): unknown[] =>
  requests.flatMap(({ resourceLogs }) =>
    resourceLogs.flatMap(({ scopeLogs }) =>
      scopeLogs.flatMap(({ logRecords }) => logRecords.map(({ body }) => body)),
    ),
  )

test('ringlog export --otlp prints each entry once, in requests that name host, service and log', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory, console: 'off' })
  for (let i = 0; i < 1200; i++) log.system.info(`entry ${i}`)
  log.audit.error('refused')
  await log.close()
  const { code, out, err } = exported([
    '--otlp',
    '-d',
    directory,
    '--service',
    'risk',
    '--host',
    'h',
  ])
  assert.deepEqual([code, err], [0, ''])
  const bodies = bodiesOf(out)
  assert.equal(bodies.length, 1201)
  assert.deepEqual(bodies.at(-1), { stringValue: 'refused' })
  assert.equal(out.length, 3, 'of 512 records')
  const [first] = out
  assert.deepEqual(first!.resourceLogs[0]!.resource.attributes, [
    { key: 'host.name', value: { stringValue: 'h' } },
    { key: 'service.name', value: { stringValue: 'risk' } },
    { key: 'ringlog.log_id', value: { stringValue: logIdOf(directory) } },
  ])
  const errors = exported(['--otlp', '-d', directory, '-l', 'error'])
  assert.deepEqual(bodiesOf(errors.out), [{ stringValue: 'refused' }])
  assert.equal(bodiesOf(exported(['--otlp', '-d', directory, '-n', '2']).out).length, 2)
})

test('ringlog export --otlp reads files and the standard input, and says what is wrong', (t) => {
  const directory = logDirectory(t)
  mkdirSync(directory)
  const file = join(directory, 'a.log')
  writeFileSync(file, `${JSON.stringify(entry)}\n`)
  appendFileSync(file, 'torn\n')
  assert.equal(bodiesOf(exported(['--otlp', file]).out).length, 2)
  const piped = exported(['--otlp', '-'], `${JSON.stringify(entry)}\n`)
  assert.deepEqual(bodiesOf(piped.out), [{ stringValue: 'Position closed' }])
  const without = exported([file])
  assert.deepEqual(
    [without.code, without.err.split('\n')[0]],
    [2, 'ringlog: expected a format: --otlp'],
  )
  const both = exported(['--otlp', '-d', directory, file])
  assert.equal(both.code, 2)
  assert.equal(exported(['--otlp', '-l', 'loud', file]).code, 2)
  const none = exported(['--otlp', '-d', directory, '-S', 'now'])
  assert.deepEqual([none.code, none.err], [1, 'ringlog: nothing to export\n'])
})
