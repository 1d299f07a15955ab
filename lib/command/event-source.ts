// `ringlog event-source install|remove`: the source of the Windows Event Log.

import { installEventSource, removeEventSource } from '../sinks/event-source-registration.ts'
import { visible } from '../entry/visible-text.ts'
import { UsageError } from './failure.ts'
import type { Io } from './io.ts'

/**
 * Registers a source, or takes it away.
 *
 * @returns the exit code.
 * @throws {UsageError} for a name that no source can have. {Error} without rights, and on any
 *   system but Windows.
 */
export async function changeEventSource(
  action: 'install' | 'remove',
  source: string,
  io: Io,
): Promise<number> {
  try {
    if (action === 'install') installEventSource(source)
    else removeEventSource(source)
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error
  }
  await io.out.write(
    `${action === 'install' ? 'Installed' : 'Removed'} the event source ${visible(source)}\n`,
  )
  return 0
}
