// Every choice that a simulated run leaves open, answered from a list: so that a run can be
// repeated, and each other answer tried in its turn. What costs something is a fault, and a run has
// only so many of them.

/** One answer that was given. */
export interface Choice {
  readonly taken: number
  /**
   * What each of the answers costs. The first is taken where none is prescribed, and costs nothing.
   */
  readonly costs: readonly number[]
}

/** Answers as prescribed, and then with the first. */
export class Oracle {
  readonly choices: Choice[] = []
  /** What happened, in words. */
  readonly log: string[] = []
  /** What the answers have cost so far. */
  spent = 0
  readonly #prescribed: readonly number[]
  readonly #budget: number

  constructor(prescribed: readonly number[], budget: number) {
    this.#prescribed = prescribed
    this.#budget = budget
  }

  /** Whether all that is prescribed has been answered. */
  get isFree(): boolean {
    return this.choices.length >= this.#prescribed.length
  }

  /** @returns the index of an answer, one of those that can still be paid. */
  choose(costs: readonly number[]): number {
    const payable = costs.map((cost) => (cost <= this.#budget - this.spent ? cost : Infinity))
    // A choice of one is none.
    if (payable.filter((cost) => cost < Infinity).length < 2) return payable.indexOf(0)
    const taken = this.#prescribed[this.choices.length] ?? payable.indexOf(0)
    this.choices.push({ taken, costs: payable })
    this.spent += costs[taken]!
    return taken
  }

  /** Whether something goes wrong here, and which of so many ways; 0: it goes well. */
  fault(what: string, ways: number): number {
    const fault = this.choose([0, ...Array.from({ length: ways }, () => 1)])
    if (fault > 0) this.log.push(`  ${what} fails${ways > 1 ? ` (${fault})` : ''}`)
    return fault
  }
}
