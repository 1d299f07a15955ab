#!/usr/bin/env node
// The command `ringlog`: argv → a command → standard output. The only file that touches argv, the
// standard streams and the exit code. Each command is loaded when it is asked for: `ringlog
// --version` waits for none.
//
// Entries and reports go to standard output, everything else to standard error. Exit code 0; 1 when
// the command could not do its work, or `verify` found a fault; 2 for wrong usage. A closed pipe
// ends it quietly.

import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { type ColorChoice, wantsColor } from './entry/color.ts'
import { textOfError, UsageError } from './command/failure.ts'
import { watchHangUp } from './command/hang-up.ts'
import type { ExportOptions } from './command/export.ts'
import type { Io } from './command/io.ts'
import { Output } from './command/output.ts'
import { Progress } from './command/progress.ts'
import type { ShipCommandOptions } from './command/ship-command.ts'
import type { DirectoryOptions } from './command/target-directory.ts'
import type { TailOptions } from './command/tail.ts'
import { visible, visibleLines } from './entry/visible-text.ts'

const { stdout, stderr } = process

/** Below what is said of wrong usage. */
const hint = `Try 'ringlog --help', or --help behind a command.`

/** Does the work of one command; the exit code. */
type Work = (io: Io) => Promise<number>

const out = new Output(stdout)
// Whoever has closed standard error wants no remarks.
stderr.on('error', () => {})

// The kernel keeps from the first process of a container every signal for which it has no handler.
if (process.pid === 1) {
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]))
  }
}

function remark(text: string): void {
  stderr.write(`ringlog: ${visible(text)}\n`)
}

function fail(error: unknown): void {
  stderr.write(`ringlog: ${textOfError(error)}\n`)
}

/** Runs a command to its end. What it throws is printed without a stack trace. */
async function run(work: Work, isQuiet = false): Promise<void> {
  const io: Io = {
    out,
    remark: isQuiet ? () => {} : remark,
    progress: new Progress(stderr.isTTY && !isQuiet ? stderr : undefined),
  }
  try {
    process.exitCode = await work(io)
    await out.end()
    if (out.error !== undefined) throw out.error
  } catch (error) {
    await out.end()
    fail(error)
    if (error instanceof UsageError) stderr.write(`${hint}\n`)
    process.exitCode = error instanceof UsageError ? 2 : 1
  }
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}

function count(text: string): number {
  if (text === 'all') return Infinity
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError(`expected an integer from 0, or all, got '${text}'`)
}

function days(text: string): number {
  const value = Number(text)
  if (/^\d{1,3}$/.test(text) && value >= 1 && value <= 365) return value
  throw new InvalidArgumentError(`expected an integer from 1 to 365, got '${text}'`)
}

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value]
}

/**
 * An option that is taken once: of two directories the first would be passed over without a word.
 */
function once(value: string, earlier: string | undefined): string {
  if (earlier === undefined) return value
  throw new InvalidArgumentError('expected it once')
}

/** Options that say which directory is meant. */
function withDirectory(command: Command): Command {
  return command
    .option(
      '-d, --directory <dir>',
      'the log directory, or the parent of instances; may be repeated (default: ~/.risk_manager/logs/)',
      collect,
    )
    .addOption(
      new Option('--config <file>', 'the directory that this system.json names')
        .argParser(once)
        .conflicts('directory'),
    )
}

/** Options that say which entries are meant, and files in place of a directory. */
function withQuery(command: Command): Command {
  return command
    .argument(
      '[file...]',
      'these files in place of a directory, also compressed ones; - is the standard input',
    )
    .option('-c, --category <name>', 'only this category; may be repeated', collect)
    .option('-l, --level <level>', 'only this level and above')
    .option('-a, --account <id>', 'only this account; may be repeated', collect)
    .option('-g, --grep <regex>', 'only messages that match')
    .option('-i, --ignore-case', 'small and capital letters are the same to -g')
    .option(
      '-w, --where <key=value>',
      'only entries with this field: context.rule=UnrealizedLoss; may be repeated',
      collect,
    )
    .option(
      '-S, --since <moment>',
      'from then on: ISO 8601, HH:MM, today, yesterday, now, 15m, 1h30m (ago), @seconds; UTC',
    )
    .option('-U, --until <moment>', 'up to then')
}

