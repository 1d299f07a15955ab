// `npm run bench:docs`: puts the tables of bench/results/latest.json into README.md, between its markers, and
// makes the pictures in docs/. Nothing is typed by hand. A file may be given in place of latest.json.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { betweenMarkers, tablesOf } from './markdown.ts'
import { latencyPicture, throughputPicture } from './pictures.ts'
import { latestFile, readResults, repository } from './results.ts'

const results = readResults(process.argv[2] ?? latestFile)
const docs = join(repository, 'docs')
mkdirSync(docs, { recursive: true })
writeFileSync(join(docs, 'bench-latency.svg'), latencyPicture(results))
writeFileSync(join(docs, 'bench-throughput.svg'), throughputPicture(results))

/** Measures whose tables README shows; a run prints all of them, and the file holds them. */
const shown: ReadonlySet<string> = new Set(['tail', 'allocation', 'disk'])

const readme = join(repository, 'README.md')
const text = betweenMarkers(readFileSync(readme, 'utf8'), 'bench', tablesOf(results, shown))
// As `npm run format` would leave it, so that the check of the format does not fail on what a script wrote.
const options = await resolveConfig(readme)
writeFileSync(readme, await format(text, { ...options, parser: 'markdown' }))
console.log(
  `README.md, docs/bench-latency.svg and docs/bench-throughput.svg show ${results.commit}`,
)
