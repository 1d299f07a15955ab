// Which directories a command works on: `-d`, or the one that a configuration names, or the
// default. Below each that is named there may be those of instances.

import {
  absolutePathOf,
  defaultLogPath,
  parentOfInstances,
  pathExpected,
} from '../config/log-path.ts'
import { isReadable } from '../config/options.ts'
import type { ResolvedConfig } from '../config/resolve.ts'
import { UsageError } from './failure.ts'

/** The options that say it; one of them at most. */
export interface DirectoryOptions {
  readonly directory?: readonly string[]
  readonly config?: string
}

/** Where the logs are. */
export interface Place {
  /** Absolute; one at least. */
  readonly directories: readonly string[]
  /** They, for a remark. */
  readonly name: string
  /** The configuration that names them, if one does. */
  readonly config: ResolvedConfig | undefined
}

/**
 * Finds the directories. They need not exist.
 *
 * @throws {UsageError} when `-d` is not a path. {ConfigError} when the configuration is wrong.
 */
export async function placeOf({ directory, config: file }: DirectoryOptions): Promise<Place> {
  if (file === undefined) {
    const paths = (directory ?? [defaultLogPath]).map((given) => {
      const path = parentOfInstances(given)
      if (given !== '' && isReadable(path)) return absolutePathOf(path)
      const expected = given === '' ? 'a directory' : pathExpected
      throw new UsageError(`option '-d, --directory': expected ${expected}, got '${given}'`)
    })
    return { directories: paths, name: paths.join(', '), config: undefined }
  }
  // Loaded only here: the schema of the configuration takes longer to load than all else together.
  const { loadConfig } = await import('../config/resolve.ts')
  const config = loadConfig(file)
  if (config.log_path === null) {
    throw new UsageError(`option '--config': expected a log_path in ${file}, got null: no files`)
  }
  // A missing home is found out here.
  const path = absolutePathOf(parentOfInstances(config.log_path))
  return { directories: [path], name: path, config }
}
