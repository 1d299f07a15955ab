// What is missing in an engine, told by numbers alone, and what a host still holds of it.

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { createLogger } from '../../lib/index.ts'
import { logIdOf } from '../../lib/directory/lock-files.ts'
import { reportedLosses, verifyFleet } from '../../lib/ship/fleet-audit.ts'
import { MemoryReader } from '../fakes/memory-reader.ts'
import { logDirectory } from '../log-directory.ts'

const name = { host: 'web.1', log_id: 'a'.repeat(32), category: 'system' }

function readerOf(seqs: readonly number[], of = name): MemoryReader {
  const reader = new MemoryReader()
  for (const seq of seqs) reader.store(of, seq, seq, seq)
  return reader
}

test('verifyFleet() tells what is there and what is missing between', async () => {
  const [report] = await verifyFleet(readerOf([3, 4, 5, 8, 9, 11]))
  const { there, missing, held, disordered, count } = report!
  assert.deepEqual(
    { there, missing, held, disordered, count },
    {
      there: [3, 11],
      missing: [
        [6, 7],
        [10, 10],
      ],
      held: [],
      disordered: [],
      count: 6,
    },
  )
})

test('verifyFleet() tells what is there twice or out of order', async () => {
  const [twice] = await verifyFleet(readerOf([1, 2, 3, 2, 3, 4]))
  assert.deepEqual([twice!.missing, twice!.disordered], [[], [[2, 4]]])
  const [late] = await verifyFleet(readerOf([1, 3, 2]))
  assert.deepEqual([late!.missing, late!.disordered], [[], [[2, 2]]])
})

test('verifyFleet() of nothing finds nothing', async () => {
  assert.deepEqual(await verifyFleet(new MemoryReader()), [])
})

test('verifyFleet() tells what the files of a host hold of what is missing, the end as well', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory, console: 'off' })
  for (let i = 0; i < 10; i++) log.system.info(`entry ${i}`)
  log.audit.info('one')
  await log.close()
  const of = { ...name, log_id: logIdOf(directory)! }
  const reports = await verifyFleet(readerOf([1, 2, 5, 6, 7], of), [directory])
  assert.deepEqual(
    reports.map(({ host, category, there, missing, held }) => [
      host,
      category,
      there,
      missing,
      held,
    ]),
    [
      ['web.1', 'audit', undefined, [[1, 1]], [[1, 1]]],
      [
        'web.1',
        'system',
        [1, 7],
        [
          [3, 4],
          [8, 10],
        ],
        [
          [3, 4],
          [8, 10],
        ],
      ],
    ],
  )
})

test('verifyFleet() tells what is missing at the beginning where the host holds it, and waits for nothing', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory, console: 'off' })
  for (let i = 0; i < 5; i++) log.system.info(`entry ${i}`)
  await log.close()
  const reader = readerOf([3, 5], { ...name, log_id: logIdOf(directory)! })
  let looks = 0
  const numbers = reader.numbers.bind(reader)
  reader.numbers = () => {
    looks++
    return numbers()
  }
  const [report] = await verifyFleet(reader, [directory])
  const gaps = [
    [1, 2],
    [4, 4],
  ]
  assert.deepEqual([report!.missing, report!.held, looks], [gaps, gaps, 1])
  const [alone] = await verifyFleet(reader)
  assert.deepEqual([alone!.there, alone!.missing], [[3, 5], [[4, 4]]])
})

test('reportedLosses() sums up what the loggers have told, each log by itself', async () => {
  const reader = readerOf([1])
  const told = (seq: number, dropped: object, diverted?: number): void =>
    reader.store(name, seq, seq, seq, {
      level: 'WARNING',
      message: `5 entries were lost`,
      context: { dropped, diverted },
    })
  told(2, { DEBUG: 3, INFO: 2 })
  told(3, { INFO: 1 }, 4)
  assert.deepEqual(await reportedLosses(reader), [
    { host: 'web.1', log_id: 'a'.repeat(32), entries: 10 },
  ])
  assert.deepEqual(await reportedLosses(readerOf([1, 2])), [])
})

test('verifyFleet() gives what is on its way the time to arrive', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory, console: 'off' })
  log.system.info('one')
  log.system.info('two')
  await log.close()
  const of = { ...name, log_id: logIdOf(directory)! }
  const reader = readerOf([1], of)
  const numbers = reader.numbers.bind(reader)
  reader.numbers = async () => {
    const found = await numbers()
    if (reader.lines.length === 1) reader.store(of, 2, 2, 2)
    return found
  }
  const [report] = await verifyFleet(reader, [directory])
  assert.deepEqual([report!.there, report!.missing], [[1, 2], []])
})
