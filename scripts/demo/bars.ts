// The market of the demo: real daily bars of the S&P 500, and the prices a day visited.
//
// A bar tells four prices but not their order. The path taken here is the usual convention: a day
// that closed higher went to its low first, one that closed lower to its high. Between those four
// prices the market moves in equal steps, so that a limit trips near its value and not only at the
// day's extreme.

/** One trading day. Prices are index points. */
export interface Bar {
  /** `2008-10-15` */
  readonly date: string
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  /** Shares traded. */
  readonly volume: number
}

/** The columns a file of bars has to begin with. */
const header = 'date,open,high,low,close,adjclose,volume'

/** Steps between two of the four prices of a bar. */
const stepsPerLeg = 4

/** Prices of one bar's path. */
export const stepsPerBar: number = 3 * stepsPerLeg + 1

/**
 * Reads bars from CSV text, oldest first.
 *
 * @throws {RangeError} when the header, a row or the order of days is not as it should be; the
 *   message has the line.
 */
export function parseBars(csv: string): Bar[] {
  const rows = csv.trimEnd().split(/\r?\n/)
  if (rows[0] !== header) {
    throw new RangeError(`Cannot read bars: expected the header ${header}, got ${rows[0] ?? ''}`)
  }
  const bars: Bar[] = []
  for (let i = 1; i < rows.length; i++) {
    const bar = parseRow(rows[i] ?? '')
    const previous = bars.at(-1)
    if (bar === undefined || (previous !== undefined && bar.date <= previous.date)) {
      const expected = 'a day after the one before, with its prices within high and low'
      throw new RangeError(
        `Cannot read bars: line ${i + 1}: expected ${expected}, got ${rows[i] ?? ''}`,
      )
    }
    bars.push(bar)
  }
  return bars
}

function parseRow(row: string): Bar | undefined {
  const cells = row.split(',')
  const [open, high, low, close, , volume] = cells.slice(1).map(Number)
  const date = cells[0] ?? ''
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return undefined
  if (open === undefined || high === undefined || low === undefined) return undefined
  if (close === undefined || volume === undefined || !(volume >= 0)) return undefined
  // Comparisons with NaN are false, so a price that is not a number fails here as well.
  const inside = low <= open && open <= high && low <= close && close <= high && low > 0
  return inside ? { date, open, high, low, close, volume } : undefined
}

/** The prices of a day in the order in which the market visited them, on the grid of `tickSize`. */
export function pathOf(bar: Bar, tickSize: number): number[] {
  const rises = bar.close >= bar.open
  const corners = rises
    ? [bar.open, bar.low, bar.high, bar.close]
    : [bar.open, bar.high, bar.low, bar.close]
  const path = [toGrid(bar.open, tickSize)]
  for (let i = 1; i < corners.length; i++) {
    const from = corners[i - 1] ?? 0
    const to = corners[i] ?? 0
    for (let step = 1; step <= stepsPerLeg; step++) {
      path.push(toGrid(from + ((to - from) * step) / stepsPerLeg, tickSize))
    }
  }
  return path
}

function toGrid(price: number, tickSize: number): number {
  return Math.round(price / tickSize) * tickSize
}

/** Calendar days from one date to another: `2001-09-10` to `2001-09-17` is 7. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000)
}
