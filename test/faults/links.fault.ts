// Another user who may write to the directory, and puts links to files of ours in the place of log
// files, as fast as the system exchanges two names.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Job } from './job.ts'
import { assess, type Run, type Scenario, type Tools } from './scenario.ts'
import { type StartOptions, Subject, type Workplace } from './subject.ts'

const runsEach = 10
const controlRuns = 4

/** It logs under attack from its start to the stop. */
const stop = 5000
const job: Partial<Job> = {
  config: { rotation: { max_size_mb: 1, max_files: 20 } },
  categories: ['audit'],
  entries: 6000,
  perTurn: 20,
  pauseMs: 4,
  padding: 50,
  stops: [stop],
  settleMs: 40_000,
}

const owner = 2001
const attacker = 2002
const name = 'audit.log'
const precious = 'precious\n'

/** Numbers of renameat2, which Node and Perl have no name for. */
const renameat2: { readonly [arch: string]: number } = { x64: 316, arm64: 276 }

/** Exchanges two names until it is told to end, and leaves the file under its own. */
const exchanging = `
  my ($number, $file, $link) = @ARGV;
  my $isOver = 0;
  $SIG{TERM} = sub { $isOver = 1 };
  print "begins\\n"; close(STDOUT);
  while (!$isOver) { syscall(0 + $number, -100, $file, -100, $link, 2) }
  syscall(0 + $number, -100, $file, -100, $link, 2) while -l $file;
`

function as(user: number): [string, ...string[]] {
  return ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups']
}

function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, to be two other users'
  if (renameat2[process.arch] === undefined) return 'the number of renameat2 is not known here'
  for (const words of [
    ['perl', '-e', '1'],
    [...as(attacker), 'true'],
  ]) {
    const { error, status } = spawnSync(words[0]!, words.slice(1))
    if (error !== undefined || status !== 0) return `${words[0]} cannot be used here`
  }
  return undefined
}

export const links: readonly Scenario[] = [
  {
    title: 'links to another file swapped in for a log file by another user',
    isAlone: true,
    whyNot,
    runs: (tools) => attacked(tools, tools.scale(runsEach), {}),
    control: (tools) => attacked(tools, controlRuns, { writer: 'bare', settleMs: 0 }),
  },
]

async function* attacked(tools: Tools, count: number, change: Partial<Job>): AsyncGenerator<Run> {
  for (let n = 1; n <= count; n++) {
    yield await tools.at(async (workplace) => {
      const victim = prepare(workplace)
      const attack = await begin(workplace)
      const options: StartOptions = { prefix: as(owner) }
      const subject = new Subject(workplace, { ...job, ...change }, options)
      await subject.stopped(stop)
      attack.kill()
      await once(attack, 'exit')
      subject.go()
      const ended = await subject.ended
      return assess(`${n}`, ended, workplace.logs, {
        promised: 'complete',
        also: () => {
          const bytes = readFileSync(victim).length - precious.length
          return bytes === 0 ? [] : [`${bytes} bytes have come into another file of the user`]
        },
      })
    })
  }
}

/**
 * A directory that others may write to, with a file in it and a link to another file of its owner.
 */
function prepare({ root, notes, logs }: Workplace): string {
  const victim = join(notes, 'bashrc')
  chmodSync(root, 0o755)
  chownSync(notes, owner, owner)
  writeFileSync(victim, precious)
  chownSync(victim, owner, owner)
  mkdirSync(logs)
  chownSync(logs, owner, owner)
  chmodSync(logs, 0o777)
  writeFileSync(join(logs, name), '', { mode: 0o600 })
  chownSync(join(logs, name), owner, owner)
  symlinkSync(victim, join(logs, 'link'))
  return victim
}

/** Resolves when names are being exchanged. */
async function begin({ logs }: Workplace): Promise<ChildProcess> {
  const [file, ...words] = as(attacker)
  const paths = [join(logs, name), join(logs, 'link')]
  const script = ['perl', '-e', exchanging, `${renameat2[process.arch]}`, ...paths]
  const child = spawn(file, [...words, ...script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}
