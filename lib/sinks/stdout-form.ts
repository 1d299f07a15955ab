// The form of an entry on standard output: its line of JSON, or lines for a developer.

import { type ColorEnvironment, wantsColor } from '../entry/color.ts'
import { formatFields } from '../entry/human-line.ts'
import { CRITICAL, DEBUG, ERROR, INFO, WARNING } from '../entry/level.ts'
import type { MadeEntry } from '../entry/made-entry.ts'
import { isStdoutJournal, isStdoutTerminal } from './stdout-target.ts'

/** What reads standard output. */
export interface StdoutReader {
  readonly isTerminal: boolean
  /** The journal of systemd. */
  readonly isJournal: boolean
  readonly environment: ColorEnvironment
}

/** The priority of syslog by severity, as the journal of systemd reads it: sd-daemon(3). */
const priorities: readonly string[] = []
Object.assign(priorities, {
  [DEBUG]: '<7>',
  [INFO]: '<6>',
  [WARNING]: '<4>',
  [ERROR]: '<3>',
  [CRITICAL]: '<2>',
})

/** Who reads it now. */
export function stdoutReader(): StdoutReader {
  return {
    isTerminal: isStdoutTerminal(),
    isJournal: isStdoutJournal(),
    environment: process.env,
  }
}

/**
 * What is written for an entry, line end included; undefined: its line of JSON, as it is.
 *
 * @param format `human`: its human line with milliseconds, its context and its exception below.
 */
export function stdoutFormOf(
  format: 'json' | 'human',
  { isTerminal, isJournal, environment }: StdoutReader,
): ((entry: MadeEntry) => string) | undefined {
  if (format === 'json') {
    return isJournal ? ({ severity, line }) => `${priorities[severity]}${line}` : undefined
  }
  const options = {
    color: wantsColor('auto', environment, isTerminal),
    expand: true,
    isAligned: true,
    hasMilliseconds: true,
  }
  if (!isJournal) return (entry) => `${formatFields(entry, options)}\n`
  return (entry) => {
    const priority = priorities[entry.severity]
    const lines = formatFields(entry, options).split('\n')
    return lines.map((line) => `${priority}${line}\n`).join('')
  }
}
