// What no logger can beat: making the context and doing nothing with it; copying its values into
// preallocated lanes and reading the clock; writing bytes that are ready. They write no entries, or
// not the ones they are given, so the measures know them as limits (catalog.ts) and do not check
// their lines against the calls.

import { closeSync, openSync, write, writeSync } from 'node:fs'
import { join } from 'node:path'
import { pause } from '../loop.ts'
import { account, enforcementContext, message, smallContext } from '../workload.ts'
import type { EnforcementContext, SmallContext } from '../workload.ts'
import { lineOf } from './bare.ts'
import type { Subject, SubjectOptions } from './subject.ts'

/** What the empty calls were given last: without a use of it, V8 would not even make the object. */
const kept: { context: unknown } = { context: undefined }

function keep(context: unknown): void {
  kept.context = context
}

/** Makes each context and keeps it until the next call. */
export function openNothing(): Subject {
  return {
    entry: (i) => keep(enforcementContext(i)),
    disabled: (i) => ignore(smallContext(i)),
    message: () => keep(message),
    small: (i) => keep(smallContext(i)),
    repeated: () => keep(message),
    end: async () => {
      kept.context = undefined
    },
  }
}

const slotCount = 1 << 13
const slotMask = slotCount - 1
/** Numbers and strings of one entry, rounded up to a power of two. */
const numberShift = 4
const stringShift = 3

/** An empty call: what V8 saves there, it saves in a call below the level too. */
function ignore(_context: unknown): void {}

/** Copies the same values as the typed event does, and the time; nothing reads them. */
export function openLanes(): Subject {
  const numbers = new Float64Array(slotCount << numberShift)
  const strings = Array.from({ length: slotCount << stringShift }, () => '')
  const times = new Float64Array(slotCount)
  let tail = 0

  const copy = (context: EnforcementContext, accountId: string): void => {
    const slot = tail++ & slotMask
    const n = slot << numberShift
    const s = slot << stringShift
    const { violation, position, action, state_after: state } = context
    times[slot] = Date.now()
    strings[s] = context.rule
    numbers[n] = violation.current_value
    numbers[n + 1] = violation.limit
    numbers[n + 2] = violation.threshold_exceeded_by
    strings[s + 1] = position.symbol
    strings[s + 2] = position.side
    numbers[n + 3] = position.quantity
    numbers[n + 4] = position.entry_price
    numbers[n + 5] = position.exit_price
    numbers[n + 6] = position.unrealized_pnl
    strings[s + 3] = action.type
    strings[s + 4] = action.result
    strings[s + 5] = action.order_id
    numbers[n + 7] = action.fill_price
    numbers[n + 8] = state.realized_pnl_today
    numbers[n + 9] = state.open_positions
    numbers[n + 10] = state.lockout ? 1 : 0
    strings[s + 6] = accountId
  }
  const copySmall = (context: SmallContext, accountId: string): void => {
    const slot = tail++ & slotMask
    const n = slot << numberShift
    const s = slot << stringShift
    times[slot] = Date.now()
    numbers[n] = context.order_id
    strings[s] = context.symbol
    numbers[n + 1] = context.price
    strings[s + 1] = accountId
  }
  const context = enforcementContext(0)
  return {
    entry: (i) => copy(enforcementContext(i), account),
    small: (i) => copySmall(smallContext(i), account),
    repeated: () => copy(context, account),
    end: async () => {
      if (tail === 0) throw new Error('Expected at least one call, got none')
    },
  }
}

/**
 * Counts entries, and writes as many ready lines in the thread pool, 50 ms after the first or at
 * 64 KiB: what nobody can do without who promises the same delay and never blocks.
 */
export function openReadyWakes({ directory }: SubjectOptions): Subject {
  const file = openSync(join(directory, 'bench.log'), 'a')
  const line = Buffer.from(lineOf(message, account, enforcementContext(0)))
  const linesPerPiece = Math.floor((64 * 1024) / line.length)
  const piece = Buffer.concat(Array.from({ length: linesPerPiece }, () => line))
  let waiting = 0
  const state = { writing: 0 }
  const flush = (): void => {
    if (waiting === 0) return
    state.writing++
    write(file, piece, 0, waiting * line.length, null, () => state.writing--)
    waiting = 0
  }
  const timer = setTimeout(flush, 50).unref()
  return {
    entry: (i) => {
      keep(enforcementContext(i))
      if (++waiting === 1) timer.refresh()
      else if (waiting === linesPerPiece) flush()
    },
    end: async () => {
      flush()
      while (state.writing > 0) await pause(1)
      closeSync(file)
    },
  }
}

/**
 * Writes ready bytes in pieces of 256 KiB: what the disk and the system call cost by themselves.
 */
export function openReadyBytes({ directory }: SubjectOptions): Subject {
  const file = openSync(join(directory, 'bench.log'), 'a')
  const line = Buffer.from(lineOf(message, account, enforcementContext(0)))
  const linesPerPiece = Math.floor((256 * 1024) / line.length)
  const piece = Buffer.concat(Array.from({ length: linesPerPiece }, () => line))
  let waiting = 0
  const flush = async (): Promise<void> => {
    writeSync(file, piece, 0, waiting * line.length)
    waiting = 0
  }
  return {
    entry: () => {
      if (++waiting < linesPerPiece) return
      writeSync(file, piece)
      waiting = 0
    },
    flush,
    end: async () => {
      await flush()
      closeSync(file)
    },
  }
}
