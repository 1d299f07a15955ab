// The command as it is typed: the built program in a process of its own, with its output, its
// remarks and its exit code.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import type { TestContext } from 'node:test'
import { createLogger } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'

export const program = resolve('dist/cli.js')
export const hasShell = spawnSync('bash', ['-c', 'true']).status === 0
export const hasLnav = spawnSync('lnav', ['-V']).status === 0
export const hasTmux = spawnSync('tmux', ['-V']).status === 0
export const plain = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, TZ: 'UTC' }

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export function ringlog(args: readonly string[], env: NodeJS.ProcessEnv = {}): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    env: { ...plain, ...env },
  })
  assert.doesNotMatch(stderr, /^\s+at .*:\d+:\d+/m, 'no stack trace')
  return { code: status, out: stdout, err: stderr }
}

/** A directory with one entry of each of some kinds. */
export async function logged(t: TestContext): Promise<string> {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory, log_level: 'debug', console: 'off' })
  log.system.info('Daemon started', { version: '1.4.2' })
  log.sdk.debug('Order filled', { account_id: 'ABC123' })
  log.enforcement.warning('Near the limit', { account_id: 'DEF456' })
  log.system.critical('evil \u001b[2J')
  log.error.error('Order failed', new Error('rejected'), { order_id: 42 })
  await log.close()
  return directory
}

export function messagesOf({ out }: Ended): string[] {
  return out
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { message: string }).message)
    .toSorted()
}
