// Programs run as another user: what they need of the place where Node and the library are.

import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'

/** Root may become anybody; nobody else may. False on Windows. */
export const isRoot = process.geteuid?.() === 0

/**
 * Why a program of another user cannot import the library from dist/, or false if it can. Below a
 * home directory, or a temporary one of mode 0700, others find neither Node nor the library.
 */
export function whyNoStrangers(): string | false {
  if (!isRoot) return 'needs root, to be another user'
  const look = `fs.accessSync(${JSON.stringify(resolve('dist/index.js'))}, fs.constants.R_OK)`
  const { error, status } = spawnSync(process.execPath, ['-e', look], { uid: 61_233, cwd: '/' })
  if (error !== undefined) return `others may not run ${process.execPath}: ${error.message}`
  return status === 0 ? false : `others may not read ${resolve('dist')}`
}
