// The built package, run by the real node.exe under Wine: what arrives at advapi32.dll, and what is
// in the files.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { filesOf, linesOf, seqFaults } from '../log-directory.ts'
import { type Call, type Ended, nodes, type Project, runUnderWine, skip, starts } from './wine.ts'

interface Told {
  readonly platform: string
  readonly version: string
  readonly loaded: readonly string[]
  readonly stats: {
    readonly failures: number
    readonly written: number
    readonly rotations: number
  }
  readonly logged: number
}

type Report = Extract<Call, { call: 'ReportEventW' }>

async function run(
  t: TestContext,
  node: string,
  project: Project,
  way: string,
): Promise<Ended & { readonly directory: string; readonly told: Told }> {
  const parent = mkdtempSync(join(tmpdir(), 'ringlog-test-'))
  t.after(() => rmSync(parent, { recursive: true, force: true }))
  const directory = join(parent, 'logs')
  const ended = await runUnderWine(node, project, ['program.mjs', way, directory])
  const told = JSON.parse(ended.stdout.trimEnd().split('\n').at(-1) || '{}') as Told
  return { ...ended, directory, told }
}

function reportsIn({ calls }: Ended): Report[] {
  return calls.filter((one): one is Report => one.call === 'ReportEventW')
}

/** The strings without what differs from run to run. */
function textsIn(ended: Ended): string[] {
  return reportsIn(ended).map(({ texts }) => {
    assert.equal(texts.length, 1)
    assert.match(texts[0]!, /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] /)
    return texts[0]!.slice(22)
  })
}

function graves(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `CRITICAL | system      | grave ${i + 1}`)
}

