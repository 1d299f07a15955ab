// Makes hostile calls, and judges what came out: exactly one line per call, each of them an entry,
// and no secret.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as Ringlog from '../lib/index.ts'
import { canary, type HostileCall } from './hostile-calls.ts'

/** The secret as the first bytes of a buffer are shown. */
const canaryHex = Buffer.from(canary).toString('hex')

/** What no line may hold: what drives a terminal, ends a line or deceives the eye. */
const steering = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/u

const keys = 'timestamp level category account_id message event context exception seq lsn'.split(
  ' ',
)

/** Judges calls: what is wrong, each in one sentence; empty when nothing is. */
export async function faultsOf(
  { createLogger, defineEvent, formatEntry, Type }: typeof Ringlog,
  directory: string,
  calls: readonly HostileCall[],
  options: { readonly structured: boolean; readonly console: 'always' | 'off' },
): Promise<string[]> {
  const faults: string[] = []
  const log = createLogger({
    log_path: directory,
    structured_format: options.structured,
    console: options.console,
    redact: { keys: ['broker_pin'] },
  })
  const typed = log.event(
    defineEvent({
      name: 'typed',
      category: 'system',
      level: 'WARNING',
      message: 'Typed {text}: {any}',
      context: Type.Object({ text: Type.String(), password: Type.String(), any: Type.Unknown() }),
    }),
  )
  const flat = log.event(
    defineEvent({
      category: 'system',
      level: 'INFO',
      message: 'Flat {text}',
      context: Type.Object({ text: Type.String(), apiKey: Type.String() }),
    }),
  )
  const expected = { 'system.log': 0, 'error.log': 0, 'audit.log': 0 }
  for (const { method, message, ...make } of calls) {
    const thrown = make.thrown()
    const context = make.context() as object
    try {
      if (method === 'logError') log.logError(message, thrown, context)
      else if (method === 'logAudit') log.logAudit(message, message, context)
      else if (method === 'typed') {
        typed({ text: message, password: canary, any: context })
        flat({ text: message, apiKey: canary })
      } else if (method === 'bound') log.with(context).system.info(message, thrown, {})
      else log.system[method](message, thrown, context)
    } catch (error) {
      faults.push(`${method} threw ${String(error)}`)
    }
    expected['error.log'] += Number(method === 'logError' || method === 'error')
    expected['audit.log'] += Number(method === 'logAudit')
    expected['system.log'] +=
      method === 'typed' ? 2 : Number(method !== 'logError' && method !== 'logAudit')
  }
  await log.close()
  const { accepted, written } = log.stats()
  if (accepted !== written) faults.push(`accepted ${accepted}, but wrote ${written}`)
  for (const [file, count] of Object.entries(expected)) {
    const path = join(directory, file)
    const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
    const lines = text.split('\n').slice(0, -1)
    faults.push(...leaksOf(file, lines))
    const entries = options.structured ? lines : lines.filter((line) => !line.startsWith('    '))
    if (entries.length !== count)
      faults.push(`${file}: expected ${count} entries, got ${entries.length}`)
    for (const line of entries) {
      const fault = options.structured ? entryFault(line, formatEntry) : humanFault(line)
      if (fault !== undefined) faults.push(`${file}: ${fault}: ${line.slice(0, 300)}`)
    }
  }
  return faults
}

/** Lines that hold the secret, or what drives a terminal. */
export function leaksOf(where: string, lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const at = Math.max(line.indexOf(canary), line.indexOf(canaryHex))
    if (at !== -1)
      return [`${where} holds the secret: ${line.slice(Math.max(0, at - 80), at + 40)}`]
    return steering.test(line)
      ? [`${where} holds a control character: ${JSON.stringify(line.slice(0, 300))}`]
      : []
  })
}

function entryFault(line: string, formatEntry: typeof Ringlog.formatEntry): string | undefined {
  let entry: Ringlog.LogEntry
  try {
    entry = JSON.parse(line) as Ringlog.LogEntry
  } catch {
    return 'is not JSON'
  }
  const found = Object.keys(entry)
  if (found.some((key, i) => keys.indexOf(key) <= keys.indexOf(found[i - 1] ?? '')))
    return 'has other keys'
  if (entry.context !== undefined && typeof entry.context !== 'object')
    return 'has no object as context'
  const [fault] = leaksOf('its human line', [formatEntry(entry)])
  return fault ?? leaksOf('its expanded line', formatEntry(entry, { expand: true }).split('\n'))[0]
}

function humanFault(line: string): string | undefined {
  return /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] [A-Z]+ +\| [a-z]+ +\| /.test(line)
    ? undefined
    : 'is no human line'
}
