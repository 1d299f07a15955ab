// A project of a user that has the package and test runners installed, and a program that is run in
// it.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** A project that has the package and the runners installed. */
export function project(root: string, name: string): string {
  const directory = join(root, name)
  mkdirSync(join(directory, 'node_modules'), { recursive: true })
  symlinkSync(resolve('.'), join(directory, 'node_modules', 'ringlog'), 'junction')
  symlinkSync(resolve('node_modules/vitest'), join(directory, 'node_modules', 'vitest'), 'junction')
  writeFileSync(join(directory, 'package.json'), '{ "type": "module", "private": true }')
  return directory
}

export interface Ran {
  readonly stdout: string
  readonly stderr: string
}

export function run(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Ran {
  // Node tells a test runner that another one has started it, and then it reports to that one.
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    env: { ...inherited, NO_COLOR: '1', ...env },
    timeout: 120_000,
  })
  assert.equal(status, 0, `${stdout}\n${stderr}`)
  return { stdout, stderr }
}
