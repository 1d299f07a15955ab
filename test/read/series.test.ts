import { strict as assert } from 'node:assert'
import fs, { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createLogger } from '../../lib/index.ts'
import { SeriesFinder } from '../../lib/read/series.ts'
import { type Remark, Remarks } from '../../lib/read/remark.ts'
import { logDirectory } from '../log-directory.ts'

const ours =
  '{"timestamp":"2025-10-17T14:00:00.000+00:00","level":"INFO","category":"a","message":"m"}\n'

function newFinder(
  directory: string,
  told: Remark[] = [],
  isWanted: (base: string) => boolean = () => true,
): SeriesFinder {
  return new SeriesFinder(directory, isWanted, new Remarks((remark) => told.push(remark)))
}

function basesOf(finder: SeriesFinder, directory: string): string[] {
  return finder.find(readdirSync(directory)).map(({ base }) => base)
}

test('SeriesFinder.find() knows logs by their lines, and no copies and strangers', (t) => {
  const directory = logDirectory(t)
  mkdirSync(directory)
  const junk = '\0'.repeat(700)
  const files: Readonly<Record<string, string | Buffer>> = {
    'error.log': '',
    'system.log': 'not ours',
    'audit.log.3.gz': '',
    latency: ours,
    fills: '',
    'fills.2': ours,
    orders: '',
    'orders.1.gz': gzipSync(ours),
    people: '[2025-10-17 14:00:00] INFO  | people      | m\n',
    'hole.log': `${junk}${ours}`,
    'mark.log': `\ufeff${ours}`,
    'late.log': `${'rubbish\n'.repeat(500)}${ours}`,
    'long.log': ours.replace('"m"', `"${'m'.repeat(100_000)}"`),
    empty: '',
    'empty.log': '',
    'notes.txt': 'buy milk\n',
    'config.json': '{"logging":{}}\n',
    'access.log': '127.0.0.1 - - [17/Oct/2025:14:00:00 +0000] "GET / HTTP/1.1" 200 2\n',
    'laravel.log': '[2025-10-17 14:00:00] production.ERROR: no\n',
    'pino.log': '{"level":30,"time":1760709600000,"pid":1,"hostname":"h","msg":"m"}\n',
    'winston.log': '{"timestamp":"2025-10-17T14:00:00.000Z","level":"info","message":"m"}\n',
    'yarn.lock': '# yarn lockfile v1\n',
    'flb.db': Buffer.alloc(9000, 'SQLite format 3\0'),
    'system.log.bak': ours,
    'system.log-20251017': ours,
    'system.log.lock': '1',
    'Large.log': ours,
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
  mkdirSync(join(directory, 'archive'))
  mkdirSync(join(directory, 'old.log'))
  const told: Remark[] = []
  assert.deepEqual(basesOf(newFinder(directory, told), directory), [
    'audit.log',
    'fills',
    'hole.log',
    'late.log',
    'latency',
    'long.log',
    'mark.log',
    'orders',
    'people',
    'system.log',
    'error.log',
  ])
  assert.deepEqual(told, [])
  const fills = newFinder(directory, told, (base) => base === 'fills')
  assert.deepEqual(basesOf(fills, directory), ['fills'])
})

test('SeriesFinder.find() knows what the last writer has left as its own, whatever stands in it', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory, categories: { orders: {} } })
  log.category('orders').info('one')
  await log.close()
  writeFileSync(join(directory, 'orders.log'), Buffer.alloc(9000))
  writeFileSync(join(directory, 'other.log'), Buffer.alloc(9000))
  const bases = basesOf(newFinder(directory), directory)
  assert.ok(bases.includes('orders.log') && !bases.includes('other.log'))
})

test('SeriesFinder does not open a stranger again that has not changed', (t) => {
  const directory = logDirectory(t)
  mkdirSync(directory)
  const path = join(directory, 'access.log')
  writeFileSync(path, 'no line of ours\n')
  writeFileSync(join(directory, 'empty'), '')
  const finder = newFinder(directory)
  assert.deepEqual(basesOf(finder, directory), [])
  // Of the same size, in the same inode: only whoever opens it sees the difference.
  writeFileSync(path, ours.slice(0, 15) + '\n', { flag: 'r+' })
  const read = t.mock.method(fs, 'readSync')
  syncBuiltinESMExports()
  t.after(() => {
    read.mock.restore()
    syncBuiltinESMExports()
  })
  assert.deepEqual(basesOf(finder, directory), [])
  assert.equal(read.mock.callCount(), 0)
  writeFileSync(path, ours)
  assert.equal(finder.hasGrown(), false)
  assert.deepEqual(basesOf(finder, directory), ['access.log'])
  writeFileSync(join(directory, 'empty'), ours)
  assert.equal(finder.hasGrown(), true)
  assert.deepEqual(basesOf(finder, directory), ['access.log', 'empty'])
  assert.equal(finder.hasGrown(), false)
})

test('SeriesFinder tells of what may be a log and cannot be opened, and leaves links alone', (t) => {
  const directory = logDirectory(t)
  mkdirSync(directory)
  writeFileSync(join(directory, 'system.log'), ours)
  writeFileSync(join(directory, 'app.log'), ours)
  writeFileSync(join(directory, 'secret.db'), 'x')
  symlinkSync('circle', join(directory, 'circle'))
  symlinkSync('system.log', join(directory, 'latest.log'))
  const open = fs.openSync
  const mocked = t.mock.method(fs, 'openSync', (path: string, flags: number) => {
    if (!/app\.log|secret\.db/.test(path)) return open(path, flags)
    throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })
  })
  syncBuiltinESMExports()
  t.after(() => {
    mocked.mock.restore()
    syncBuiltinESMExports()
  })
  const told: Remark[] = []
  const finder = newFinder(directory, told)
  for (let i = 0; i < 2; i++) assert.deepEqual(basesOf(finder, directory), ['system.log'])
  assert.deepEqual(told, [
    { file: 'app.log', text: 'Cannot read app.log: EACCES: permission denied' },
  ])
})
