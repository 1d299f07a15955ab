// The five levels, their order and their spellings.

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
