// How quickly the command reads what was written: a search through everything, the last lines of a
// large file, and the check of every line; beside them jq with the same question, and the command
// that only says its version.

import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Job, type Measure, type Outcome, type Scale } from '../measure.ts'
import { openSubject } from '../subjects/catalog.ts'

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url))
/** Starts of the command of which the median counts. */
const starts = 11
const errorFilter = 'select(.level == "ERROR")'

export const reading: Measure = {
  name: 'reading',
  title: 'Reading',
  about:
    'Files of 50 MB full of the enforcement entry. Search: `ringlog tail -S 2000-01-01 -l error --json` over all of ' +
    'them, MB/s and peak memory; jq: `jq -c \'select(.level == "ERROR")\'` on the same bytes. Verify: `ringlog verify`. ' +
    'First line: the whole command `ringlog tail -n 20` on one file of 50 MB, ms, and `ringlog --version`.',
  metrics: [
    { name: 'search_mb_s', title: 'search, MB/s', better: 'higher' },
    { name: 'jq_mb_s', title: 'jq, MB/s', better: 'higher' },
    { name: 'search_rss_mb', title: 'search, peak memory, MB', better: 'lower' },
    { name: 'verify_mb_s', title: 'verify, MB/s', better: 'higher' },
    { name: 'first_line_ms', title: '`tail -n 20`, ms', better: 'lower' },
    { name: 'version_ms', title: '`--version`, ms', better: 'lower' },
  ],

  variantTitle: (variant) => `${variant} files of 50 MB`,

  plan: (scale: Scale) => [
    {
      measure: 'reading',
      variant: scale === 'quick' ? '2' : '10',
      subject: 'ringlog-typed',
      // About 87,000 entries fill a file.
      count: (scale === 'quick' ? 1 : 10) * 87_500,
    } satisfies Job,
  ],

  async run(job: Job, directory: string): Promise<Outcome> {
    const logs = join(directory, 'logs')
    const subject = await openSubject('ringlog-typed', { directory: logs, rotation: true })
    for (let i = 0; i < job.count; i++) {
      subject.entry(i)
      if (i % 1000 === 999) await new Promise((resolve) => setImmediate(resolve))
    }
    await subject.end()
    const files = readdirSync(logs).filter((name) => name.startsWith('enforcement.log'))
    const megabytes = files.reduce((sum, name) => sum + statSync(join(logs, name)).size, 0) / 1e6
    const one = join(directory, 'one')
    mkdirSync(one)
    copyFileSync(join(logs, 'enforcement.log.1'), join(one, 'enforcement.log'))

    const search = command(['tail', '-d', logs, '-S', '2000-01-01', '-l', 'error', '--json'], true)
    const jq = timed('bash', ['-c', `cat "$0"/enforcement.log* | jq -c '${errorFilter}'`, logs])
    return {
      metrics: {
        search_mb_s: megabytes / (search.ms / 1000),
        jq_mb_s: jq === undefined ? Number.NaN : megabytes / (jq.ms / 1000),
        search_rss_mb: search.rssMb,
        verify_mb_s: megabytes / (command(['verify', '-d', logs]).ms / 1000),
        first_line_ms: medianMs(['tail', '-n', '20', '-d', one]),
        version_ms: medianMs(['--version']),
      },
      logged: undefined,
    }
  },
}

interface Timed {
  readonly ms: number
  readonly rssMb: number
}

/** The command from its start to its end. */
function command(words: readonly string[], measuresMemory = false): Timed {
  // A process tells its own peak at its end; GNU time is not everywhere.
  const tells = `data:text/javascript,process.on('exit',()=>console.error(process.resourceUsage().maxRSS))`
  const flags = measuresMemory ? ['--import', tells] : []
  const found = timed(process.execPath, [...flags, cli, ...words])
  if (found === undefined) throw new Error(`Expected ringlog ${words.join(' ')} to end with 0`)
  return found
}

function timed(file: string, words: readonly string[]): Timed | undefined {
  const start = process.hrtime.bigint()
  const { status, stderr } = spawnSync(file, words, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  })
  const ms = Number(process.hrtime.bigint() - start) / 1e6
  return status === 0 ? { ms, rssMb: (Number(stderr) * 1024) / 1e6 } : undefined
}

function medianMs(words: readonly string[]): number {
  const times = Array.from({ length: starts }, () => command(words).ms)
  return times.toSorted((a, b) => a - b)[starts >> 1]!
}
