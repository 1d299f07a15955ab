// The library where more is forbidden than usual, where it is part of a bundle, and as it is built:
// the same program must start, and write the same lines, as it does in a plain process.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { build, type BuildOptions, type Plugin } from 'esbuild'
import { extension } from '../loader.ts'

const fixture = join(import.meta.dirname, `../fixtures/starting${extension}`)
const place = mkdtempSync(join(tmpdir(), 'ringlog-start-'))
let runs = 0

/** What the program prints. */
function printed(file: string, flags: readonly string[] = []): unknown {
  const output = execFileSync(
    process.execPath,
    [...flags, '--no-warnings', file, join(place, `logs${runs++}`)],
    { encoding: 'utf8' },
  )
  return JSON.parse(output)
}

/** Leaves the library where it is built, so that the program imports it as its users do. */
const asBuilt: Plugin = {
  name: 'as built',
  setup(bundle) {
    const path = pathToFileURL(resolve('dist/index.js')).href
    bundle.onResolve({ filter: /lib\/index\.ts$/ }, () => ({ path, external: true }))
  },
}

async function bundled(name: string, options: BuildOptions): Promise<string> {
  const outfile = join(place, name)
  const { warnings } = await build({
    entryPoints: [fixture],
    bundle: true,
    platform: 'node',
    target: 'node20',
    outfile,
    logLevel: 'silent',
    ...options,
  })
  const serious = warnings.filter(({ id }) => id !== 'empty-import-meta')
  assert.deepEqual(serious, [])
  return outfile
}

describe('createLogger() in a hardened or bundled process', { concurrency: 2 }, () => {
  let plain: unknown
  let bundle: string
  let importing: string
  before(async () => {
    bundle = await bundled('plain.mjs', { format: 'esm' })
    importing = await bundled('importing.mjs', { format: 'esm', plugins: [asBuilt] })
    plain = printed(bundle)
    assert.equal((plain as unknown[]).length, 19)
  })
  after(() => rmSync(place, { recursive: true }))

  for (const minify of [false, true]) {
    test(`as a CommonJS bundle${minify ? ', minified' : ''}`, async () => {
      const file = await bundled(`bundle${Number(minify)}.cjs`, { format: 'cjs', minify })
      assert.deepEqual(printed(file), plain)
    })
  }

  test('as it is built', () => {
    assert.deepEqual(printed(importing), plain)
  })

  for (const flags of [
    ['--disallow-code-generation-from-strings'],
    ['--no-harmony-sharedarraybuffer'],
    ['--frozen-intrinsics'],
    ['--disable-proto=throw'],
    ['--disable-proto=delete'],
    ['--no-addons'],
    ['--jitless'],
    ['--pending-deprecation', '--throw-deprecation'],
  ]) {
    const isKnown = spawnSync(process.execPath, [...flags, '-e', '0']).status === 0
    const skip = isKnown ? false : 'this Node has no such option'
    test(`with ${flags.join(' ')}`, { skip }, () => {
      assert.deepEqual(printed(bundle, flags), plain)
      assert.deepEqual(printed(importing, flags), plain)
    })
  }
})
