// What this library has written, and what only bears such a name.

import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { parseName } from '../../lib/directory/names.ts'
import { isOwnContent } from '../../lib/directory/own-content.ts'
import { logDirectory } from '../log-directory.ts'

const json =
  '{"timestamp":"2026-01-01T00:00:00.000+00:00","level":"INFO","category":"system","message":"m","seq":1}\n'
const human = '[2026-01-01 00:00:00] INFO  | system      | m\n'
const pino = '{"level":30,"time":1767225600000,"pid":1,"hostname":"h","msg":"m"}\n'

describe('isOwnContent()', () => {
  test('knows lines of ours at either end, compressed or not', (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    const is = (name: string, content: string | Buffer): boolean => {
      writeFileSync(join(directory, name), content)
      return isOwnContent(directory, parseName(name)!)
    }
    const long = json.replace('"m"', JSON.stringify('x'.repeat(200_000)))
    for (const own of [json, human, long, `${'\0'.repeat(9000)}\n${json}`, `torn\n${json}`, '']) {
      assert.equal(is('a.log.1', own), true, own.slice(0, 40))
    }
    for (const own of [json, human, long.repeat(20)]) {
      assert.equal(is('a.log.1.gz', gzipSync(own)), true, own.slice(0, 40))
    }
    for (const strange of [pino, 'text\n', `${' '.repeat(10)}${json}`, '[x] y\n']) {
      assert.equal(is('a.log.1', strange), false, strange)
      assert.equal(is('a.log.1.gz', gzipSync(strange)), false, strange)
    }
    assert.equal(is('a.log.1.gz', 'no gzip'), false)
    writeFileSync(join(directory, 'target'), json)
    symlinkSync('target', join(directory, 'a.log.2'))
    for (const name of ['a.log.2', 'a.log.3']) {
      assert.equal(isOwnContent(directory, parseName(name)!), false, name)
    }
  })
})
