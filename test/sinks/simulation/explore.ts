// Every way in which a world can go on, to a depth: breadth first, so that the first way found that
// breaks a promise is a shortest one. A state that has been seen is not gone on from again.

import { environment, settled } from './environment.ts'
import { Oracle } from './oracle.ts'
import { Broken, type Library, type Variant, World } from './world.ts'

export interface Bounds {
  /** Steps. */
  readonly depth: number
  /** Faults in one run. */
  readonly faults: number
  /** When to stop, whatever is left, in milliseconds of the processor. */
  readonly cpuMs: number
}

/** What was seen. */
export interface Exploration {
  readonly variant: string
  states: number
  transitions: number
  /** Steps gone to the end. */
  depth: number
  /** Whether all of them have been. */
  isComplete: boolean
  /** States of the sink, by name. */
  readonly sinkStates: Map<string, number>
  /** How a promise was broken, if one was. */
  broken: { readonly why: string; readonly steps: readonly string[] } | undefined
}

interface Node {
  readonly choices: readonly number[]
  readonly steps: number
}

/** Explores one variant; it ends with the first promise that is broken. */
export async function explore(
  library: Library,
  variant: Variant,
  bounds: Bounds,
): Promise<Exploration> {
  const found: Exploration = {
    variant: variant.name,
    states: 0,
    transitions: 0,
    depth: 0,
    isComplete: true,
    sinkStates: new Map(),
    broken: undefined,
  }
  const explorer = new Explorer(library, variant, bounds, found)
  const { stackTraceLimit } = Error
  // Most errors are simulated, and where they are made says little.
  Error.stackTraceLimit = 1
  try {
    await explorer.run()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    environment.current = undefined
  }
  return found
}

class Explorer {
  readonly #library: Library
  readonly #variant: Variant
  readonly #bounds: Bounds
  readonly #found: Exploration
  /** The least that was spent on the way to each state. */
  readonly #seen = new Map<string, number>()

  constructor(library: Library, variant: Variant, bounds: Bounds, found: Exploration) {
    this.#library = library
    this.#variant = variant
    this.#bounds = bounds
    this.#found = found
  }

  async run(): Promise<void> {
    const from = process.cpuUsage()
    const isOver = (): boolean => {
      const { user, system } = process.cpuUsage(from)
      return (user + system) / 1000 > this.#bounds.cpuMs
    }
    let level: Node[] = [{ choices: [], steps: 0 }]
    for (let depth = 0; depth <= this.#bounds.depth && level.length > 0; depth++) {
      const next: Node[] = []
      for (const [i, node] of level.entries()) {
        if (this.#found.broken !== undefined) return
        if (i % 16 === 0 && isOver()) {
          this.#found.isComplete = false
          return
        }
        await this.#expand(node, next)
      }
      this.#found.depth = depth
      level = next
    }
  }

  /** Takes one more step from a state, in each possible way. */
  async #expand(node: Node, next: Node[]): Promise<void> {
    const ways: (readonly number[])[] = [node.choices]
    for (let way = ways.pop(); way !== undefined; way = ways.pop()) {
      const oracle = new Oracle(way, this.#bounds.faults)
      const world = await this.#attempt(oracle, node.steps, undefined)
      if (world === undefined) return
      this.#found.transitions++
      // Each answer that was not prescribed could have been another.
      for (let at = way.length; at < oracle.choices.length; at++) {
        const before = oracle.choices.slice(0, at).map(({ taken }) => taken)
        const { taken, costs } = oracle.choices[at]!
        costs.forEach((cost, other) => {
          if (other !== taken && cost < Infinity) ways.push([...before, other])
        })
      }
      const key = world.key()
      if ((this.#seen.get(key) ?? Infinity) <= oracle.spent) continue
      const isNew = !this.#seen.has(key)
      this.#seen.set(key, oracle.spent)
      const choices = oracle.choices.map(({ taken }) => taken)
      next.push({ choices, steps: node.steps + 1 })
      if (!isNew) continue
      this.#note(key)
      // This world has come as far as it goes by itself, and serves for one of its ends.
      if (!(await this.#judged(world, () => world.heal()))) return
      for (const end of ['exit', 'close'] as const) {
        const last = new Oracle(choices, this.#bounds.faults)
        if ((await this.#attempt(last, node.steps, end)) === undefined) return
      }
    }
  }

  /** Goes a way from the beginning; `undefined` when a promise was broken on it. */
  async #attempt(
    oracle: Oracle,
    steps: number,
    end?: 'exit' | 'close',
  ): Promise<World | undefined> {
    const world = new World(this.#library, this.#variant, oracle)
    const isKept = await this.#judged(world, async () => {
      await world.begin()
      for (let step = 1; step <= steps; step++) {
        await world.step(end !== undefined || step < steps)
      }
      if (end !== undefined) await world[end]()
    })
    return isKept ? world : undefined
  }

  /** Has something happen in a world; false when a promise was broken by it. */
  async #judged(world: World, work: () => Promise<void>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      await settled()
      const why = error instanceof Broken ? error.message : (error as Error).stack!
      this.#found.broken = { why, steps: [...world.log, world.key(), world.contents()] }
      return false
    }
  }

  #note(key: string): void {
    this.#found.states++
    const state = key.slice(0, key.indexOf(' '))
    this.#found.sinkStates.set(state, (this.#found.sinkStates.get(state) ?? 0) + 1)
  }
}
