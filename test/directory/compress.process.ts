// A compression that is killed: each file stays whole, and the next run finishes it.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { parseName } from '../../lib/directory/names.ts'
import { extension, loader } from '../loader.ts'
import { contentOf, directoryOf, linesOf } from './gzip-files.ts'

describe('compressFile()', () => {
  test('killed at random moments it leaves each file whole, and the next run finishes and tidies up', async (t) => {
    const directory = directoryOf(t)
    const contents = new Map([1, 2, 3, 4].map((index) => [index, linesOf(`file ${index}`, 50_000)]))
    for (const [index, content] of contents) {
      writeFileSync(join(directory, `system.log.${index}`), content)
    }
    const fixture = join(import.meta.dirname, `../fixtures/compressing${extension}`)
    const run = (): ReturnType<typeof spawn> =>
      spawn(process.execPath, [...loader, fixture, directory], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
    let killed = 0
    let left = 0
    /** Compressed files are not written any more. */
    const seen = new Set<string>()
    for (let round = 0; round < 4; round++) {
      const child = run()
      const ended = once(child, 'exit')
      await once(child.stdout!, 'data')
      await setTimeout(Math.random() * 150)
      child.kill('SIGKILL')
      const [, signal] = (await ended) as [number | null, string | null]
      if (signal === 'SIGKILL') killed++
      const names = readdirSync(directory)
      left += names.filter((name) => name.endsWith('.tmp')).length
      for (const [index, content] of contents) {
        const spelled = names.filter((name) => parseName(name)?.index === index)
        assert.ok(spelled.length > 0, names.join(' '))
        for (const name of spelled.filter((each) => !seen.has(each))) {
          if (name.endsWith('.gz')) seen.add(name)
          assert.equal(contentOf(directory, name) === content, true, name)
        }
      }
    }
    t.diagnostic(`${killed} killed amid the work, ${left} temporary files left and removed`)
    const [code] = (await once(run(), 'exit')) as [number]
    assert.equal(code, 0)
    assert.deepEqual(
      readdirSync(directory),
      [1, 2, 3, 4].map((index) => `system.log.${index}.gz`),
    )
    for (const [index, content] of contents) {
      assert.equal(contentOf(directory, `system.log.${index}.gz`) === content, true)
    }
  })
})
