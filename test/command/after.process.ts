// `tail --show-cursor` and `tail --after`, as two commands one after the other, with whatever
// becomes of the log meanwhile, and whichever of its directories are named: nothing is shown twice
// or passed over, or it is said what cannot be helped.

import assert from 'node:assert/strict'
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { logDirectory } from '../log-directory.ts'
import { ringlog } from './typed-command.ts'

const start = Date.parse('2025-10-17T14:00:00Z')

interface Made {
  readonly category?: string
  readonly seq?: number
  readonly rule?: string
}

function line(second: number, lsn: number, message: string, made: Made = {}): string {
  const { category = 'system', seq = lsn, rule = 'Limit' } = made
  const timestamp = new Date(start + second * 1000).toISOString().replace('Z', '+00:00')
  const entry = { timestamp, level: 'INFO', category, message, context: { rule }, seq, lsn }
  return `${JSON.stringify(entry)}\n`
}

/** A parent of two logs: seven entries, one a second. */
class Parent {
  readonly path: string

  constructor(path: string) {
    this.path = path
    this.add('0/system.log', line(1, 1, 'a1'), line(3, 2, 'a2', { rule: 'Loss' }), line(5, 3, 'a3'))
    this.add('1/system.log', line(2, 1, 'b1'), line(4, 2, 'b2'), line(7, 4, 'b4', { seq: 3 }))
    this.add('1/audit.log', line(6, 3, 'b3', { category: 'audit', seq: 1 }))
  }

  file(name: string): string {
    return join(this.path, name)
  }

  add(name: string, ...lines: readonly string[]): void {
    mkdirSync(dirname(this.file(name)), { recursive: true })
    appendFileSync(this.file(name), lines.join(''))
  }

  remove(name: string): void {
    rmSync(this.file(name), { recursive: true })
  }
}

interface Case {
  readonly name: string
  /** What the cursor is asked with, and what goes on: `-d` and a name below the parent. */
  readonly first: readonly string[]
  readonly next: readonly string[]
  /** What happens between the two. */
  readonly between?: (logs: Parent) => void
  readonly shown: string
  /** What is said of it; then the exit code is 1. */
  readonly said?: RegExp
}

const until4 = ['-U', '2025-10-17T14:00:04Z', '-n', 'all']
const gone =
  /^ringlog: Cannot go on in system\.log behind the line of the cursor: its file is gone; going on from the beginning of system\.log$/m
const notThere = /: it is not there any more; going on from the beginning of system\.log$/m
const noLog = /in 1\/system\.log behind the line of the cursor: its log is not there; /

