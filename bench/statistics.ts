// Medians, spreads and percentiles. Exact: from all samples, not from a histogram's buckets.

/** The percentiles of a latency; the last is the maximum. Enough points for a curve. */
export const percentilePoints = [50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 100] as const

/** Median and extremes of what several rounds found. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** @throws {RangeError} when there are no values. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('Cannot find a median: expected values, got none')
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const median =
    sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}

/** A median, and the interval in which it lies. */
export interface MedianInterval {
  readonly median: number
  readonly low: number
  readonly high: number
}

/**
 * The median, and the values between which that of all possible ones lies: with 95 % from six
 * values on, by the sign test, whatever their distribution; the extremes of fewer.
 */
export function medianInterval(values: readonly number[]): MedianInterval {
  const { median, min, max } = spreadOf(values)
  const sorted = values.toSorted((a, b) => a - b)
  const n = sorted.length
  // So many values may be left out at each end: how likely it is that so few of n, and one more,
  // fall on one of the two sides.
  let out = 0
  let ways = n
  for (let chance = (2 + 2 * ways) / 2 ** n; chance <= 0.05; chance += (2 * ways) / 2 ** n) {
    out++
    ways = (ways * (n - out)) / (out + 1)
  }
  return { median, low: sorted[out] ?? min, high: sorted[n - 1 - out] ?? max }
}

/**
 * Latency samples in nanoseconds, with room made beforehand so that recording allocates nothing.
 */
export class Samples {
  readonly #values: Float64Array
  #count = 0

  constructor(capacity: number) {
    this.#values = new Float64Array(capacity)
  }

  get count(): number {
    return this.#count
  }

  /** Keeps a sample; those beyond the capacity are left out, for one that waits must not grow. */
  record(ns: number): void {
    if (this.#count < this.#values.length) this.#values[this.#count++] = ns
  }

  median(): number {
    return percentileOf(this.#values.subarray(0, this.#count).toSorted(), 50)
  }

  /** Metrics `p50_<unit>` … `max_<unit>`: each sample divided by `nsPerUnit`. */
  percentiles(unit: string, nsPerUnit = 1, prefix = ''): Record<string, number> {
    const sorted = this.#values.subarray(0, this.#count).toSorted()
    return Object.fromEntries(
      percentilePoints.map((point) => [
        `${prefix}${percentileName(point)}_${unit}`,
        percentileOf(sorted, point) / nsPerUnit,
      ]),
    )
  }
}

/** `p99.9`, `max`. */
export function percentileName(point: number): string {
  return point === 100 ? 'max' : `p${point}`
}

/**
 * The smallest sample which at least `point` percent of all are not above; NaN when there are none.
 */
export function percentileOf(sorted: ArrayLike<number>, point: number): number {
  // 99.9 / 100 × 1000 is 999.0000000000001: a little less, or the rank would be one too high.
  const rank = Math.ceil((point / 100) * sorted.length - 1e-6)
  return sorted[Math.max(rank, 1) - 1] ?? Number.NaN
}

/** The values by a key, in the order in which keys first come. (Node 20 has no Map.groupBy.) */
export function groupBy<Value, Key>(
  values: readonly Value[],
  keyOf: (value: Value) => Key,
): Map<Key, Value[]> {
  const groups = new Map<Key, Value[]>()
  for (const value of values) {
    const key = keyOf(value)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [value])
    else group.push(value)
  }
  return groups
}
