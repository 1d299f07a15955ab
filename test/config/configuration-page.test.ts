// docs/configuration.md against the schema: each key has a row with its values, limits, unit and
// default, and no row names a key that there is not.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import { resolveConfig } from '../../lib/config/resolve.ts'
import { type JsonSchema, schemas } from '../../scripts/schemas.ts'

const root = resolve(import.meta.dirname, '..', '..').replace(/[\\/]build$/, '')
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
  .filter((name) => name.endsWith('.md'))
  .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }))
const page = pages.find(({ name }) => name === 'docs/configuration.md')!.text

/** The rows of the tables that begin with `key`, by each key in their first cell. */
function rowsIn(text: string): Map<string, string> {
  const tables = text.matchAll(/^\| key +\|.*\n\|[-| ]+\n((?:\|.*\n)+)/gm)
  const rows = [...tables].flatMap(([, body = '']) => body.trimEnd().split('\n'))
  return new Map(
    rows.flatMap((row) => {
      const [, first = ''] = row.split('|')
      return [...first.matchAll(/`([^`]+)`/g)].map(([, key = '']) => [key, row] as const)
    }),
  )
}

interface Key {
  readonly path: string
  readonly schema: JsonSchema
}

/** Every key that has a value: `rotation.max_files`, `levels.<category>`. */
function keysOf(schema: JsonSchema, path = ''): Key[] {
  const { properties, additionalProperties: map } = schema
  if (path !== '' && map !== undefined && map !== false) {
    return keysOf(map, `${path}.<${path === 'categories' ? 'name' : 'category'}>`)
  }
  if (properties === undefined) return [{ path, schema }]
  return Object.entries(properties)
    .filter(([name]) => name !== '$schema')
    .flatMap(([name, member]) => keysOf(member, path === '' ? name : `${path}.${name}`))
}

/** A number as people read it: `4 194 304`. */
const grouped = (value: number): string =>
  String(value).replaceAll(/(?<=\d)(?=(?:\d{3})+$)/g, value < 1_000 ? '' : ' ')

const units: readonly (readonly [RegExp, RegExp])[] = [
  [/_s$/, /\bs\b|second/],
  [/_ms$/, /\bms\b/],
  [/_mb$/, /\bMiB\b/],
  [/_days$/, /\bdays\b/],
  [/_hours$/, /\bhours\b/],
  [/bytes$/, /\bbytes\b/],
]

/** What a row leaves out of what the schema says. */
function lacking({ path, schema }: Key, row: string | undefined): string[] {
  if (row === undefined) return [`${path} has no row`]
  const number = [schema, ...((schema['anyOf'] ?? []) as JsonSchema[])].find(
    ({ type }) => type === 'integer',
  )
  const limits = [number?.['minimum'], number?.['maximum']]
    .filter((limit) => typeof limit === 'number')
    .map(grouped)
  const words = ((schema['enum'] ?? []) as string[])
    .filter((word) => word === word.toLowerCase())
    .filter((word) => !path.endsWith('level') && (path !== 'levels.<category>' || word === 'off'))
    .map((word) => `\`${word}\``)
  const value = schema['default']
  const isShort = ['number', 'string', 'boolean'].includes(typeof value)
  const shown = isShort ? String(value) : JSON.stringify(value)
  const defaults =
    value === undefined ? [] : [typeof value === 'number' ? grouped(value) : `\`${shown}\``]
  return [
    ...limits.filter((limit) => !row.includes(limit)).map((limit) => `limit ${limit}`),
    ...words.filter((word) => !row.includes(word)).map((word) => `value ${word}`),
    ...defaults
      .filter((text) => !row.split('|').at(-2)!.includes(text))
      .map((text) => `default ${text}`),
    ...units.filter(([of, unit]) => of.test(path) && !unit.test(row)).map(() => 'its unit'),
  ].map((what) => `${path}: ${what} is not in its row`)
}

describe('docs/configuration.md', () => {
  const keys = keysOf(schemas()['logging.json']!)
  const rows = rowsIn(page)

  it('has a row for each key, with values, limits, unit and default', () => {
    assert.ok(keys.length > 30, `${keys.length} keys`)
    assert.deepEqual(
      keys.flatMap((key) => lacking(key, rows.get(key.path))),
      [],
    )
  })

  it('has no row for a key that there is not', () => {
    const known = new Set(keys.map(({ path }) => path))
    assert.deepEqual(
      [...rows.keys()].filter((key) => !known.has(key)),
      [],
    )
  })

  it('is found wanting where a row, a limit, a value or a default is missing', () => {
    const faultsOf = (before: string, after: string): string[] => {
      assert.ok(page.includes(before), before)
      const changed = rowsIn(page.replaceAll(before, after))
      return keys.flatMap((key) => lacking(key, changed.get(key.path)))
    }
    assert.deepEqual(faultsOf('`retention_days`', '`retention`'), ['retention_days has no row'])
    assert.match(faultsOf('1 to 365', '1 to 366').join(), /^retention_days: limit 365/)
    assert.match(faultsOf('`drop_old`', '`drop`').join(), /^buffer.on_full: value `drop_old`/)
    assert.match(faultsOf('`fallback`', '`fall`').join(), /console: default `fallback`/)
    assert.match(faultsOf('days, ', '').join(), /^retention_days: its unit/)
  })
})

describe('the configurations of README and docs/', () => {
  it('are taken, each as it stands', () => {
    const blocks = pages.flatMap(({ name, text }) =>
      [...text.matchAll(/^```json\n([^]*?)^```$/gm)].flatMap(([, block = '']) =>
        block.includes('"logging"') ? [{ name, block }] : [],
      ),
    )
    assert.ok(blocks.length >= 5, `${blocks.length} blocks`)
    for (const { name, block } of blocks) {
      const { logging } = JSON.parse(block) as { readonly logging: unknown }
      assert.doesNotThrow(() => resolveConfig(logging), name)
    }
  })
})
