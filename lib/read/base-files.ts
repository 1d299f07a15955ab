// The files of a base at one moment. What is in them then is history; what comes later belongs to
// the tails, which go on where it ends. Those that grow are held. Of the others a bounded number is
// opened, the newest first: they can be read whatever rotation does.

import type { Descriptors } from './descriptors.ts'
import { walkFiles } from './file-walk.ts'
import type { Span } from './history.ts'
import type { LogFile } from './log-file.ts'
import { lastLineEnd, settledLineEnd } from './read-lines.ts'
import type { Remarks } from './remark.ts'
import type { Series } from './series.ts'
import type { Tail } from './tail-series.ts'

/**
 * Files of each base that a tail is told of: the live one, and as many as can be rotated before it
 * looks.
 */
const knownMax = 16

/** A base and its files. */
export interface Base {
  readonly name: string
  /** Oldest first. */
  readonly spans: readonly Span[]
}

/** How files are listed. */
export interface Listing {
  readonly directory: string
  /** What comes to them will be read as well. */
  readonly follow: boolean
  readonly descriptors: Descriptors
  readonly remarks: Remarks
}

/**
 * Lists the files of some series.
 *
 * @param isWhole All of them will be read, not the ends alone.
 */
export function findBases(series: readonly Series[], listing: Listing, isWhole: boolean): Base[] {
  const { descriptors, remarks } = listing
  const bases = series.map((each) => ({ name: each.base, spans: spansOf(each, listing) }))
  if (!isWhole) return bases
  const oldest = Math.max(0, ...bases.map(({ spans }) => spans.length))
  for (let age = 1; age <= oldest && descriptors.hasRoom; age++) {
    for (const { spans } of bases) {
      if (!descriptors.hasRoom) return bases
      attempt(spans.at(-age)?.log, (log) => log.current(), remarks)
    }
  }
  return bases
}

/** The files of one series, oldest first, each as far as it is whole. */
export function spansOf({ base, files }: Series, listing: Listing): Span[] {
  const { directory, follow, descriptors, remarks } = listing
  const logs = walkFiles({ directory, base, files, how: 'list', descriptors, remarks })
  // Amid a rotation the newest file bears a number, and grows nevertheless; and so does the one
  // before while the newest is empty.
  const growing = logs.slice(logs.at(-1)?.size === 0 ? -2 : -1).filter((log) => !log.compressed)
  return logs.flatMap((log): Span[] => {
    if (!growing.includes(log)) return [{ log, end: log.size, held: false }]
    const span = attempt(
      log,
      (): Span => {
        if (follow) log.hold()
        const end = follow ? settledLineEnd(log) : log.size
        return { log, end, held: follow, whole: follow ? end : lastLineEnd(log, end) }
      },
      remarks,
    )
    return span === undefined ? [] : [span]
  })
}

/** What is history is known to the tail; it goes on where that ends. */
export function tailOf({ spans }: Base, tail: Tail, remarks: Remarks): void {
  // A rotation that has come meanwhile is met by the newest; older ones need not be known.
  for (const { log, end, held } of spans.slice(-knownMax)) {
    if (held) tail.hold(log, end)
    else attempt(log, () => tail.pass(log), remarks)
  }
}

/** @param held Also those that would be a tail's. */
export function closeAll(bases: readonly Base[], held: boolean): void {
  for (const span of bases.flatMap(({ spans }) => spans)) {
    if (held || !span.held) span.log.close()
  }
}

/** Does something with a file; a failure is reported. */
function attempt<T>(
  log: LogFile | undefined,
  work: (log: LogFile) => T,
  remarks: Remarks,
): T | undefined {
  if (log === undefined) return undefined
  try {
    return work(log)
  } catch (error) {
    remarks.unread(log.name, error)
    return undefined
  }
}
