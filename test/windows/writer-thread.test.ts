// `buffer.writer: "thread"` under the real node.exe: everything accepted is in the files, once and
// in order. And what cannot be had there is refused.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { verifyLogs } from '../../lib/index.ts'
import { linesOf, seqFaults } from '../log-directory.ts'
import { type Ended, nodes, runUnderWine, skip } from './wine.ts'

interface Told {
  readonly stats: {
    readonly accepted: number
    readonly written: number
    readonly rotations: number
  }
  readonly logged: number
  readonly flushed: number
  readonly problems: readonly string[]
}

async function run(
  t: TestContext,
  node: string,
  way: string,
): Promise<Ended & { readonly directory: string; readonly told: Told }> {
  const parent = mkdtempSync(join(tmpdir(), 'ringlog-test-'))
  t.after(() => rmSync(parent, { recursive: true, force: true }))
  const directory = join(parent, 'logs')
  const ended = await runUnderWine(node, 'none', ['program.mjs', way, directory])
  const told = JSON.parse(ended.stdout.trimEnd().split('\n').at(-1) || '{}') as Told
  return { ...ended, directory, told }
}

async function assertComplete(directory: string, { stats, logged }: Told): Promise<void> {
  const lines = linesOf(directory, 'enforcement.log')
  assert.deepEqual(seqFaults(lines), [])
  const numbers = lines.map(({ context }) => (context as { readonly n: number }).n)
  assert.deepEqual(
    numbers,
    Array.from({ length: logged }, (_, at) => at + 1),
  )
  assert.deepEqual([stats.accepted, stats.written], [logged, logged])
  const { faults } = await verifyLogs({ log_path: directory })
  // Windows has no modes.
  assert.deepEqual(
    faults.filter(({ kind }) => kind !== 'mode'),
    [],
  )
}

for (const node of nodes) {
  test(
    `Node ${node}: a writer thread writes everything, through rotations, flush() and close()`,
    {
      skip,
    },
    async (t) => {
      const { code, stderr, directory, told } = await run(t, node, 'thread')
      assert.deepEqual([code, stderr], [0, ''])
      assert.equal(told.flushed, 12_000)
      assert.ok(told.stats.rotations >= 3, `${told.stats.rotations} rotations`)
      await assertComplete(directory, told)
    },
  )
}

/** A start takes a second, and these do not differ from version to version. */
const newest = nodes.at(-1) ?? ''

describe('a writer thread', { skip, concurrency: 2 }, () => {
  for (const [way, expected] of [
    ['thread, exit', 3],
    ['thread, throw', 1],
  ] as const) {
    test(`${way}: everything accepted is there`, async (t) => {
      const { code, directory, told } = await run(t, newest, way)
      assert.equal(code, expected)
      await assertComplete(directory, told)
    })
  }

  test('that is terminated: its work goes on when its lock has been silent', async (t) => {
    const { code, stderr, directory, told } = await run(t, newest, 'thread, terminated')
    assert.equal(code, 0, stderr)
    assert.match(stderr, /the writer thread has ended/)
    await assertComplete(directory, told)
  })

  test('beside the event log, and a shared ring, are refused', async (t) => {
    const { told } = await run(t, newest, 'refused')
    assert.deepEqual(told.problems, [
      'ConfigError: logging.buffer.writer',
      'ConfigError: logging.buffer.ring',
    ])
  })
})