for (const node of nodes) {
  for (const name of ['ffi-napi', 'koffi'] as const) {
    describe(`Node ${node}, ${name}`, () => {
      test('a daemon: its critical entries, and nothing else, arrive with every argument as it should be', async (t) => {
        const ended = await run(t, node, name, 'daemon')
        assert.equal(ended.code, 0, ended.stderr)
        const { told, calls, directory } = ended
        assert.deepEqual([told.platform, told.version.split('.')[0]], ['win32', `v${node}`])
        assert.deepEqual(told.loaded, [name])
        assert.equal(told.stats.failures, 0)
        assert.equal(ended.stderr, '')

        const [register, ...others] = calls
        assert.ok(register?.call === 'RegisterEventSourceW')
        assert.deepEqual([register.server, register.source], ['(null)', 'RiskManagerDaemon'])
        const last = others.pop()
        const [first, second] = others as Report[]
        assert.equal(others.length, 2)
        for (const report of [first!, second!]) {
          const { type, category, id, user, count, size, data, handle, thread } = report
          assert.deepEqual({ type, category, id, user }, { type: 1, category: 0, id: 1, user: 0n })
          assert.deepEqual({ count, size, data }, { count: 1, size: 0, data: 0n })
          assert.ok(last?.call === 'DeregisterEventSource')
          assert.equal(handle, last.handle)
          assert.notEqual(thread, register.thread, 'off the thread of the loop')
        }
        assert.deepEqual(textsIn(ended), [
          'CRITICAL | system      | Disk full — ünïcödé ✓ 😀 at 100% 1 of % % 5',
          String.raw`CRITICAL | error       | ABC123 | broken "quoted" \ back\nsecond line\x00`,
        ])

        // The files, as on any system.
        const lines = linesOf(directory, 'enforcement.log')
        assert.equal(told.stats.written, 12_005)
        assert.deepEqual(seqFaults(lines, lines[0]!.seq), [])
        assert.equal(lines.at(-1)!.seq, 12_000)
        assert.equal(filesOf(directory, 'enforcement.log').length, told.stats.rotations + 1)
        assert.ok(told.stats.rotations >= 2)
        for (const file of filesOf(directory, 'enforcement.log')) {
          assert.ok(statSync(join(directory, file)).size <= 1024 * 1024, file)
        }
        assert.equal(linesOf(directory, 'error.log').length, 3)
        const system = readFileSync(join(directory, 'system.log'), 'utf8')
        assert.ok(!system.includes('hunter2'))
      })

      test('a thousand entries arrive, each once, in order', async (t) => {
        const ended = await run(t, node, name, 'thousand')
        assert.equal(ended.code, 0, ended.stderr)
        assert.deepEqual(textsIn(ended), graves(1000))
        assert.equal(ended.told.stats.failures, 0)
      })

      test('from WARNING up, under another name', async (t) => {
        const ended = await run(t, node, name, 'warnings')
        assert.equal(ended.code, 0, ended.stderr)
        const [register] = ended.calls
        assert.ok(register?.call === 'RegisterEventSourceW')
        assert.equal(register.source, 'Other Søurce')
        assert.deepEqual(
          reportsIn(ended).map(({ type, id, texts }) => [type, id, texts[0]!.at(-1)]),
          [
            [2, 1, 'w'],
            [1, 1, 'e'],
            [1, 1, 'c'],
          ],
        )
      })

      for (const [way, code] of [
        ['exit', 3],
        ['exit amid reporting', 4],
        ['throw', 1],
      ] as const) {
        test(`${way}: what was accepted arrives, once, in order, and is in the files`, async (t) => {
          const ended = await run(t, node, name, way)
          assert.equal(ended.code, code, ended.stderr)
          const { logged } = ended.told
          assert.ok(logged >= 100)
          assert.deepEqual(textsIn(ended), graves(logged))
          assert.deepEqual(seqFaults(linesOf(ended.directory, 'system.log')), [])
          assert.equal(linesOf(ended.directory, 'system.log').length, logged)
        })
      }

      test('two loggers have each a source of its own', async (t) => {
        const ended = await run(t, node, name, 'two')
        assert.equal(ended.code, 0, ended.stderr)
        assert.deepEqual(
          new Set(textsIn(ended).map((text) => text.slice(25))),
          new Set(['first', 'second']),
        )
        const count = (call: Call['call']): number =>
          ended.calls.filter((one) => one.call === call).length
        assert.deepEqual([count('RegisterEventSourceW'), count('DeregisterEventSource')], [2, 2])
      })

      test(`${starts} starts and exits, none of them a crash`, async () => {
        const ends = [
          ['natural end', 0, 10],
          ['close', 0, 10],
          ['exit', 3, 10],
          ['exit amid reporting', 4, 20],
          ['throw', 1, 20],
        ] as const
        for (let i = 0; i < starts; i++) {
          const [end, code, events] = ends[i % ends.length]!
          const ended = await runUnderWine(node, name, ['starts.mjs', end])
          assert.equal(ended.code, code, `start ${i}, ${end}: ${ended.stderr}`)
          assert.deepEqual(textsIn(ended), graves(events), `start ${i}, ${end}`)
        }
      })
    })
  }

  describe(`Node ${node}`, () => {
    test('ffi-napi comes first', async (t) => {
      const ended = await run(t, node, 'both', 'daemon')
      assert.deepEqual(ended.told.loaded, ['ffi-napi'])
      assert.equal(reportsIn(ended).length, 2)
    })

    test('in a worker it is koffi', async (t) => {
      const ended = await run(t, node, 'both', 'worker')
      assert.equal(ended.code, 0, ended.stderr)
      assert.deepEqual(textsIn(ended), graves(10))
      assert.deepEqual(ended.told.loaded, [])
    })

    test('in a worker ffi-napi alone is left alone, and the process lives on', async (t) => {
      const ended = await run(t, node, 'ffi-napi', 'worker')
      assert.equal(ended.code, 0, ended.stderr)
      assert.deepEqual(ended.calls, [])
      assert.match(ended.stderr, /^ringlog: cannot report .*cannot be used in a worker thread/m)
      assert.equal(linesOf(ended.directory, 'system.log').length, 10)
    })

    test('without an interface there is one remark, and the files have everything', async (t) => {
      const ended = await run(t, node, 'none', 'loud')
      assert.equal(ended.code, 0)
      assert.deepEqual(ended.calls, [])
      const remarks = ended.stderr.trim().split('\n')
      assert.equal(remarks.length, 1, ended.stderr)
      assert.match(
        remarks[0]!,
        /ffi-napi: Cannot find module .*koffi: Cannot find .*run "npm install koffi"/,
      )
      assert.equal(ended.told.stats.failures, 1)
      assert.equal(linesOf(ended.directory, 'system.log').length, 10)
    })

    test('enabled: false loads nothing and calls nothing', async (t) => {
      const ended = await run(t, node, 'both', 'disabled')
      assert.deepEqual([ended.told.loaded, ended.calls, ended.stderr], [[], [], ''])
    })
  })
}

test('Windows', { skip }, () => {})