const cases: readonly Case[] = [
  { name: 'the same parent', first: ['-d', '', ...until4], next: ['-d', ''], shown: 'a3 b3 b4' },
  {
    name: 'only the last lines, up to a moment',
    first: ['-d', '', '-U', '2025-10-17T14:00:04Z', '-n', '1'],
    next: ['-d', ''],
    shown: 'a3 b3 b4',
  },
  {
    name: 'up to a moment, and nothing found',
    first: ['-d', '', '-U', '2025-10-17T14:00:00Z'],
    next: ['-d', ''],
    shown: 'a1 b1 a2 b2 a3 b3 b4',
  },
  {
    name: 'each log by its name, in any order',
    first: ['-d', '', ...until4],
    next: ['-d', '1', '-d', '0'],
    shown: 'a3 b3 b4',
  },
  { name: 'one of its logs', first: ['-d', '', ...until4], next: ['-d', '1'], shown: 'b3 b4' },
  {
    name: 'the parent of a log',
    first: ['-d', '1', ...until4],
    next: ['-d', ''],
    shown: 'a1 a2 a3 b3 b4',
  },
  {
    name: 'one directory more, elsewhere',
    first: ['-d', '0', '-d', '1', ...until4],
    next: ['-d', '0', '-d', '1', '-d', '../elsewhere'],
    between: (logs) => logs.add('../elsewhere/system.log', line(5.5, 1, 'c1')),
    shown: 'a3 c1 b3 b4',
  },
  {
    name: 'a log that was made later',
    first: ['-d', '', ...until4],
    next: ['-d', ''],
    between: (logs) => logs.add('2/system.log', line(1.5, 1, 'c1')),
    shown: 'c1 a3 b3 b4',
  },
  {
    name: 'the log of the line is gone',
    first: ['-d', '', ...until4],
    next: ['-d', ''],
    between: (logs) => logs.remove('1'),
    shown: 'a3',
    said: noLog,
  },
  {
    name: 'another log is gone',
    first: ['-d', '', ...until4],
    next: ['-d', ''],
    between: (logs) => logs.remove('0'),
    shown: 'b3 b4',
  },
  {
    name: 'rotated',
    first: ['-d', '', ...until4],
    next: ['-d', ''],
    between: (logs) => {
      renameSync(logs.file('0/system.log'), logs.file('0/system.log.1'))
      logs.add('0/system.log', line(8, 4, 'a4'))
    },
    shown: 'a3 b3 b4 a4',
  },
  {
    name: 'compressed',
    first: ['-d', '0', '-U', '2025-10-17T14:00:03Z'],
    next: ['-d', '0'],
    between: (logs) => {
      const text = readFileSync(logs.file('0/system.log'))
      writeFileSync(logs.file('0/system.log.1.gz'), gzipSync(text))
      writeFileSync(logs.file('0/system.log'), line(8, 4, 'a4'))
    },
    shown: 'a3 a4',
  },
  {
    name: 'begun anew',
    first: ['-d', '0'],
    next: ['-d', '0'],
    between: (logs) => {
      logs.remove('0')
      logs.add('0/system.log', line(11, 1, 'n1'), line(12, 2, 'n2'), line(13, 3, 'n3'))
    },
    shown: 'n1 n2 n3',
    said: gone,
  },
  {
    name: 'a copy',
    first: ['-d', '0', '-U', '2025-10-17T14:00:03Z'],
    next: ['-d', 'copy'],
    between: (logs) => cpSync(logs.file('0'), logs.file('copy'), { recursive: true }),
    shown: 'a3',
  },
  {
    name: 'a copy that has gone another way',
    first: ['-d', '0'],
    next: ['-d', 'copy'],
    between: (logs) => {
      const text = readFileSync(logs.file('0/system.log'), 'utf8').split('\n')
      logs.add('copy/system.log', `${text[0]}\n`, line(6, 2, 'the copy, its second'))
      logs.add('copy/system.log', line(7, 3, 'the copy, its third'), line(8, 4, 'and a fourth'))
    },
    shown: 'a1 the copy, its second the copy, its third and a fourth',
    said: notThere,
  },
  {
    name: 'such a copy, compressed',
    first: ['-d', '0'],
    next: ['-d', 'copy'],
    between: (logs) => {
      const text = readFileSync(logs.file('0/system.log'), 'utf8').split('\n')
      logs.add('copy/system.log', line(9, 4, 'and a fourth'))
      const others = [line(6, 2, 'the copy, its second'), line(7, 3, 'the copy, its third')]
      const packed = gzipSync([`${text[0]}\n`, ...others].join(''))
      writeFileSync(logs.file('copy/system.log.1.gz'), packed)
    },
    shown: 'a1 the copy, its second the copy, its third and a fourth',
    said: /: it is not there any more; going on from the beginning of system\.log\.1\.gz$/m,
  },
  {
    name: 'cut',
    first: ['-d', '0'],
    next: ['-d', '0'],
    between: (logs) => truncateSync(logs.file('0/system.log'), line(1, 1, 'a1').length),
    shown: 'a1',
    said: notThere,
  },
  {
    name: 'cut, and grown again',
    first: ['-d', '0'],
    next: ['-d', '0'],
    between: (logs) => {
      truncateSync(logs.file('0/system.log'), line(1, 1, 'a1').length)
      logs.add('0/system.log', line(6, 2, 'another second'), line(7, 3, 'another third'))
    },
    shown: 'a1 another second another third',
    said: notThere,
  },
  {
    name: 'with --where and -i, which choose among what is behind it',
    first: ['-d', '', '-n', 'all', '-w', 'context.rule=Loss'],
    next: ['-d', '', '-g', 'A|B', '-i', '-w', 'context.rule=Limit'],
    between: (logs) => {
      logs.add('0/system.log', line(8, 4, 'a4'), line(9, 5, 'a5', { rule: 'Loss' }))
      logs.add('1/system.log', line(8.5, 5, 'other', { seq: 4 }))
    },
    shown: 'a4',
  },
  {
    name: 'behind a category, an entry of another that came late',
    first: ['-d', '0', '-c', 'system', '-U', '2025-10-17T14:00:03Z'],
    next: ['-d', '0'],
    between: (logs) => logs.add('0/audit.log', line(2, 4, 'late', { category: 'audit', seq: 1 })),
    shown: 'a3 late',
  },
]

function messageOf(text: string): string {
  return (JSON.parse(text) as { message: string }).message
}

describe('ringlog tail --after', () => {
  for (const { name, first, next, between, shown, said } of cases) {
    it(`goes on behind the line: ${name}`, (t) => {
      const path = join(logDirectory(t), 'logs')
      const logs = new Parent(path)
      const words = (given: readonly string[]): string[] =>
        given.map((word, i) => (given[i - 1] === '-d' ? join(path, word) : word))
      const { code, err } = ringlog(['tail', '--json', '--show-cursor', ...words(first)])
      const cursor = /^ringlog: cursor: (\S+)$/m.exec(err)?.[1]
      assert.ok(code === 0 && cursor !== undefined, err)
      between?.(logs)
      const rest = ringlog(['tail', '--json', '--after', cursor, ...words(next)])
      const messages = rest.out
        .split('\n')
        .slice(0, -1)
        .map((text) => messageOf(text))
      assert.equal(messages.join(' '), shown, rest.err)
      assert.equal(rest.code, said === undefined ? 0 : 1, rest.err)
      if (said === undefined) assert.equal(rest.err, '')
      else assert.match(rest.err, said)
    })
  }
})
