// Links of the documents lead somewhere: to a file that is there, to a heading of it, and nowhere
// else but to the few addresses that are known. The scripts they name are those of package.json.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, it } from 'node:test'

const root = resolve(import.meta.dirname, '..').replace(/[\\/]build$/, '')

/** Standards and tools that the documents name. */
const known = [
  'https://keepachangelog.com',
  'https://semver.org',
  'https://lnav.org',
  'https://nodejs.org/',
  'https://developer.mozilla.org/',
]

function documentsIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))
}

const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...documentsIn('docs'),
  'bench/README.md',
]

/** What is written as code is no link. */
function proseOf(text: string): string {
  return text.replace(/^```[^]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')
}

/** The anchors of a document, as they are made of its headings. */
function anchorsOf(text: string): Set<string> {
  const headings = text.replace(/^```[^]*?^```$/gm, '').match(/^#+ .*$/gm) ?? []
  const anchors = headings.map((heading) =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
  const named = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, name = '']) => name)
  return new Set([...anchors, ...named])
}

/** What is wrong with the links of a document. */
function faultsOf(file: string, text: string): string[] {
  const targets = [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return targets.flatMap((target) => {
    if (/^[a-z]+:/.test(target)) {
      return known.some((address) => target.startsWith(address))
        ? []
        : [`${file}: ${target} is not known`]
    }
    const [path = '', anchor] = target.split('#')
    const at = path === '' ? file : join(dirname(file), path)
    if (!existsSync(join(root, at))) return [`${file}: ${target} leads nowhere`]
    if (anchor === undefined || !at.endsWith('.md')) return []
    return anchorsOf(readFileSync(join(root, at), 'utf8')).has(anchor.toLowerCase())
      ? []
      : [`${file}: ${at} has no heading #${anchor}`]
  })
}

describe('links', () => {
  it('are seen when they lead nowhere', () => {
    const text =
      '[a](gone.md) [b](README.md#gone) ![c](docs/gone.svg) [d](https://example.org) `[e](x)`'
    assert.equal(faultsOf('README.md', text).length, 4)
    assert.deepEqual(faultsOf('README.md', '[a](#read-it) [b](docs/costs.md)'), [])
  })

  it('of all documents lead somewhere', () => {
    assert.ok(documents.length > 12, documents.join(', '))
    const faults = documents.flatMap((file) =>
      faultsOf(file, readFileSync(join(root, file), 'utf8')),
    )
    assert.deepEqual(faults, [])
  })

  it('to scripts lead to one of package.json, and each suite is in CONTRIBUTING and docs/testing.md', () => {
    const manifest = readFileSync(join(root, 'package.json'), 'utf8')
    const { scripts } = JSON.parse(manifest) as {
      readonly scripts: Readonly<Record<string, string>>
    }
    const named = documents.flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/\bnpm run ([a-z][a-z:]*)/g)].map(
        ([, script = '']) => ({ file, script }),
      ),
    )
    assert.ok(named.length > 30, `${named.length} scripts`)
    assert.deepEqual(
      named.filter(({ script }) => !(script in scripts)),
      [],
    )
    const suites = Object.keys(scripts).filter((script) => /^(?:test|docs|bench):/.test(script))
    const contributing = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')
    assert.deepEqual(
      suites.filter((script) => !contributing.includes(`npm run ${script}`)),
      [],
    )
    const testing = readFileSync(join(root, 'docs', 'testing.md'), 'utf8')
    assert.deepEqual(
      suites.filter(
        (script) => script.startsWith('test:') && !testing.includes(`\`npm run ${script}\``),
      ),
      [],
    )
  })

  it('README fits on three screens', () => {
    const lines = readFileSync(join(root, 'README.md'), 'utf8').split('\n').length - 1
    assert.ok(lines <= 150, `${lines} lines`)
  })
})
