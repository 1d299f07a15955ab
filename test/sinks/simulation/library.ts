// The library under exploration: loaded when the environment has been replaced, and not before.

import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import type * as DiskTimeout from '../../../lib/sinks/disk-timeout.ts'
import type * as Sink from '../../../lib/sinks/file-sink.ts'
import type { Library } from './world.ts'

/** Whether this file has been compiled, and the library with it. */
const ending = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'

/** Where the library lies that belongs to this file. */
export const lib: string = join(import.meta.dirname, '../../../lib')

/** @param directory A copy of `lib`. */
export async function load(directory: string = lib): Promise<Library> {
  const at = (name: string): string =>
    pathToFileURL(join(directory, 'sinks', `${name}${ending}`)).href
  const { FileSink } = (await import(at('file-sink'))) as typeof Sink
  const { Patience } = (await import(at('disk-timeout'))) as typeof DiskTimeout
  return { FileSink, Patience }
}
