// A slow disk, injected from outside: strace delays each write to the given file. Tried on a known
// writer first, because strace may be there and yet not be allowed to trace (containers), or not
// know the options.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'

const calls = 'write,pwrite64,writev,pwritev'
const probeDelayMs = 50
const probeWrites = 4

/** The command before `node` which makes each write to the files take longer. */
export function delayingCommand(files: readonly string[], delayMs: number): string[] {
  return [
    'strace',
    '--seccomp-bpf',
    '--follow-forks',
    '--quiet=all',
    '--output=/dev/null',
    `--trace=${calls}`,
    `--inject=${calls}:delay_enter=${delayMs * 1000}`,
    ...files.map((file) => `--trace-path=${file}`),
  ]
}

/** Why the disk cannot be made slow here; undefined when it can. */
export function whyNotSlow(): string | undefined {
  if (process.platform !== 'linux') return 'strace is to be had on Linux only'
  const directory = mkdtempSync(join(os.tmpdir(), 'ringlog-bench-'))
  try {
    const file = join(directory, 'probe.log')
    writeFileSync(file, '')
    const writer =
      `const fs = require('node:fs'); const file = fs.openSync(${JSON.stringify(file)}, 'a');` +
      `const start = performance.now(); for (let i = 0; i < ${probeWrites}; i++) fs.writeSync(file, 'x');` +
      'process.stdout.write(String(performance.now() - start))'
    const [command = '', ...words] = delayingCommand([file], probeDelayMs)
    const { error, status, stdout, stderr } = spawnSync(
      command,
      [...words, process.execPath, '-e', writer],
      { encoding: 'utf8' },
    )
    if (error !== undefined) return `strace cannot be started (${error.message})`
    if (status !== 0) return `strace cannot trace here (${stderr.trim().split('\n')[0]})`
    const tookMs = Number(stdout)
    return tookMs >= probeDelayMs * probeWrites
      ? undefined
      : `strace delayed ${probeWrites} writes by ${tookMs.toFixed(1)} ms in all, not by ${probeDelayMs} ms each`
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
