// `npm run docs:picture`: runs the demo and draws what it printed as docs/terminal.svg. The lines
// are those of a real run; where some are left out, a line of dots says so.

import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { fileURLToPath } from 'node:url'
import { drawTerminal } from './demo/terminal-picture.ts'

/** What is to be seen in the picture, in lines as they followed each other. */
const stretches = [
  { length: 12, signs: [/CRITICAL/, / ERROR /, / WARNING /, / ended: /, /Position closed/] },
  { length: 7, signs: [/^--- .* rotated/, /\| audit/, /Enforcement/, / WARNING /, / sdk /] },
]
/** Lines before the first entry. */
const introLines = 4

const root = new URL('.', import.meta.resolve('ringlog/package.json'))
const demo = fileURLToPath(new URL('demo.js', import.meta.url))
const { status, stdout } = spawnSync(process.execPath, [demo, '--seconds', '12'], {
  encoding: 'utf8',
  env: { ...process.env, FORCE_COLOR: '1' },
  maxBuffer: 64 * 1024 * 1024,
  stdio: ['ignore', 'pipe', 'inherit'],
})
if (status !== 0) throw new Error(`Cannot draw the demo: expected exit 0, got ${status}`)

const lines = stdout.trimEnd().split('\n')
const plainLines = lines.map(stripVTControlCharacters)
const dots = '\u001b[2m⋮\u001b[0m'
const shown = stretches
  .map(({ length, signs }) => ({ start: bestStart(plainLines, length, signs), length }))
  .toSorted((a, b) => a.start - b.start)
const pictured = [
  '\u001b[1m$\u001b[0m npm start',
  ...lines.slice(0, introLines),
  ...shown.flatMap(({ start, length }) => [dots, ...lines.slice(start, start + length)]),
  dots,
  ...lines.slice(plainLines.indexOf('This run'), plainLines.indexOf('Try') - 1),
]
mkdirSync(new URL('docs/', root), { recursive: true })
writeFileSync(new URL('docs/terminal.svg', root), drawTerminal(pictured, 'npm start'))

/**
 * Where those consecutive lines begin that show the most of what is to be seen, in the order of
 * days.
 */
function bestStart(all: readonly string[], length: number, signs: readonly RegExp[]): number {
  let best = 0
  let bestScore = -Infinity
  for (let start = introLines; start + length <= all.indexOf('This run'); start++) {
    const stretch = all.slice(start, start + length)
    const shows = signs.map((sign) => stretch.some((line) => sign.test(line)))
    // The first sign is what the stretch is for: it counts more than all others together.
    const found = shows.filter(Boolean).length + (shows[0] === true ? signs.length : 0)
    // Files are merged by the milliseconds of their entries; days that share one may come
    // interleaved.
    const days = stretch.flatMap((line) => /\| (\d{4}-\d\d-\d\d) /.exec(line)?.[1] ?? [])
    const inOrder = days.every((day, i) => i === 0 || day >= (days[i - 1] ?? ''))
    const score = inOrder ? found : found - 0.5
    if (score > bestScore) [best, bestScore] = [start, score]
  }
  return best
}
