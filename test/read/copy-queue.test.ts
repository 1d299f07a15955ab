import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { Copies } from '../../lib/read/copies.ts'
import { CopyQueue, copyWaitMs } from '../../lib/read/copy-queue.ts'
import type { TimedLine } from '../../lib/read/time-order.ts'

const start = Date.parse('2025-10-17T14:00:00Z')

function timed(
  file: string,
  seq: number | undefined,
  level = 'INFO',
  category = 'system',
): TimedLine {
  const timestamp = new Date(start).toISOString().replace('Z', '+00:00')
  const entry = { timestamp, level, category, message: `${category} ${seq}`, seq }
  const line = { raw: JSON.stringify(entry), entry, file, offset: 0 }
  return {
    line: line as TimedLine['line'],
    time: start,
    lsn: undefined,
    slackMs: 0,
    source: undefined,
    end: 0,
  }
}

/** A queue, and what it shows at a moment after the entries' time: number and file. */
function queue(): (afterMs: number, ...lines: TimedLine[]) => string[] {
  const made = new CopyQueue(new Copies(true))
  return (afterMs, ...lines) =>
    made
      .push(lines, start + afterMs)
      .filter(({ isShown }) => isShown)
      .map(({ line: { entry, file } }) => `${entry?.seq} ${file}`)
}

test('CopyQueue.push() has a copy wait for its entry, and what stands behind it', () => {
  const push = queue()
  assert.deepEqual(
    push(0, timed('error.log', 2, 'ERROR'), timed('error.log', 9, 'ERROR', 'error')),
    [],
  )
  assert.deepEqual(push(500, timed('system.log', 1)), ['1 system.log'])
  assert.deepEqual(push(copyWaitMs - 1, timed('system.log', 2, 'ERROR'), timed('system.log', 3)), [
    '2 system.log',
    '9 error.log',
    '3 system.log',
  ])
})

test('CopyQueue.push() shows a copy whose entry does not come in time, and not the entry after that', () => {
  const push = queue()
  assert.deepEqual(push(0, timed('error.log', 2, 'CRITICAL')), [])
  assert.deepEqual(push(copyWaitMs - 1), [])
  assert.deepEqual(push(copyWaitMs), ['2 error.log'])
  assert.deepEqual(push(copyWaitMs, timed('system.log', 2, 'CRITICAL')), [])
})

test('CopyQueue.push() waits once for a category that has error.log for its own, until it has another', () => {
  const push = queue()
  assert.deepEqual(push(0, timed('error.log', 1, 'ERROR', 'own')), [])
  assert.deepEqual(push(copyWaitMs), ['1 error.log'])
  assert.deepEqual(push(0, timed('error.log', 2, 'ERROR', 'own')), ['2 error.log'])
  assert.deepEqual(push(0, timed('own.log', 3, 'INFO', 'own')), ['3 own.log'])
  assert.deepEqual(push(0, timed('error.log', 4, 'ERROR', 'own')), [])
})

test('CopyQueue.push() does not wait for old copies, nor for lines without a number or an entry', () => {
  const push = queue()
  const lines = [1, 2, 3].map((seq) => timed('error.log', seq, 'ERROR'))
  assert.deepEqual(push(copyWaitMs, ...lines), ['1 error.log', '2 error.log', '3 error.log'])
  const numberless = timed('error.log', undefined, 'ERROR', 'sdk')
  const line = { raw: 'bad', entry: undefined, file: 'error.log', offset: 0, cursor: '' }
  const bad = { line, time: start, lsn: undefined, slackMs: 0, source: undefined, end: 0 }
  assert.deepEqual(push(0, numberless, bad), ['undefined error.log', 'undefined error.log'])
})
