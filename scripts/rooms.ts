// `npm run docs:rooms`: puts the rooms of lib/ into docs/architecture.md, each file with the first
// sentence of its header, between the markers there. With --check it changes nothing, and ends with
// 1 when they are out of date.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { format, resolveConfig } from 'prettier'

const root = resolve(import.meta.dirname, '..')
const document = join(root, 'docs', 'architecture.md')
const [open, close] = ['<!-- rooms -->', '<!-- /rooms -->']

/** The stations in the order of an entry, and who has the turn there. */
const stations: readonly (readonly [folder: string, turn: string])[] = [
  ['.', 'the entry points'],
  ['entry', 'words that everyone uses'],
  ['redact', 'words that everyone uses: secrets'],
  ['config', 'before everything else'],
  ['capture', "the caller's turn"],
  ['event', "compiled once; the caller's turn and ours"],
  ['encode', 'our turn'],
  ['deliver', 'our turn'],
  ['sinks', 'our turn, and the thread pool'],
  ['directory', 'what lies on disk'],
  ['journal', "the caller's turn; and the next start"],
  ['thread', "the caller's turn, and a thread of ours"],
  ['logger', 'what a user holds; where the parts are joined'],
  ['pino', 'the face of pino, over what a user holds'],
  ['read', 'another process, or whoever reads'],
  ['ship', 'another process, which sends to an engine'],
  ['command', 'the command'],
]

/** The first sentence of a file's header, on one line. */
function purposeOf(text: string): string {
  const lines = text.split('\n').filter((line) => !line.startsWith('#!'))
  const end = lines.findIndex((line) => !line.startsWith('// '))
  const header = lines
    .slice(0, end)
    .map((line) => line.slice(3))
    .join(' ')
  const sentence = /^.*?[.?!](?= [A-Z`]|$)/.exec(header)?.[0] ?? header
  return sentence.replaceAll('|', String.raw`\|`)
}

function roomsIn(folder: string): string {
  const path = join(root, 'lib', folder)
  const rows = readdirSync(path)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `| \`${name}\` | ${purposeOf(readFileSync(join(path, name), 'utf8'))} |`)
  return `| | |\n| --- | --- |\n${rows.join('\n')}`
}

const folders = readdirSync(join(root, 'lib'), { withFileTypes: true }).filter((entry) =>
  entry.isDirectory(),
)
const unknown = folders.find(({ name }) => !stations.some(([folder]) => folder === name))
if (unknown !== undefined)
  throw new Error(`Cannot list the rooms: expected a known station, got ${unknown.name}`)

const rooms = stations
  .map(
    ([folder, turn]) =>
      `### ${folder === '.' ? 'lib/' : `${folder}/`}\n\n${turn}.\n\n${roomsIn(folder)}`,
  )
  .join('\n\n')
const before = readFileSync(document, 'utf8')
const text = `${before.slice(0, before.indexOf(open) + open.length)}\n\n${rooms}\n\n${before.slice(before.indexOf(close))}`
const after = await format(text, { ...(await resolveConfig(document)), parser: 'markdown' })

if (!process.argv.includes('--check')) writeFileSync(document, after)
else if (after !== before) {
  console.error('docs/architecture.md is out of date: run npm run docs:rooms')
  process.exitCode = 1
}
