// A writer thread that cannot start, in whatever way: it is told at once, with the reason, and the
// work goes on in the thread that logs, as if no writer were configured.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { createLogger } from '../../lib/index.ts'
import { extension, library } from '../loader.ts'
import { linesOf, logDirectory } from '../log-directory.ts'

const skip = extension === '.ts' ? 'the writer thread runs compiled only' : false
const onLinux = process.platform === 'linux' ? skip : 'shared memory is used on Linux only'

/** What the thread is started with in the place of its module; undefined: that very module. */
interface Start {
  readonly module?: string
  readonly options?: object
  readonly flags?: readonly string[]
  readonly ring?: 'memory' | 'shared'
  readonly lockWaitS?: number
}

function run(
  directory: string,
  { module, options = {}, flags = [], ring = 'memory', lockWaitS }: Start,
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const file = `${directory}-module.mjs`
  if (module !== undefined) writeFileSync(file, module)
  const config = {
    log_path: directory,
    buffer: { writer: 'thread', ring, bytes: 1 << 20 },
    ...(lockWaitS === undefined ? {} : { lock_wait_s: lockWaitS }),
  }
  const program = `
    import { syncBuiltinESMExports } from 'node:module'
    import threads from 'node:worker_threads'
    let ended = Promise.resolve()
    const { Worker } = threads
    threads.Worker = class extends Worker {
      constructor(own, given) {
        const file = ${module === undefined ? 'own' : JSON.stringify(file)}
        super(file, { ...given, ...${JSON.stringify(options)} })
        ended = new Promise((resolve) => this.on('exit', resolve))
      }
    }
    syncBuiltinESMExports()
    const { createLogger } = await import(${JSON.stringify(library)})
    const log = createLogger(${JSON.stringify(config)})
    for (let i = 3; i <= 1000; i++) log.system.info('entry ' + i)
    await ended
    await log.close()
    const { accepted, written, queued, dropped } = log.stats()
    console.log(JSON.stringify([accepted, written, queued, dropped.total]))`
  const args = [...flags, '--input-type=module', '-e', program]
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 })
}

const entries = Array.from({ length: 1000 }, (_, at) => `entry ${at + 1}`)

async function assertComplete(directory: string, start: Start, reason: RegExp): Promise<void> {
  // Numbers go on behind those of another run.
  const before = createLogger({ log_path: directory })
  before.system.info('entry 1')
  before.system.info('entry 2')
  await before.close()
  const { status, stdout, stderr } = run(directory, start)
  assert.equal(status, 0, stderr)
  assert.match(stderr, reason)
  assert.match(stderr, /; its work goes on in the thread that logs/)
  assert.deepEqual(JSON.parse(stdout), [998, 998, 0, 0])
  const lines = linesOf(directory, 'system.log')
  assert.deepEqual(
    lines.map(({ message }) => message),
    entries,
  )
  assert.deepEqual(
    lines.map(({ seq, lsn }) => [seq, lsn]),
    entries.map((_, at) => [at + 1, at + 1]),
  )
}

/** How the permission model is switched on. */
const permission = ['--permission', '--experimental-permission'].find((flag) =>
  process.allowedNodeEnvironmentFlags.has(flag),
)

describe('a writer thread that cannot start', { skip, concurrency: 2 }, () => {
  for (const [how, start, reason] of [
    [
      'whose module imports what is missing',
      { module: `import './none.mjs'` },
      /had ended: .*none/,
    ],
    ['whose module is no JavaScript', { module: 'const = 1' }, /had ended: Unexpected token/],
    ['whose module throws', { module: 'throw new Error("broken")' }, /had ended: broken/],
    ['whose module throws what is no error', { module: 'throw null' }, /had ended: null/],
    ['whose module exits', { module: 'process.exit(3)' }, /had ended with code 3/],
    ['whose module waits for nothing', { module: 'await new Promise(() => {})' }, /with code 13/],
    [
      'that has no memory',
      {
        module: 'const all = []; for (;;) all.push(Array(1000).fill(all.length + 0.5))',
        options: { resourceLimits: { maxOldGenerationSizeMb: 8 } },
      },
      /had ended: .*memory/,
    ],
    [
      'whose options Node refuses',
      { options: { execArgv: ['--no-such-option'] } },
      /cannot be started: .*--no-such-option/,
    ],
  ] as const) {
    test(`${how}: it is told, and nothing is lost`, (t) =>
      assertComplete(logDirectory(t), start, reason))
  }

  test(
    'which the permission model forbids: it is told, and nothing is lost',
    { skip: permission === undefined && 'there is no permission model' },
    (t) => {
      const flags = [permission!, '--allow-fs-read=*', '--allow-fs-write=*']
      return assertComplete(logDirectory(t), { flags }, /cannot be started: Access to this API/)
    },
  )

  test('with a shared ring', { skip: onLinux }, (t) =>
    assertComplete(
      logDirectory(t),
      { module: 'throw new Error("broken")', ring: 'shared' },
      /had ended: broken/,
    ),
  )

  test('in a directory that another logger has: that is said as without a writer', async (t) => {
    const directory = logDirectory(t)
    const holder = createLogger({ log_path: directory })
    const { status, stderr } = run(directory, { module: 'const = 1', lockWaitS: 0 })
    await holder.close()
    assert.equal(status, 1)
    assert.match(stderr, /LockedError/)
  })
})
