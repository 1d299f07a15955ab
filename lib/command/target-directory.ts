// Which directory a command works on: `-d`, or the one that a configuration names, or the default.

import { absolutePathOf, defaultLogPath, pathExpected } from '../config/log-path.ts'
import { isReadable } from '../config/options.ts'
import type { ResolvedConfig } from '../config/resolve.ts'
import { UsageError } from './failure.ts'

/** The options that say it; one of them at most. */
export interface DirectoryOptions {
  readonly directory?: string
  readonly config?: string
}

/** A log directory. */
export interface Place {
  /** Absolute. */
  readonly directory: string
  /** The configuration that names it, if one does. */
  readonly config: ResolvedConfig | undefined
}

/**
 * Finds the directory. It need not exist.
 *
 * @throws {UsageError} when `-d` is no path. {ConfigError} when the configuration cannot be used.
 */
export async function placeOf({ directory, config: file }: DirectoryOptions): Promise<Place> {
  if (file === undefined) {
    const path = directory ?? defaultLogPath
    if (path === '' || !isReadable(path)) {
      const expected = path === '' ? 'a directory' : pathExpected
      throw new UsageError(`option '-d, --directory': expected ${expected}, got '${path}'`)
    }
    return { directory: absolutePathOf(path), config: undefined }
  }
  // Loaded only here: the schema of the configuration takes longer to load than all else together.
  const { loadConfig } = await import('../config/resolve.ts')
  const config = loadConfig(file)
  // Where there is no home, it is here that it is missed.
  return { directory: absolutePathOf(config.log_path), config }
}
