// What is in an engine, compared with the files, line by line and byte by byte.

import { streamLogs } from '../../lib/index.ts'
import { placeAt } from '../../lib/ship/engines.ts'

/** What is wrong. */
export interface Verdict {
  readonly entries: number
  readonly missing: number
  readonly twice: number
  readonly disorder: number
  readonly different: number
}

/** The lines of a directory by category, each at its number less one. */
export async function linesOf(directory: string): Promise<Map<string, string[]>> {
  const lines = new Map<string, string[]>()
  for await (const { raw, entry } of streamLogs({ log_path: directory })) {
    if (entry?.seq === undefined) continue
    const of = lines.get(entry.category) ?? []
    of[entry.seq - 1] = raw
    lines.set(entry.category, of)
  }
  return lines
}

/** Looks at everything that an engine has. */
export async function judge(url: string, truth: Map<string, string[]>): Promise<Verdict> {
  const place = await placeAt(url, { warn: () => {}, env: {} })
  const reader = place.reader()
  const seen = new Map<string, Set<number>>()
  const last = new Map<string, number>()
  let [entries, twice, disorder, different] = [0, 0, 0, 0]
  try {
    for await (const lines of reader.read({})) {
      for (const { category, seq, raw } of lines) {
        const before = seen.get(category) ?? new Set()
        seen.set(category, before)
        entries++
        if (before.has(seq)) twice++
        before.add(seq)
        if (seq !== (last.get(category) ?? 0) + 1) disorder++
        last.set(category, seq)
        if (truth.get(category)?.[seq - 1] !== raw) different++
      }
    }
  } finally {
    await reader.close()
  }
  let missing = 0
  for (const [category, lines] of truth) {
    for (let i = 0; i < lines.length; i++) if (seen.get(category)?.has(i + 1) !== true) missing++
  }
  return { entries, missing, twice, disorder, different }
}
