// `npm run bench:docs`: puts the tables of bench/results/latest.json into docs/costs.md, three of
// its figures into README.md, between the markers there, and makes the pictures in docs/. Nothing
// is typed by hand. A file may be given in place of latest.json.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { betweenMarkers, headlineOf, tablesOf } from './markdown.ts'
import { latencyPicture, ratePicture, throughputPicture } from './pictures.ts'
import { repository } from './repository.ts'
import { latestFile, readResults } from './results.ts'

const results = readResults(process.argv[2] ?? latestFile)
const docs = join(repository, 'docs')
mkdirSync(docs, { recursive: true })
const pictures = {
  rates: ['bench-rates.svg', ratePicture],
  tail: ['bench-latency.svg', latencyPicture],
  disk: ['bench-throughput.svg', throughputPicture],
} as const
for (const [measure, [file, draw]] of Object.entries(pictures)) {
  // A run of some measures leaves the pictures of the others as they are.
  if (results.rows.some((row) => row.measure === measure)) {
    writeFileSync(join(docs, file), draw(results))
  }
}

await place('README.md', headlineOf(results))
await place(join('docs', 'costs.md'), tablesOf(results))
console.log(`README.md and docs/ show ${results.commit}`)

async function place(name: string, tables: string): Promise<void> {
  const file = join(repository, name)
  const text = betweenMarkers(readFileSync(file, 'utf8'), 'bench', tables)
  // As `npm run format` would leave it, so that the check of the format does not fail on what a
  // script wrote.
  const options = await resolveConfig(file)
  writeFileSync(file, await format(text, { ...options, parser: 'markdown' }))
}
