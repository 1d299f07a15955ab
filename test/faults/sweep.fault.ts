// The n-th call of a kind fails, for n = 1, 2, 3 … until a run ends without meeting the fault:
// once, three times in a row, and from then on for ever.

import {
  assess,
  type Expected,
  restartFaults,
  type Run,
  type Scenario,
  type Tools,
} from './scenario.ts'
import {
  type Injection,
  hasMet,
  tracedEnvironment,
  tracing,
  whyNoStrace,
  writeCalls,
} from './strace.ts'
import { Subject } from './subject.ts'
import type { Job } from './job.ts'

/** A sweep that has not come to its end by then is one without an end. */
const runsMax = 100
/** The known-bad writer has shown by then that the fault bites. */
const controlRuns = 3

/**
 * A file full and a part of another, so that there is a rotation; in few writes, for each is a run.
 */
const job: Partial<Job> = {
  config: { rotation: { max_size_mb: 1, max_files: 2 } },
  categories: ['audit'],
  entries: 1400,
  perTurn: 350,
  padding: 900,
  errorEvery: 100,
  acknowledge: 'flush',
  flushEvery: 350,
}

interface Fault extends Omit<Injection, 'when'> {
  readonly title: string
  /** The same way through the code as another. */
  readonly isVariant?: boolean
  /** The known-bad writer has nothing of the kind, or is right there. */
  readonly isOurs?: boolean
  readonly job?: Partial<Job>
  /** Which calls fail, n being the first, and what holds then. */
  readonly modes: readonly Mode[]
}

interface Mode {
  readonly title: string
  readonly when: (n: number) => string
  readonly expected: Expected
  /** How long the process waits for recovery, in milliseconds. */
  readonly settleMs: number
}

const once: Mode = {
  title: 'once',
  when: (n) => `${n}`,
  expected: { promised: 'complete' },
  settleMs: 10_000,
}
const thrice: Mode = { ...once, title: '3 in a row', when: (n) => `${n}..${n + 2}` }
const forEver: Mode = {
  title: 'for ever',
  when: (n) => `${n}+`,
  expected: { promised: 'counted' },
  settleMs: 0,
}
/** Rotations may fail for ever, and nothing is lost for it. */
const harmless: Mode = { ...forEver, expected: { promised: 'complete' } }

const faults: readonly Fault[] = [
  ...['ENOSPC', 'EIO', 'EDQUOT'].map((code, i) => ({
    isVariant: i > 0,
    title: `write fails with ${code}`,
    calls: writeCalls,
    action: `error=${code}`,
    modes: [once, thrice, forEver],
  })),
  ...['EMFILE', 'EACCES', 'EROFS'].map((code, i) => ({
    isVariant: i > 0,
    title: `open fails with ${code}`,
    calls: 'openat',
    action: `error=${code}`,
    modes: [once, forEver],
  })),
  ...['EIO', 'EACCES', 'EBUSY'].map((code, i) => ({
    isVariant: i > 0,
    title: `rename fails with ${code}`,
    calls: 'rename,renameat,renameat2',
    action: `error=${code}`,
    modes: [once, harmless],
  })),
  ...['EIO', 'EACCES', 'EBUSY'].map((code, i) => ({
    isVariant: i > 0,
    title: `unlink fails with ${code}`,
    isOurs: true,
    calls: 'unlink,unlinkat',
    action: `error=${code}`,
    modes: [once, harmless],
  })),
  {
    title: 'stat fails with EIO',
    calls: 'statx,newfstatat,fstat',
    action: 'error=EIO',
    // A look at each file for its last numbers, and each rename, would be a run.
    names: ['audit.log'],
    modes: [once, thrice],
  },
  {
    title: 'fdatasync fails with EIO, durability synced',
    calls: 'fdatasync,fsync',
    action: 'error=EIO',
    job: {
      config: { ...job.config, durability: { audit: 'synced' } },
    },
    // What a failed fdatasync covered is written again, and what it may have written stays.
    modes: [once, thrice, forEver].map((mode) => ({
      ...mode,
      expected: { ...mode.expected, mayRepeat: true },
    })),
  },
]

