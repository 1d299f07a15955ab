// Files that are named one by one: what they are called, and how their lines go together.

import { strict as assert } from 'node:assert'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readFiles } from '../../lib/read/loose-files.ts'
import { logDirectory } from '../log-directory.ts'

function filesOf(t: TestContext, times: { readonly [name: string]: readonly number[] }): string {
  const directory = logDirectory(t)
  for (const [name, seconds] of Object.entries(times)) {
    const lines = seconds.map((second) => {
      const timestamp = new Date(second * 1000).toISOString().replace('Z', '+00:00')
      const message = String(second)
      return `${JSON.stringify({ timestamp, level: 'INFO', category: 'system', message, seq: 1 })}\n`
    })
    const path = join(directory, name)
    mkdirSync(dirname(path), { recursive: true })
    const text = lines.join('')
    writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text)
  }
  return directory
}

async function read(files: readonly string[], told: string[] = []): Promise<string[]> {
  const shown: string[] = []
  for await (const { entry, file } of readFiles(files, {}, ({ text }) => told.push(text))) {
    shown.push(`${file} ${entry!.message}`)
  }
  return shown
}

test('readFiles() calls a file alone, and several of one directory, by their names', async (t) => {
  const directory = filesOf(t, { 'system.log': [1, 3], 'audit.log.1.gz': [2] })
  const [system, audit] = ['system.log', 'audit.log.1.gz'].map((name) => join(directory, name))
  assert.deepEqual(await read([system!]), ['system.log 1', 'system.log 3'])
  assert.deepEqual(await read([relative('.', system!)]), ['system.log 1', 'system.log 3'])
  assert.deepEqual(await read([system!, audit!]), [
    'system.log 1',
    'audit.log.1.gz 2',
    'system.log 3',
  ])
})

test('readFiles() calls files of several directories by their way from the one above', async (t) => {
  const directory = filesOf(t, {
    'eu/0/system.log': [1, 4],
    'eu/1/system.log': [2],
    'us/x.log': [3],
  })
  const named = ['eu/0/system.log', 'eu/1/system.log', 'us/x.log'].map((name) =>
    join(directory, name),
  )
  assert.deepEqual(await read(named), [
    'eu/0/system.log 1',
    'eu/1/system.log 2',
    'us/x.log 3',
    'eu/0/system.log 4',
  ])
})

test('readFiles() tells what cannot be read, and shows the others', async (t) => {
  const directory = filesOf(t, { 'a.log': [1] })
  const told: string[] = []
  const files = ['a.log', 'missing.log'].map((name) => join(directory, name))
  assert.deepEqual(await read(files, told), ['a.log 1'])
  assert.match(told.join('\n'), /missing\.log/)
})
