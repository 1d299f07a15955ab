// Members that a method of the logger gives to a context: they stand first, and win over equal keys of the
// caller's own. They are copied into the lanes as they are; no object is made of both.

/** What stands in front of a context: `rule` and `action` of an enforcement. */
export class LeadingMembers {
  readonly first: string
  readonly firstValue: unknown
  readonly second: string | undefined
  readonly secondValue: unknown
  /** Any others: for calls that were made otherwise than meant. */
  readonly others: ReadonlyMap<string, unknown> | undefined

  constructor(
    first: string,
    firstValue: unknown,
    second?: string,
    secondValue?: unknown,
    others?: ReadonlyMap<string, unknown>,
  ) {
    this.first = first
    this.firstValue = firstValue
    this.second = second
    this.secondValue = secondValue
    this.others = others
  }

  /** Any number of members; undefined for none. */
  static of(members: ReadonlyMap<string, unknown>): LeadingMembers | undefined {
    const [first, ...others] = members
    if (first === undefined) return undefined
    return new LeadingMembers(first[0], first[1], undefined, undefined, new Map(others))
  }

  /** Whether a member of the context has to give way. */
  has(key: string): boolean {
    return (
      key === this.first ||
      key === this.second ||
      (this.others !== undefined && this.others.has(key))
    )
  }
}
