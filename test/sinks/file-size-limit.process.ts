// A system that lets no file grow beyond a size (RLIMIT_FSIZE, `ulimit -f`; a file system's own
// limit): the file is put aside there, as if the limit were the configured one.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { LoggerStats } from '../../lib/index.ts'
import { filesOf, linesOf, logDirectory, seqFaults } from '../log-directory.ts'
import { extension, loader } from '../loader.ts'

const limitBytes = 100 * 1024
const entries = 600
const program = join(import.meta.dirname, `../fixtures/limited${extension}`)
const skip =
  spawnSync('prlimit', ['--version']).error === undefined ? false : 'needs prlimit (util-linux)'

function run(directory: string, end: string, moment: string): LoggerStats & { stderr: string } {
  const words = [...loader, program, directory, `${entries}`, end, moment, `${limitBytes}`]
  const { stdout, stderr, status } =
    moment === 'late'
      ? spawnSync(process.execPath, words, { encoding: 'utf8' })
      : spawnSync('prlimit', [`--fsize=${limitBytes}`, process.execPath, ...words], {
          encoding: 'utf8',
        })
  assert.equal(status, 0, stderr)
  return { ...(JSON.parse(stdout) as LoggerStats), stderr }
}

describe('FileSink where files may not grow', () => {
  for (const moment of ['from the start', 'late']) {
    for (const end of ['close', 'exit']) {
      test(`rotates at the limit, and splits no line (${moment}, ${end})`, { skip }, (t) => {
        const directory = logDirectory(t)
        const { written, rotations, dropped, stderr } = run(directory, end, moment)
        assert.deepEqual([written, dropped.total, stderr], [entries, 0, ''])
        const lines = linesOf(directory, 'audit.log')
        assert.deepEqual([lines.length, seqFaults(lines)], [entries, []])
        const files = filesOf(directory, 'audit.log')
        assert.equal(files.length, rotations + 1)
        for (const file of files) {
          const { size } = statSync(join(directory, file))
          assert.ok(size <= limitBytes, `${file}: ${size}`)
        }
      })
    }
  }

  test('puts a full file aside whose torn last line cannot be ended', { skip }, (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    const torn = 'x'.repeat(limitBytes)
    writeFileSync(join(directory, 'audit.log'), torn)
    const { written, dropped } = run(directory, 'close', 'from the start')
    // One more: the entry that tells of the torn line.
    assert.deepEqual([written, dropped.total], [entries + 1, 0])
    const [oldest, ...others] = filesOf(directory, 'audit.log')
    assert.equal(readFileSync(join(directory, oldest!), 'utf8'), torn)
    const lines = others.flatMap((file) =>
      readFileSync(join(directory, file), 'utf8').trimEnd().split('\n'),
    )
    assert.equal(lines.length, entries)
  })
})
