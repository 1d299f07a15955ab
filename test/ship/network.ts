// A network of its own with one host in it, joined to ours by a wire that can be cut: a namespace,
// which needs Linux, root and iproute2.

import { execFileSync, spawnSync } from 'node:child_process'

/** Why there can be none here; false when there can. */
export function networkRefusal(): string | false {
  if (process.getuid?.() !== 0) return 'needs root, for a network namespace'
  const name = `ringlog-try-${process.pid}`
  if (spawnSync('ip', ['netns', 'add', name]).status !== 0) return 'needs network namespaces'
  ip('netns', 'delete', name)
  return false
}

let count = 0

/** The network. */
export class Network {
  readonly #name: string
  readonly #wire: string
  /** The host's. */
  readonly address: string
  /** In front of a command: runs it on that host. */
  readonly prefix: readonly string[]

  constructor() {
    const number = count++
    // Names of wires are short.
    this.#wire = `rl${(process.pid % 100_000).toString(36)}${number}`
    this.#name = `ringlog-${process.pid}-${number}`
    const net = `10.${200 + (number % 50)}.${process.pid % 250}`
    this.address = `${net}.2`
    this.prefix = ['ip', 'netns', 'exec', this.#name]
    const peer = ['type', 'veth', 'peer', 'name', 'wire', 'netns', this.#name]
    ip('netns', 'add', this.#name)
    ip('link', 'add', this.#wire, ...peer)
    ip('address', 'add', `${net}.1/24`, 'dev', this.#wire)
    ip('link', 'set', this.#wire, 'up')
    this.#there('address', 'add', `${this.address}/24`, 'dev', 'wire')
    this.#there('link', 'set', 'lo', 'up')
    this.join()
  }

  /** What is sent is lost: nobody refuses, nobody answers. */
  cut(): void {
    this.#there('link', 'set', 'wire', 'down')
  }

  join(): void {
    this.#there('link', 'set', 'wire', 'up')
  }

  close(): void {
    ip('netns', 'delete', this.#name)
  }

  #there(...args: string[]): void {
    ip('-n', this.#name, ...args)
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
