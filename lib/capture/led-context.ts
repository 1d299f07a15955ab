// A context with members in front that a method of the logger gives: they stand first, and win over
// equal keys of the caller's own. They are copied into the lanes as they are; no object is made of
// both.

/** A context, and what stands in front of it: `rule` and `action` of an enforcement. */
export class LedContext {
  readonly first: string
  readonly firstValue: unknown
  readonly second: string | undefined
  readonly secondValue: unknown
  /** The caller's own. */
  readonly rest: unknown
  /** Any other members in front: for calls that were made otherwise than meant. */
  readonly others: ReadonlyMap<string, unknown> | undefined

  constructor(
    first: string,
    firstValue: unknown,
    second: string | undefined,
    secondValue: unknown,
    rest: unknown,
    others?: ReadonlyMap<string, unknown>,
  ) {
    this.first = first
    this.firstValue = firstValue
    this.second = second
    this.secondValue = secondValue
    this.rest = rest
    this.others = others
  }

  /** A context with any number of members in front; itself where there are none. */
  static of(members: ReadonlyMap<string, unknown>, rest: unknown): unknown {
    const [first, ...others] = members
    if (first === undefined) return rest
    return new LedContext(first[0], first[1], undefined, undefined, rest, new Map(others))
  }

  /** Whether a member of the caller's own has to give way. */
  has(key: string): boolean {
    return (
      key === this.first ||
      key === this.second ||
      (this.others !== undefined && this.others.has(key))
    )
  }
}
