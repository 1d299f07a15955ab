// `npm run test:survive`: kills processes that log with `buffer.ring: "shared"`, in all ways and at
// random moments, also while they recover what the one before has left, and counts what is in the
// files. Exit code 1 when an entry whose call had returned is lost, there twice, or out of order.

import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Random } from '../faults/random.ts'
import { judge } from './judge.ts'

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
/** Processes that log into one directory, one after the other. */
const runsEach = 12
const noteBytes = 4096
const random = new Random(Number(options.seed))
const victim = join(import.meta.dirname, 'victim.js')
const ways = ['kill', 'kill', 'early', 'self', 'segv', 'abort', 'oom', 'exit'] as const

interface Total {
  [count: string]: number
}

async function main(): Promise<void> {
  if (process.platform !== 'linux') {
    console.log('skipped: shared memory is used on Linux only')
    return
  }
  console.log(`seed ${options.seed}, node ${process.version}`)
  const total: Total = { kills: 0, accepted: 0 }
  const begun = ringsNow()
  while (total['kills']! < Number(options.kills)) await directory(total)
  const left = [...ringsNow()].filter((name) => !begun.has(name))
  total['rings left'] = left.length
  console.log(JSON.stringify(total))
  const bad = ['lost', 'twice', 'disordered', 'copies', 'leaks', 'remarks', 'rings left']
  if (bad.some((name) => (total[name] ?? 0) > 0)) process.exitCode = 1
}

/** Lets a dozen processes log into one directory. */
async function directory(total: Total): Promise<void> {
  const place = mkdtempSync(join(tmpdir(), 'ringlog-survive-'))
  const logs = join(place, 'logs')
  const notes = join(place, 'notes')
  writeFileSync(notes, Buffer.alloc(noteBytes))
  for (let run = 1; run <= runsEach; run++) {
    const way = run === runsEach ? 'exit' : random.of(ways)
    const remarks = await die(logs, notes, run, way)
    total[way] = (total[way] ?? 0) + 1
    if (way !== 'exit') total['kills']!++
    if (/not believed|ringlog:/.test(remarks)) {
      total['remarks'] = (total['remarks'] ?? 0) + 1
      console.log(`${way}: ${remarks.slice(0, 500)}`)
    }
  }
  const numbers = new Float64Array(readFileSync(notes).buffer.slice(0, noteBytes))
  const accepted = new Map(
    Array.from({ length: runsEach }, (_, at): [number, number] => [at + 1, numbers[at + 1]!]),
  )
  for (const count of accepted.values()) total['accepted']! += count
  const { faults, ...verdict } = judge(logs, accepted)
  for (const [name, count] of Object.entries(verdict)) total[name] = (total[name] ?? 0) + count
  for (const text of faults) console.log(`${place}: ${text}`)
  if (faults.length === 0) rmSync(place, { recursive: true })
}

/** Runs one process to its end; gives what it has said on stderr. */
function die(logs: string, notes: string, run: number, way: string): Promise<string> {
  const flags = way === 'oom' ? ['--max-old-space-size=40'] : []
  const pieces = 1 + random.integer(0, way === 'kill' ? 7 : 39)
  const child = spawn(
    process.execPath,
    [...flags, victim, logs, notes, `${run}`, way, `${pieces}`],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  let remarks = ''
  child.stderr.on('data', (bytes: Buffer) => {
    const lines = bytes.toString().split('\n')
    remarks += lines.filter((line) => line.includes('ringlog')).join('\n')
  })
  return new Promise((resolve) => {
    const ms = way === 'early' ? 60 + random.integer(0, 250) : 250 + random.integer(0, 700)
    const isKilled = way === 'kill' || way === 'early'
    const timer = setTimeout(() => child.kill('SIGKILL'), isKilled ? ms : 20_000)
    child.on('close', () => {
      clearTimeout(timer)
      resolve(remarks)
    })
  })
}

function ringsNow(): Set<string> {
  return new Set(readdirSync('/dev/shm').filter((name) => name.startsWith('ringlog-')))
}

await main()
