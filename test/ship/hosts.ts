// Logs of several hosts in an engine, and what a reader who knows nothing of the library makes of
// them: all lines of the files, in the order in which they should come.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { logIdOf } from '../../lib/directory/lock-files.ts'
import { createLogger } from '../../lib/index.ts'
import { ship } from '../../lib/ship/ship-logs.ts'
import { logDirectory } from '../log-directory.ts'

/** A log of a host. */
export interface HostLog {
  readonly host: string
  readonly directory: string
}

/** What the tests ask of an entry. */
export interface Expected {
  readonly host: string
  /** Of one time, logs come in the order of these. */
  readonly name: string
  readonly raw: string
  readonly time: number
  readonly level: string
  readonly category: string
  readonly account_id?: string
  readonly message: string
  readonly context?: { readonly rule?: string; readonly size?: { readonly lots: number } }
  readonly seq: number
  readonly lsn: number
}

const levels = ['debug', 'info', 'warning', 'error', 'critical'] as const

/** Two hosts; the second one has two logs. */
export function hostLogs(t: TestContext): HostLog[] {
  return ['a.example', 'b', 'b'].map((host) => ({ host, directory: logDirectory(t) }))
}

/** Writes so many entries into each log, in turns, of all levels, categories and accounts. */
export async function writeTo(logs: readonly HostLog[], entries: number): Promise<void> {
  const loggers = logs.map(({ directory }) =>
    createLogger({ log_path: directory, log_level: 'debug', console: 'off' }),
  )
  for (let i = 0; i < entries; i++) {
    for (const log of loggers) {
      const category = log[(['system', 'enforcement', 'sdk', 'audit'] as const)[i % 4]!]
      category[levels[i % 5]!](`entry ${i} of ${i % 3 === 0 ? 'three' : 'none'}`, {
        ...(i % 7 === 0 && { account_id: `ABC${i % 2}` }),
        rule: i % 6 === 0 ? 'UnrealizedLoss' : 'Other',
        size: { lots: i % 4 },
        note: 'ü\u0000',
      })
    }
    if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  for (const log of loggers) await log.close()
}

/** Ships them. */
export async function shipAll(url: string, logs: readonly HostLog[]): Promise<void> {
  for (const { host, directory } of logs) {
    await ship(url, { log_path: directory, host, once: true, tell: () => {} })
  }
}

/** All lines: logs by time, of the same time by their names, each in the order of its calls. */
export function expectedOf(logs: readonly HostLog[]): Expected[] {
  const all = logs.map(({ host, directory }) => {
    const name = `${host} ${logIdOf(directory)}`
    const lines = readdirSync(directory)
      .filter((file) => /\.log(?:\.\d+)?$/.test(file))
      .flatMap((file) => readFileSync(join(directory, file), 'utf8').split('\n').slice(0, -1))
    const entries = [...new Set(lines)].map((raw) => {
      const entry = JSON.parse(raw) as Expected & { readonly timestamp: string }
      return { ...entry, host, name, raw, time: Date.parse(entry.timestamp) }
    })
    return entries.toSorted((a, b) => a.lsn - b.lsn)
  })
  return all.flat().toSorted((a, b) => a.time - b.time || compare(a.name, b.name))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