/** Rotated files become gzip meanwhile. */
const compressing: Partial<Job> = {
  config: { rotation: { max_size_mb: 1, max_files: 3, compress: true } },
  pauseMs: 100,
}

/**
 * The calls of which a compression consists, besides those that the writer has, too. What it writes
 * goes to a name that is not known beforehand; what a full disk does to that is a fault of its own.
 */
const compressionCalls: readonly (readonly [name: string, calls: string])[] = [
  ['statfs', 'statfs'],
  ['link', 'link,linkat'],
  ['fsync', 'fsync'],
  ['rename', 'rename,renameat,renameat2'],
]
const lockCalls: typeof compressionCalls = [
  ['open', 'openat'],
  ['stat', 'statx,newfstatat,fstat'],
  ['chmod', 'fchmod'],
  ['read', 'read,pread64'],
  ['write', writeCalls],
]

const upkeep: readonly Fault[] = [
  ...compressionCalls.map(([name, calls]) => ({
    title: `${name} of a compression fails with EIO`,
    calls,
    isOurs: true,
    action: 'error=EIO',
    job: compressing,
    modes: [once, harmless],
  })),
  ...lockCalls.map(([name, calls]) => ({
    title: `${name} of the lock fails with EIO`,
    calls,
    isOurs: true,
    action: 'error=EIO',
    names: ['ringlog.1.lock', 'ringlog.2.lock'],
    modes: [once, forEver],
  })),
]

// What it acknowledges it has written, so it survives these; the kills at random moments are its
// undoing.
const kills: readonly Fault[] = [
  { title: 'SIGKILL at a write', calls: writeCalls, isOurs: true },
  { title: 'SIGKILL at a rename', calls: 'rename,renameat,renameat2', isOurs: true },
  { title: 'SIGKILL at an open', calls: 'openat', isOurs: true },
  ...compressionCalls.map(([name, calls]) => ({
    title: `SIGKILL at the ${name} of a compression`,
    calls,
    isOurs: true,
    job: compressing,
  })),
].map((fault) => ({
  ...fault,
  action: 'signal=SIGKILL',
  modes: [{ ...once, expected: { promised: 'acknowledged', signal: 'SIGKILL', torn: 1 } }],
}))

export const sweeps: readonly Scenario[] = [...faults, ...upkeep, ...kills].flatMap((fault) =>
  fault.modes.map((mode) => ({
    title: fault.modes.length > 1 ? `${fault.title}, ${mode.title}` : fault.title,
    whyNot: whyNoStrace,
    isVariant: fault.isVariant === true || mode.title === '3 in a row',
    runs: (tools: Tools) => sweep(tools, fault, mode, {}),
    ...((mode === once || fault.modes.length === 1) && fault.isOurs !== true
      ? { control: (tools: Tools) => sweep(tools, fault, mode, { writer: 'bare' }) }
      : {}),
  })),
)

async function* sweep(
  tools: Tools,
  fault: Fault,
  mode: Mode,
  change: Partial<Job>,
): AsyncGenerator<Run> {
  const isControl = change.writer === 'bare'
  for (let n = 1; n <= (isControl ? controlRuns : runsMax); n++) {
    let isMet = false
    yield await tools.at(async (workplace) => {
      const { calls, action, names } = fault
      const subject = new Subject(
        workplace,
        { ...job, settleMs: mode.settleMs, ...fault.job, ...change },
        {
          prefix: tracing(workplace, {
            calls,
            action,
            when: mode.when(n),
            ...(names === undefined ? {} : { names }),
          }),
          env: tracedEnvironment,
        },
      )
      const ended = await subject.ended
      isMet = hasMet(workplace) || ended.signal === 'SIGKILL'
      // The last run meets no fault, and is complete.
      const expected: Expected = isMet ? mode.expected : { promised: 'complete' }
      const run = { ...assess(`n = ${n}`, ended, workplace.logs, expected), isMet }
      if (isControl) return run
      const restart = await restartFaults(workplace.logs)
      return { ...run, complaints: [...run.complaints, ...restart] }
    })
    if (!isMet) return
  }
  if (isControl) return
  throw new Error(`Cannot end the sweep: expected a run without the fault, got ${runsMax} with it`)
}
