import { strict as assert } from 'node:assert'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { basesIn } from '../../lib/read/series.ts'
import { type Remark, Remarks } from '../../lib/read/remark.ts'
import { logDirectory } from '../log-directory.ts'

const ours =
  '{"timestamp":"2025-10-17T14:00:00.000+00:00","level":"INFO","category":"a","message":"m"}\n'

test('basesIn() knows logs by their name or their first line, and no copies and strangers', (t) => {
  const directory = logDirectory(t)
  mkdirSync(directory)
  const files: Readonly<Record<string, string | Buffer>> = {
    'error.log': '',
    'system.log': 'not ours',
    'audit.log.3.gz': '',
    latency: ours,
    fills: '',
    'fills.2': ours,
    orders: '',
    'orders.1.gz': gzipSync(ours),
    people: '[2025-10-17 14:00:00] INFO  | people | m\n',
    empty: '',
    'notes.txt': 'buy milk\n',
    'config.json': '{"logging":{}}\n',
    'system.log.bak': ours,
    'system.log-20251017': ours,
    'system.log.lock': '1',
    'Large.log': ours,
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
  const remarks = new Remarks(({ text }) => assert.fail(text))
  const names = readdirSync(directory)
  assert.deepEqual(
    basesIn(directory, names, () => true, remarks),
    ['audit.log', 'fills', 'latency', 'orders', 'people', 'system.log', 'error.log'],
  )
  assert.deepEqual(
    basesIn(directory, names, (base) => base === 'fills', remarks),
    ['fills'],
  )
})

test('basesIn() tells once what it cannot open', (t) => {
  const directory = logDirectory(t)
  mkdirSync(directory)
  symlinkSync('circle', join(directory, 'circle'))
  const told: Remark[] = []
  const remarks = new Remarks((remark) => told.push(remark))
  for (let i = 0; i < 2; i++)
    assert.deepEqual(
      basesIn(directory, ['circle'], () => true, remarks),
      [],
    )
  assert.deepEqual(told, [
    { file: 'circle', text: 'Cannot read circle: ELOOP: too many symbolic links encountered' },
  ])
})
