import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkLines, type Line } from '../../bench/lines.ts'
import { subjects } from '../../bench/subjects/catalog.ts'
import { enforcementContext, sequenceOf, smallContext } from '../../bench/workload.ts'

/** What the check says of these files; a number stands for the line of that entry. */
function faultOf(
  files: Readonly<Record<string, readonly (number | string)[]>>,
  expected: number,
  numbered = true,
  contextIn?: (line: Line) => unknown,
): string | undefined {
  const directory = mkdtempSync(join(os.tmpdir(), 'ringlog-test-'))
  try {
    for (const [name, lines] of Object.entries(files)) {
      const texts = lines.map((line) => (typeof line === 'number' ? lineOf(line) : line))
      writeFileSync(join(directory, name), texts.map((text) => `${text}\n`).join(''))
    }
    return checkLines(directory, expected, numbered, contextIn).fault
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function lineOf(i: number): string {
  return JSON.stringify({ message: 'x', context: enforcementContext(i) })
}

test('sequenceOf() finds the number in both contexts, for ten million entries', () => {
  for (const i of [0, 1, 2, 999, 9_999_999]) {
    assert.equal(sequenceOf(enforcementContext(i)), i)
    assert.equal(sequenceOf(smallContext(i)), i)
  }
  assert.equal(sequenceOf({ rule: 'x' }), undefined)
})

test('checkLines() accepts all entries in order, over rotated files, under any rotation scheme', () => {
  assert.equal(faultOf({ 'bench.log': [0, 1, 2] }, 3), undefined)
  assert.equal(
    faultOf({ 'bench.log.2': [0], 'bench.log.1': [1, 2], 'bench.log': [3] }, 4),
    undefined,
  )
  assert.equal(faultOf({ 'bench.log': [0, 1], 'bench1.log': [2] }, 3), undefined)
})

test('checkLines() finds what LogTape puts elsewhere', () => {
  const line = JSON.stringify({ properties: { context: enforcementContext(0) } })
  assert.equal(faultOf({ 'bench.log': [line] }, 1, true, subjects.logtape.contextOf), undefined)
  assert.match(faultOf({ 'bench.log': [line] }, 1) ?? '', /nobody logged/)
})

test('checkLines() accepts categories that take turns, each with a file of its own', () => {
  assert.equal(faultOf({ 'desk-a.log': [0, 2], 'desk-b.log': [1, 3] }, 4), undefined)
})

test('checkLines() leaves out the copies in error.log', () => {
  assert.equal(
    faultOf({ 'enforcement.log': [0, 1], 'error.log.1': [0], 'error.log': [1] }, 2),
    undefined,
  )
})

test('checkLines() reports what is missing, twice, out of order, foreign or broken', () => {
  assert.match(faultOf({ 'bench.log': [0, 2] }, 3) ?? '', /expected 3 lines, got 2.*1 more fault/)
  assert.match(faultOf({ 'bench.log': [0, 1, 1] }, 3) ?? '', /entry 1 is there twice/)
  assert.match(faultOf({ 'bench.log': [0, 2, 1] }, 3) ?? '', /entry 1 comes after 2/)
  assert.match(faultOf({ 'bench.log': [0, '{"context":'] }, 2) ?? '', /not JSON: \{"context":/)
  assert.match(faultOf({ 'bench.log': [0, '{"context":{}}'] }, 2) ?? '', /an entry nobody logged/)
  assert.match(
    faultOf({ 'bench.log.1': [0, 2], 'bench.log': [1, 3] }, 4) ?? '',
    /bench\.log starts with entry 1, before the end of bench\.log\.1/,
  )
})

test('checkLines() counts lines that have no number', () => {
  assert.equal(faultOf({ 'bench.log': ['{}', '{}'] }, 2, false), undefined)
  assert.match(faultOf({ 'bench.log': ['{}'] }, 2, false) ?? '', /expected 2 lines, got 1/)
})
