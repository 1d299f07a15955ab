// `npm start`: twenty years of the S&P 500 drive a risk manager that logs every decision, and the
// log streams into the terminal from the files while it is being written.
//
// Two processes, as in real life: the daemon (demo/daemon.ts) trades and logs, this one follows the
// files and knows of the rest only what the daemon reports at its end. Then the files themselves
// are checked. Everything is written below one temporary directory, which is kept. Exit 1 when a
// promise was not kept.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type LogLine, type LoggingConfig, streamLogs } from 'ringlog'
import { fittedLine } from './demo/fitted-line.ts'
import type { DaemonReport, RiskSection } from './demo/daemon.ts'
import { inspectFiles } from './demo/log-files.ts'
import { Screen } from './demo/screen.ts'
import { StreamCount } from './demo/stream-count.ts'
import { bytesText, checksOf, printSummary } from './demo/summary.ts'

/**
 * What the twenty years take in a terminal, so that a person sees them pass. Elsewhere nobody
 * waits.
 */
const secondsDefault = 12
/** How long the last lines may take to arrive after the daemon has closed its log. */
const arrivalMs = 5000
/** How long the daemon gets to end cleanly when it has to end early. */
const goodbyeMs = 3000
const maxSizeMb = 1

const risk: RiskSection = {
  accounts: [
    {
      id: 'TREND-1',
      strategy: 'trend',
      limits: {
        unrealized_loss: -500,
        daily_loss: -400,
        position_size: 2,
        trades_per_day: 4,
        cooldown_steps: 39,
      },
    },
    {
      id: 'FADER-2',
      strategy: 'fade',
      limits: {
        unrealized_loss: -600,
        daily_loss: -600,
        position_size: 4,
        trades_per_day: 8,
        cooldown_steps: 26,
      },
    },
    {
      id: 'SCALP-3',
      strategy: 'overtrade',
      limits: {
        unrealized_loss: -250,
        daily_loss: -300,
        position_size: 3,
        trades_per_day: 5,
        cooldown_steps: 13,
      },
    },
  ],
}

async function main(): Promise<number> {
  let seconds: number
  try {
    seconds = secondsWanted()
  } catch (error) {
    console.error(
      `Cannot start the demo: ${error instanceof Error ? error.message : String(error)}`,
    )
    return 2
  }
  const home = mkdtempSync(join(tmpdir(), 'ringlog-demo-'))
  const directory = join(home, 'logs')
  const systemFile = join(home, 'system.json')
  const logging: LoggingConfig = {
    log_level: 'debug',
    log_path: directory,
    rotation: { max_size_mb: maxSizeMb, max_files: 100 },
  }
  writeFileSync(systemFile, `${JSON.stringify({ risk, logging }, undefined, 2)}\n`)
  return new Viewer(directory, systemFile, seconds).run()
}

/** `--seconds N`, or what suits who is looking. */
function secondsWanted(): number {
  const { values } = parseArgs({ options: { seconds: { type: 'string' } } })
  const { seconds = process.stdout.isTTY ? String(secondsDefault) : '0' } = values
  if (/^\d+(\.\d+)?$/.test(seconds)) return Number(seconds)
  throw new RangeError(`--seconds: expected a number, got ${seconds}`)
}

class Viewer {
  readonly #directory: string
  readonly #screen = new Screen(process.stdout, () => this.#end(0))
  readonly #count = new StreamCount()
  readonly #following = new AbortController()
  readonly #daemon: ChildProcess
  #report: DaemonReport | undefined
  /** The exit code, once it is known that there is nothing more to show. */
  #ended: number | undefined

  constructor(directory: string, systemFile: string, seconds: number) {
    this.#directory = directory
    const bars = new URL('scripts/demo/sp500-2000.csv', import.meta.resolve('ringlog/package.json'))
    const daemon = new URL('demo/daemon.js', import.meta.url)
    this.#daemon = fork(daemon, [systemFile, fileURLToPath(bars), String(seconds)])
  }

  async run(): Promise<number> {
    const screen = this.#screen
    process.once('SIGINT', () => this.#end(130))
    process.once('SIGTERM', () => this.#end(143))
    screen.print(screen.paint('bold', 'Twenty years of the S&P 500, three accounts, seven rules.'))
    screen.print('Prices: daily bars of the S&P 500 from the npm package vega-datasets 3.2.1.')
    screen.print(`The log goes to ${this.#directory} and is read from there;`)
    screen.print('entries from INFO up are shown, DEBUG stays in the files.')
    screen.print()

    this.#daemon.once('message', (report: DaemonReport) => {
      this.#report = report
      if (this.#allArrived()) this.#following.abort()
      else setTimeout(() => this.#following.abort(), arrivalMs).unref()
    })
    const exited = once(this.#daemon, 'exit').then(([code, signal]) => {
      if (this.#report === undefined) this.#following.abort()
      return String(signal ?? code)
    })
    await this.#follow()
    if (this.#ended !== undefined) {
      await this.#dismiss(exited)
      if (this.#ended !== 0) this.#screen.remark(`stopped; the log so far is in ${this.#directory}`)
      return this.#ended
    }
    const exit = await exited
    if (this.#report === undefined || exit !== '0') {
      console.error(`The daemon ended without a report: expected exit 0, got ${exit}`)
      return 1
    }
    return this.#conclude(this.#report)
  }

  /** Shows entries as they reach the files, until all have arrived or there is a reason to stop. */
  async #follow(): Promise<void> {
    const { signal } = this.#following
    const log_path = this.#directory
    try {
      for await (const line of streamLogs({ log_path, follow: true, lines: Infinity, signal })) {
        if (signal.aborted) return
        this.#show(line)
        if (this.#allArrived()) return
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  #show(line: LogLine): void {
    const rotation = this.#count.add(line)
    if (rotation !== undefined) {
      const { file, bytes } = rotation
      this.#screen.remark(`${file} rotated: ${bytesText(bytes)} put aside as ${file}.1`)
    }
    if (line.entry === undefined || line.entry.level === 'DEBUG') return
    this.#count.shown++
    this.#screen.print(fittedLine(line.entry, this.#screen.color))
  }

  #allArrived(): boolean {
    return this.#report !== undefined && this.#count.entries >= this.#report.stats.accepted
  }

  #conclude(report: DaemonReport): number {
    const findings = inspectFiles(this.#directory, report.secret)
    const checks = checksOf(report, findings, this.#count, maxSizeMb * 1024 * 1024)
    const passed = printSummary(
      this.#screen,
      this.#directory,
      report,
      findings,
      this.#count,
      checks,
    )
    if (passed) return 0
    const failed = checks.filter((check) => !check.passed).map(({ name }) => name)
    console.error(`The demo found promises that were not kept: ${failed.join(', ')}`)
    return 1
  }

  /** Stops showing; what to do with the daemon follows when the stream has ended. */
  #end(code: number): void {
    this.#ended ??= code
    this.#following.abort()
  }

  /** Lets the daemon end: it closes its log when the channel to it is closed. */
  async #dismiss(exited: Promise<string>): Promise<void> {
    if (this.#daemon.connected) this.#daemon.disconnect()
    const timer = setTimeout(() => this.#daemon.kill('SIGKILL'), goodbyeMs)
    await exited
    clearTimeout(timer)
  }
}

process.exitCode = await main()
