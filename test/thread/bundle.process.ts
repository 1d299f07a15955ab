// An application in a bundle with a writer thread: it works where the thread's module is a second
// entry, and says what is missing where it is not.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { extension, library } from '../loader.ts'
import { linesOf, logDirectory } from '../log-directory.ts'

const skip = extension === '.ts' ? 'the library is bundled as it is built' : false

describe('a bundle with buffer.writer: thread', { skip }, () => {
  for (const [format, ending] of [
    ['esm', '.mjs'],
    ['cjs', '.cjs'],
    ['cjs', '.js'],
  ] as const) {
    for (const isWhole of [true, false]) {
      const what = isWhole ? 'works with' : 'names the file that is missing without'
      test(`${what} writer-thread as a second entry (${format}, ${ending})`, async (t) => {
        const directory = logDirectory(t)
        const place = dirname(directory)
        const source = join(place, 'app.mjs')
        const config = { log_path: directory, buffer: { writer: 'thread' } }
        writeFileSync(
          source,
          `import { createLogger } from ${JSON.stringify(fileURLToPath(library))}
          const log = createLogger(${JSON.stringify(config)})
          log.system.info('from a bundle')
          process.on('exit', () => log.system.info('the end'))`,
        )
        const writer = join(dirname(fileURLToPath(library)), 'writer-thread.js')
        const out = join(place, 'out')
        mkdirSync(out)
        await build({
          entryPoints: isWhole ? [source, writer] : [source],
          entryNames: '[name]',
          outExtension: { '.js': ending },
          outdir: out,
          bundle: true,
          platform: 'node',
          format,
          logLevel: 'error',
        })
        const { status, stderr } = spawnSync(process.execPath, [join(out, `app${ending}`)], {
          encoding: 'utf8',
        })
        if (!isWhole) {
          assert.equal(status, 1)
          assert.match(stderr, /logging\.buffer\.writer: expected the file writer-thread\.js/)
          return
        }
        assert.deepEqual([status, stderr], [0, ''])
        assert.deepEqual(
          linesOf(directory, 'system.log').map(({ message }) => message),
          ['from a bundle', 'the end'],
        )
      })
    }
  }
})