const program = new Command('ringlog')
  .description('Reads, checks, cleans and ships the logs that ringlog writes.')
  .version(version(), '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .showSuggestionAfterError()
  .showHelpAfterError(hint)
  .exitOverride()
  .configureOutput({
    writeOut: (text) => void out.write(text),
    writeErr: (text) => stderr.write(visibleLines(text)),
    // It repeats what was typed, which may come from a script and hold anything: one line, whatever
    // stands in it.
    outputError: (text, write) => {
      const line = text.trimEnd().replace(/\n(?=\(Did you mean [^\n]*$)/, ' ')
      write(`${visible(line)}\n`)
    },
  })
  .addHelpText(
    'after',
    `
Examples:
  ringlog tail -f -l warning            follow warnings and worse
  ringlog tail -d ./logs -S 15m         the last quarter of an hour
  ringlog verify                        is anything missing?
  ringlog clean --retention-days 30 --dry-run`,
  )

withQuery(withDirectory(program.command('tail')))
  .description('Shows the log: all files merged in order, copies in error.log once.')
  .option(
    '-n, --lines <count>',
    'the last so many, or all (default: 20; all with --since, --after)',
    count,
  )
  .option('-f, --follow', 'go on with what is written, across rotations')
  .option(
    '--from <url>',
    'all hosts that are shipped to this engine: nats://host/STREAM, postgres://host/database',
    once,
  )
  .option('--after <cursor>', 'from behind a line on, whose cursor --show-cursor has shown', once)
  .option('--show-cursor', 'at the end, on standard error: where to go on from')
  .addOption(new Option('-o, --output <format>', 'how').choices(['human', 'json']).default('human'))
  .option('--json', "the lines' own bytes: for jq; the same as -o json")
  .option('-x, --expand', 'with context and stack, indented below')
  .option('--local', 'local time instead of UTC')
  .addOption(
    new Option('--color <when>', 'colour').choices(['auto', 'always', 'never']).default('auto'),
  )
  .option('-q, --quiet', 'no remarks')
  .addHelpText(
    'after',
    `
Examples:
  ringlog tail -f -l warning
  ringlog tail -a ABC123 -c enforcement -S today -x
  ringlog tail -S 1h30m -w context.rule=UnrealizedLoss -g 'limit' -i
  ringlog tail --from nats://logs/LOGS -f -l error
  ringlog tail -n 1000 --json | jq -c 'select(.level == "ERROR") | .exception'`,
  )
  .action((files: string[], options: TailOptions & { color: ColorChoice; quiet?: boolean }) =>
    run(async (io) => {
      const { tail } = await import('./command/tail.ts')
      watchHangUp(stdout.fd, () => out.abandon())
      const color = wantsColor(options.color, process.env, stdout.isTTY)
      return tail({ ...options, files }, { color, isTerminal: stdout.isTTY }, io)
    }, options.quiet),
  )

withQuery(withDirectory(program.command('export')))
  .description("Prints the log in another system's format, for those who have no agent for files.")
  .option('--otlp', "OpenTelemetry: each line a request, as a collector's /v1/logs takes it")
  .option('-n, --lines <count>', 'the last so many, or all (default: all)', count)
  .option('--host <name>', 'host.name (default: this machine)', once)
  .option('--service <name>', 'service.name (default: unknown_service)', once)
  .addHelpText(
    'after',
    `
Examples:
  ringlog export --otlp -S 1h -l warning --service risk-daemon > warnings.jsonl
  ringlog export --otlp -S today | while read -r request; do
    curl -sSf -H 'content-type: application/json' -d @- http://localhost:4318/v1/logs <<<"$request"
  done`,
  )
  .action((files: string[], options: ExportOptions) =>
    run(async (io) => {
      const { exportLog } = await import('./command/export.ts')
      watchHangUp(stdout.fd, () => out.abandon())
      return exportLog({ ...options, files }, version(), io)
    }),
  )

withDirectory(program.command('clean'))
  .description('Deletes rotated files that are too old; compresses the others with --compress.')
  .option(
    '--retention-days <days>',
    'older ones are deleted, 1 to 365 (default: as configured, or 90)',
    days,
  )
  .option('--compress', 'compress the others')
  .option('--dry-run', 'change nothing, and say what would be done')
  .action((options) =>
    run(async (io) => {
      const { clean } = await import('./command/clean.ts')
      return clean(options, io)
    }),
  )

withDirectory(program.command('verify'))
  .description('Looks for gaps, duplicates, disorder, torn and invalid lines, wrong modes.')
  .option(
    '--from <url>',
    'looks for gaps in this engine, of all hosts; with -d also for what of that log has not come',
    once,
  )
  .action(({ from, ...options }: DirectoryOptions & { readonly from?: string }) =>
    run(async (io) => {
      if (from !== undefined) {
        const { verifyEngine } = await import('./command/verify-fleet.ts')
        return verifyEngine(from, options, io)
      }
      const { verify } = await import('./command/verify.ts')
      return verify(options, io)
    }),
  )

withDirectory(program.command('ship'))
  .description(
    'Sends the log, past and future, into NATS JetStream or PostgreSQL: each entry once and in order.',
  )
  .argument('<url>', 'nats://host[,host…]/STREAM or postgres://host/database')
  .option('--once', 'end when all is sent that is there')
  .option('--host <name>', "under which name the entries are kept (default: the host's)", once)
  .option('--dry-run', 'send nothing, and say what would be sent')
  .addHelpText(
    'after',
    `
There is no position file: the engine is asked how far it has come. Secrets belong into the
environment (NATS_CREDS, NATS_USER, NATS_PASSWORD; PGPASSWORD, PGPASSFILE), not into the URL.

Examples:
  ringlog ship nats://a,b,c/LOGS?creds=/etc/ringlog/ship.creds
  ringlog ship postgres://ship@db/logs -d ./logs --once`,
  )
  .action((url: string, options: ShipCommandOptions) =>
    run(async (io) => {
      const { ship } = await import('./command/ship-command.ts')
      return ship(url, options, { isTerminal: stderr.isTTY, env: process.env }, io)
    }),
  )

program
  .command('config')
  .description(
    "Prints a system.json's logging section with all defaults, or everything that is wrong in it.",
  )
  .argument('<file>', 'the system.json')
  .action((file: string) =>
    run(async (io) => {
      const { config } = await import('./command/config.ts')
      return config(file, io)
    }),
  )

program
  .command('event-source')
  .description('Registers the source of the Windows Event Log, or removes it; as administrator.')
  .addArgument(new Argument('<action>', 'what to do').choices(['install', 'remove']))
  .option('--source <name>', 'the source, as configured', 'RiskManagerDaemon')
  .action((action: 'install' | 'remove', { source }: { source: string }) =>
    run(async (io) => {
      const { changeEventSource } = await import('./command/event-source.ts')
      return changeEventSource(action, source, io)
    }),
  )

program
  .command('lnav')
  .description(
    'Prints the format file with which lnav reads the log: ringlog lnav > f.json && lnav -i f.json',
  )
  .action(() =>
    run(async (io) => {
      const { lnav } = await import('./command/lnav.ts')
      return lnav(io)
    }),
  )

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  // commander has said what is wrong, and ends with 1 for everything; asking for help is no
  // mistake.
  process.exitCode = error.exitCode === 0 ? 0 : 2
  // The help, or the version.
  await out.end()
  if (out.error !== undefined) {
    fail(out.error)
    process.exitCode = 1
  }
}
