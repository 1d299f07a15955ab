// `ringlog config FILE`: what a configuration comes to, or all that is wrong with it.

import { loadConfig } from '../config/resolve.ts'
import { visibleJson } from '../entry/visible-text.ts'
import type { Io } from './io.ts'

/**
 * Prints the `logging` section with all defaults filled in: a valid `system.json` itself.
 *
 * @returns the exit code.
 * @throws {ConfigError} when the configuration cannot be used, naming every problem.
 */
export async function config(file: string, io: Io): Promise<number> {
  const text = JSON.stringify({ logging: loadConfig(file) }, undefined, 2)
  await io.out.write(`${visibleJson(text)}\n`)
  return 0
}
