// Files that are compressed in a test, and gzip itself as the judge of them.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { logDirectory } from '../log-directory.ts'

/** An empty directory. */
export function directoryOf(t: TestContext): string {
  const directory = logDirectory(t)
  mkdirSync(directory)
  return directory
}

/** Text that gzip takes a while for. */
export function linesOf(name: string, count: number): string {
  return Array.from(
    { length: count },
    (_, i) => `${name} ${i} ${(i * 2654435761) % 4294967296}\n`,
  ).join('')
}

/** What a file holds, unpacked where it has to be. Throws what gzip says against it. */
export function contentOf(directory: string, name: string): string {
  const bytes = readFileSync(join(directory, name))
  if (!name.endsWith('.gz')) return String(bytes)
  execFileSync('gzip', ['-t', join(directory, name)])
  return String(gunzipSync(bytes))
}
