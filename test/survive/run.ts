// `npm run test:survive`: kills processes that log with `buffer.ring: "shared"`, in all ways and at
// random moments, also while they recover what the one before has left, and counts what is in the
// files. Exit code 1 when an entry whose call had returned is lost, there twice, or out of order.
//
// `orphan`: the writer thread ends some time before the process does. `group`: the system kills it,
// since its control group has come to its limit of memory.
//
// Who writes changes from run to run, so that each recovers what the other has left; `--writer
// inline` or `--writer thread` has only one of them. `--entries N` has a process log N times as
// much; `--way WAY` has all of them end in one way.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Random } from '../faults/random.ts'
import { MemoryGroup, whyNoMemoryGroup } from '../memory-group.ts'
import { judge } from './judge.ts'

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    writer: { type: 'string', default: 'both' },
    entries: { type: 'string', default: '1' },
    way: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
/** Processes that log into one directory, one after the other. */
const runsEach = 12
const noteBytes = 4096
/** A busy machine takes 20 s for a recovery. */
const endMsMax = 120_000
/** What a busy machine has said, and is no fault. */
const busyMachine =
  /ringlog: (?:cannot write \S+: no answer from the disk for 2 s; entries wait in memory|can write all files again, after \S+ s|the writer thread does not answer; its work goes on in the thread that logs)/g
const random = new Random(Number(options.seed))
const victim = join(import.meta.dirname, 'victim.js')
const orphaned = 'ringlog: the writer thread has ended; its work goes on in the thread that logs'
const writers = ['inline', 'thread'] as const
const ways = ['kill', 'kill', 'early', 'self', 'orphan', 'segv', 'abort', 'oom', 'exit']
/** A process of `group` has so much memory, its ring included, in bytes. */
const groupBytes = 192 * 1024 * 1024

interface Total {
  [count: string]: number
}

async function main(): Promise<void> {
  if (process.platform !== 'linux') {
    console.log('skipped: shared memory is used on Linux only')
    return
  }
  console.log(`seed ${options.seed}, node ${process.version}`)
  const whyNot = whyNoMemoryGroup()
  if (whyNot === undefined) ways.push('group')
  else console.log(`without kills by the system for its memory: ${whyNot}`)
  const total: Total = { kills: 0, accepted: 0 }
  while (total['kills']! < Number(options.kills)) await directory(total)
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
    const way = run === runsEach ? 'exit' : (options.way ?? random.of(ways))
    const writer = options.writer === 'both' ? random.of(writers) : options.writer
    const said = await die(logs, notes, run, way, writer)
    // That its writer thread is no more, which is so.
    const remarks = way === 'orphan' ? said.replace(orphaned, '') : said
    total[way] = (total[way] ?? 0) + 1
    total[writer] = (total[writer] ?? 0) + 1
    if (way !== 'exit') total['kills']!++
    const told = remarks.replace(busyMachine, '')
    if (/not believed|ringlog:/.test(told)) {
      total['remarks'] = (total['remarks'] ?? 0) + 1
      console.log(`${way}: ${remarks.slice(0, 500)}`)
    }
  }
  // Where a Buffer begins in its memory is Node's affair: from 24 on this one lies in a pool.
  const numbers = readFileSync(notes)
  const accepted = new Map(
    Array.from({ length: runsEach }, (_, at): [number, number] => [
      at + 1,
      numbers.readDoubleLE((at + 1) * 8),
    ]),
  )
  for (const count of accepted.values()) total['accepted']! += count
  const { faults, ...verdict } = judge(logs, accepted)
  for (const [name, count] of Object.entries(verdict)) total[name] = (total[name] ?? 0) + count
  total['rings left'] = (total['rings left'] ?? 0) + ringsOf(logs)
  for (const text of faults) console.log(`${place}: ${text}`)
  if (faults.length === 0) rmSync(place, { recursive: true })
}

/** Runs one process to its end; gives what it has said on stderr. */
function die(
  logs: string,
  notes: string,
  run: number,
  way: string,
  writer: string,
): Promise<string> {
  const flags = way === 'oom' ? ['--max-old-space-size=40'] : []
  const pieces = 1 + random.integer(0, way === 'kill' ? 7 : 39)
  const group = way === 'group' ? new MemoryGroup() : undefined
  group?.limit(groupBytes)
  const words = [...(group?.before ?? []), process.execPath, ...flags, victim, logs, notes]
  const [file, ...args] = [...words, `${run}`, way, `${pieces}`, writer, options.entries]
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let remarks = ''
  child.stderr.on('data', (bytes: Buffer) => {
    const lines = bytes.toString().split('\n')
    remarks += lines.filter((line) => line.includes('ringlog')).join('\n')
  })
  return new Promise((resolve) => {
    const ms = way === 'early' ? 60 + random.integer(0, 250) : 250 + random.integer(0, 700)
    const isKilled = way === 'kill' || way === 'early'
    const timer = setTimeout(() => child.kill('SIGKILL'), isKilled ? ms : endMsMax)
    child.on('close', () => {
      clearTimeout(timer)
      if (group?.kills === 0) remarks += 'ringlog: the system has not killed it'
      group?.remove()
      resolve(remarks)
    })
  })
}

/** How many rings there are of a log directory: others may have theirs meanwhile. */
function ringsOf(logs: string): number {
  const name = createHash('sha256').update(realpathSync(logs)).digest('hex').slice(0, 24)
  return readdirSync('/dev/shm').filter((file) => file.includes(name)).length
}

await main()
