// One job in a process of its own: `node child.js <job as JSON> <directory>`. The last line on
// stdout is the outcome as JSON.

import { writeSync } from 'node:fs'
import { growYoungGeneration } from './loop.ts'
import { type Job } from './measure.ts'
import { measureOf } from './measures/catalog.ts'

const [jobText = '', directory = ''] = process.argv.slice(2)
const job = JSON.parse(jobText) as Job
growYoungGeneration()
const outcome = await measureOf(job.measure).run(job, directory)
writeSync(1, `${JSON.stringify(outcome)}\n`)
// Some libraries keep the process alive after their end; what they have not written by now is lost.
process.exit(0)
