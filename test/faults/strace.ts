// Faults in single system calls, injected by strace: the n-th call of a kind on the files of a log
// directory fails. strace counts per thread; one thread in libuv's pool makes the count that of the
// writer.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Workplace } from './subject.ts'

/** The calls by which bytes get into a file. */
export const writeCalls = 'write,writev,pwrite64,pwritev'

export interface Injection {
  /** System calls, separated by commas. */
  readonly calls: string
  /** strace's word for it: `error=ENOSPC`, `delay_enter=50000`, `signal=SIGKILL`. */
  readonly action: string
  /** strace's word for which of the calls: `3`, `3..5`, `3+`; all when it is missing. */
  readonly when?: string
  /** Of these files only. @default the directory and all files in it */
  readonly names?: readonly string[]
}

const bases = ['system', 'audit', 'enforcement', 'error', 'service']
const endings: readonly string[] = [
  '',
  ...['.1', '.2', '.3', '.4'].flatMap((ending) => [ending, `${ending}.gz`]),
]

const allNames: readonly string[] = bases.flatMap((base) =>
  endings.map((ending) => `${base}.log${ending}`),
)

/** What one process is started with, so that its calls fail. */
export const tracedEnvironment: NodeJS.ProcessEnv = { UV_THREADPOOL_SIZE: '1' }

/** The command before `node`. */
export function tracing(workplace: Workplace, injection: Injection): string[] {
  const { calls, action, when, names } = injection
  const { logs } = workplace
  const paths = names?.map((name) => join(logs, name)) ?? [
    logs,
    ...allNames.map((name) => join(logs, name)),
  ]
  return [
    'strace',
    // Makes calls that are not traced as fast as without. It delivers no signals, though (strace
    // 6.1).
    ...(action.startsWith('signal') ? [] : ['--seccomp-bpf']),
    '--follow-forks',
    '--quiet=all',
    `--output=${traceFile(workplace)}`,
    `--trace=${calls}`,
    `--inject=${calls}:${action}${when === undefined ? '' : `:when=${when}`}`,
    ...paths.map((path) => `--trace-path=${path}`),
  ]
}

/** Whether the run came to a call that was to fail. */
export function hasMet(workplace: Workplace): boolean {
  const file = traceFile(workplace)
  return existsSync(file) && /\((INJECTED|DELAYED)/.test(readFileSync(file, 'utf8'))
}

/** Whether a call of that thread was delayed. */
export function hasDelayed(workplace: Workplace, thread: number): boolean {
  const lines = readFileSync(traceFile(workplace), 'utf8').split('\n')
  return lines.some((line) => line.includes('(DELAYED') && Number.parseInt(line, 10) === thread)
}

/** Why strace cannot inject here; undefined when it can. */
export function whyNoStrace(): string | undefined {
  if (process.platform !== 'linux') return 'strace is to be had on Linux only'
  const probe = [
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '--trace=write',
    '--inject=write:error=EIO:when=1..1',
  ]
  const { error, stdout, stderr } = spawnSync(
    'strace',
    ['--seccomp-bpf', ...probe, 'sh', '-c', 'echo written'],
    { encoding: 'utf8' },
  )
  if (error !== undefined) return `strace cannot be started (${error.message})`
  const complaint = stderr.split('\n').find((line) => line.includes('strace:'))
  if (complaint !== undefined) return `strace cannot trace here (${complaint.trim()})`
  return stdout === '' ? undefined : 'strace traces here, but injects nothing'
}

function traceFile({ notes }: Workplace): string {
  return join(notes, 'trace')
}
