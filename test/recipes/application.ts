// An application as its users have it, in a directory of its own: docs/examples/graceful-shutdown
// as server.mjs, and ringlog among its packages.

import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { root } from './documents.ts'

/**
 * Makes it; the packages are copies, so that a container can take them in. It is removed after the
 * test, when `end` has ended what runs there.
 */
export function application(t: TestContext, end?: () => Promise<unknown>): string {
  const directory = mkdtempSync(join(tmpdir(), 'ringlog-recipe-'))
  t.after(async () => {
    await end?.()
    rmSync(directory, { recursive: true, force: true })
  })
  cpSync(join(root, 'docs', 'examples', 'graceful-shutdown.mjs'), join(directory, 'server.mjs'))
  const manifest = { name: 'risk-manager', version: '1.4.2', private: true }
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest))
  const lock = { ...manifest, lockfileVersion: 3, requires: true, packages: { '': manifest } }
  writeFileSync(join(directory, 'package-lock.json'), JSON.stringify(lock))
  const packages = join(directory, 'node_modules')
  for (const part of ['dist', 'package.json']) {
    cpSync(join(root, part), join(packages, 'ringlog', part), { recursive: true })
  }
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
  }
  for (const name of Object.keys(dependencies)) {
    cpSync(join(root, 'node_modules', name), join(packages, name), { recursive: true })
  }
  mkdirSync(join(packages, '.bin'))
  symlinkSync('../ringlog/dist/cli.js', join(packages, '.bin', 'ringlog'))
  return directory
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** What a server answers, as soon as it listens. */
export async function answerOf(url: string, signal: AbortSignal, method = 'GET'): Promise<string> {
  for (;;) {
    try {
      const response = await fetch(url, { method, signal })
      return await response.text()
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof TypeError)) throw error
      await delay(20)
    }
  }
}

/** Waits until something is so, until the test is over. */
export async function until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
  while (!isSo()) {
    signal.throwIfAborted()
    await delay(20)
  }
}
