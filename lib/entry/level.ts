// The five levels, their order and their spellings.

import { questionOf } from './closest-word.ts'

/** A level as it stands in an entry. */
export type LevelName = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL'

/** A level as a caller or a configuration may spell it. */
export type Level = LevelName | Lowercase<LevelName>

/** All levels, lowest first: the place of a name in this list is its severity. */
export const levelNames: readonly LevelName[] = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL']

export const DEBUG = 0
export const INFO = 1
export const WARNING = 2
export const ERROR = 3
export const CRITICAL = 4
/** Above all levels: a category with this threshold logs nothing. */
export const OFF = 5

/** A threshold as `level()` gives it. */
export type ThresholdName = LevelName | 'off'

/** The name of a threshold. */
export function thresholdName(threshold: number): ThresholdName {
  return levelNames[threshold] ?? 'off'
}

/**
 * The threshold that a word names: a level, or `off`.
 *
 * @returns `undefined` when it names none.
 */
export function thresholdOf(word: unknown): number | undefined {
  if (typeof word === 'string' && word.toLowerCase() === 'off') return OFF
  return severityOf(word)
}

/** What others call a level: for a question, never for a level itself. */
export const levelsMeant: { readonly [word: string]: Lowercase<LevelName> } = {
  trace: 'debug',
  verbose: 'debug',
  silly: 'debug',
  fine: 'debug',
  notice: 'info',
  information: 'info',
  warn: 'warning',
  err: 'error',
  severe: 'error',
  crit: 'critical',
  fatal: 'critical',
  alert: 'critical',
  emerg: 'critical',
  emergency: 'critical',
  panic: 'critical',
}

/** What others call a threshold. */
export const thresholdsMeant: { readonly [word: string]: Lowercase<LevelName> | 'off' } = {
  ...levelsMeant,
  silent: 'off',
  none: 'off',
}

/**
 * The level that a word was meant to be.
 *
 * @returns ` (did you mean warning?)`, or nothing.
 */
export function levelQuestion(word: unknown): string {
  const names = levelNames.map((name) => name.toLowerCase())
  return typeof word === 'string' ? questionOf(word, names, levelsMeant) : ''
}

/** The same of a threshold. */
export function thresholdQuestion(word: unknown): string {
  const names = [...levelNames.map((name) => name.toLowerCase()), 'off']
  return typeof word === 'string' ? questionOf(word, names, thresholdsMeant) : ''
}

/**
 * The severity of a level, 0 (DEBUG) to 4 (CRITICAL), however it is spelled.
 *
 * @returns `undefined` when `level` names no level.
 */
export function severityOf(level: unknown): number | undefined {
  if (typeof level !== 'string') return undefined
  const at = (levelNames as readonly string[]).indexOf(level.toUpperCase())
  return at === -1 ? undefined : at
}
