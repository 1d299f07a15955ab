// Where the repository is.

import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository: this file is below build/ when it runs, and not in tests. */
export const repository: string = findRepository(dirname(fileURLToPath(import.meta.url)))

function findRepository(from: string): string {
  return existsSync(join(from, 'package.json')) ? from : findRepository(resolve(from, '..'))
}
