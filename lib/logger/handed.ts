// `buffer.writer: "thread"`: the hand of a logger, and what happens when its writer ends.

import { ConfigError } from '../errors.ts'
import { ownPath } from '../config/instance.ts'
import type { ResolvedConfig } from '../config/resolve.ts'
import { Hand, type HandParts, writerFile } from '../thread/hand.ts'
import type { LiveConfig } from './live-config.ts'
import type { Files } from './place.ts'
import { sharing } from './shared-ring.ts'
import { Takeover } from './take-over.ts'

/**
 * The hand of a logger, where one is configured. `categories`: their names.
 *
 * @throws {ConfigError} where `ring` is `shared`, and there is no such memory.
 */
export function handOf(config: ResolvedConfig, categories: Iterable<string>): Hand | undefined {
  const { buffer, log_path: directory } = config
  if (buffer.writer !== 'thread' || directory === null) return undefined
  // The directory of this thread, which is not the writer's.
  const own = { ...config, log_path: ownPath(directory), watch: false }
  return sharing(
    config,
    () => new Hand({ ...own, buffer: { ...buffer, writer: 'inline' } }, categories),
  )
}

/**
 * Starts the writer; where none is configured, opens the directory in this thread.
 *
 * @param open Opens the directory in this thread.
 * @throws {ConfigError} where its module is not to be found. {LockedError} as createLogger does.
 */
export function startWriter(live: LiveConfig, files: Files, open: () => void): void {
  const { categories, counters, tell, intake, pump, hand } = files
  if (hand === undefined) {
    open()
    return
  }
  const file = writerFile()
  if (file === undefined) {
    const problem = {
      path: 'logging.buffer.writer',
      expected:
        'the file writer-thread.js beside the library: leave ringlog out of the bundle, or bundle ' +
        'its dist/writer-thread.js as a second entry beside it',
      actual: '"thread"',
    }
    throw new ConfigError('Cannot use the logging configuration', [problem])
  }
  const parts: HandParts = {
    categories,
    counters,
    tell,
    report: (template, message, context) => intake.report(template, message, context),
    takeOver(left) {
      if (left === undefined) {
        // As if no writer were configured, a directory that another logger has included.
        open()
        return
      }
      const takeover = new Takeover(files, live.directory, left)
      files.takeover = takeover
      open()
      takeover.keep()
    },
    flush: () => pump.flush(),
    makeRoom: () => pump.makeRoom(),
  }
  sharing(live.config, () => hand.start(file, parts))
}
