// Options that a program, or an attack on it, has put on the prototype of all objects: no file is
// written otherwise.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { linesOf, logDirectory } from '../log-directory.ts'
import { library, loader } from '../loader.ts'

const inherited = {
  x: 1,
  size: '1B',
  path: '/nowhere',
  interval: '1s',
  compress: true,
  rotate: 1,
  maxFiles: 1,
  teeToStdout: true,
  mode: 0,
  flags: 'r',
  highWaterMark: 1,
  immutable: true,
  initialRotation: true,
  omitExtension: true,
  history: 'h',
  encoding: 'utf16le',
  emitClose: false,
  autoDestroy: false,
  objectMode: true,
  decodeStrings: false,
  signal: {},
  write: 'function',
  writev: 'function',
  final: 'function',
  destroy: 'function',
  construct: 'function',
}

test('FileSink writes as ever where all objects inherit an option of its stream', (t) => {
  const directory = logDirectory(t)
  const script = `
    const { renameSync } = await import('node:fs')
    const { createLogger } = await import(${JSON.stringify(library)})
    for (const [key, value] of Object.entries(${JSON.stringify(inherited)})) {
      Object.prototype[key] = value === 'function' ? () => {} : value
      const log = createLogger({ log_path: ${JSON.stringify(directory)} + '-' + key })
      log.system.info(key)
      await log.flush().catch((error) => console.log(key, error.message))
      // The stream is opened anew.
      renameSync(${JSON.stringify(directory)} + '-' + key + '/system.log', ${JSON.stringify(directory)} + '-' + key + '/moved')
      log.system.info(key)
      await log.flush().catch((error) => console.log(key, error.message))
      log.system.info(key)
      await log.flush().catch((error) => console.log(key, error.message))
      const { written, failures } = log.stats()
      if (written !== 3 || failures !== 0) console.log(key, { written, failures })
      await log.close()
      if (!Object.hasOwn(Object.prototype, key)) console.log(key, 'has gone')
      delete Object.prototype[key]
    }`
  // Node's own timers warn of an inherited `interval` from 24 on.
  const words = [...loader, '--no-warnings', '--input-type=module', '-e', script]
  const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: 'utf8' })
  assert.deepEqual([stdout, stderr, status], ['', '', 0])
  for (const key of Object.keys(inherited)) {
    const lines = ['moved', 'system.log'].flatMap((name) => linesOf(`${directory}-${key}`, name))
    assert.deepEqual(
      lines.map(({ message }) => message),
      [key, key, key],
    )
    const names = readdirSync(`${directory}-${key}`).filter((name) => name.endsWith('.log'))
    assert.equal(names.length, 5, String(names))
  }
  assert.equal(readdirSync(dirname(directory)).length, Object.keys(inherited).length)
})
