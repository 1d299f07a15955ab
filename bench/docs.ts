// `npm run bench:docs`: puts tables into docs/costs.md, three figures into README.md, between the
// markers there, and makes the pictures in docs/. Nothing is typed by hand. Each measure is that of
// the newest stored run that has it, below the conditions of that run.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { betweenMarkers, headlineOf, tablesOfRuns } from './markdown.ts'
import { latencyPicture, ratePicture, throughputPicture } from './pictures.ts'
import { repository } from './repository.ts'
import { type Results, storedResults } from './results.ts'

const runs = storedResults()
const docs = join(repository, 'docs')
mkdirSync(docs, { recursive: true })
const pictures = {
  rates: ['bench-rates.svg', ratePicture],
  tail: ['bench-latency.svg', latencyPicture],
  disk: ['bench-throughput.svg', throughputPicture],
} as const
for (const [measure, [file, draw]] of Object.entries(pictures)) {
  const run = runWith(measure)
  if (run !== undefined) writeFileSync(join(docs, file), draw(run))
}

const headline = runWith('rates') ?? runs[0]
if (headline === undefined) throw new Error('Cannot show results: expected a stored run, got none')
await place('README.md', headlineOf(headline))
await place(join('docs', 'costs.md'), tablesOfRuns(runs))
console.log(`README.md shows ${headline.commit}`)

/** The newest run with rows of a measure. */
function runWith(measure: string): Results | undefined {
  return runs.find(({ rows }) => rows.some((row) => row.measure === measure))
}

async function place(name: string, tables: string): Promise<void> {
  const file = join(repository, name)
  const text = betweenMarkers(readFileSync(file, 'utf8'), 'bench', tables)
  // As `npm run format` would leave it, so that the check of the format does not fail on what a
  // script wrote.
  const options = await resolveConfig(file)
  writeFileSync(file, await format(text, { ...options, parser: 'markdown' }))
}
