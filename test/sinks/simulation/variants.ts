// What is explored: which faults a world may have, and how far it is followed. `depth` is a bound
// only where there are states without end, as where a file that cannot be put aside goes on
// growing.

import type { DiskFaults } from './disk.ts'
import type { Variant } from './world.ts'

const none: DiskFaults = {
  open: false,
  stat: false,
  read: false,
  write: false,
  sync: false,
  rename: false,
}

/** Files of three lines and a byte, batches of two: nearly every second batch is cut. */
const plain: Variant = {
  name: 'no faults',
  synced: false,
  limitBytes: 13,
  bytesMax: Infinity,
  lineLengths: [4],
  linesPerBatch: 2,
  batchesMax: Infinity,
  faults: none,
  tampering: false,
  kills: false,
  rivals: false,
}

export interface Plan {
  readonly variant: Variant
  /** Faults in one run, and steps. */
  readonly faults: number
  readonly depth: number
  /** The same for `npm test`, which has seconds. */
  readonly quick: { readonly faults: number; readonly depth: number }
}

const quick = { faults: 1, depth: 3 }

export const plans: readonly Plan[] = [
  { variant: plain, faults: 0, depth: 100, quick: { faults: 0, depth: 5 } },
  {
    variant: { ...plain, name: 'lines longer than a file', lineLengths: [4, 20, 4] },
    faults: 0,
    depth: 100,
    quick: { faults: 0, depth: 5 },
  },
  {
    variant: { ...plain, name: 'EFBIG', limitBytes: 1000, bytesMax: 10 },
    faults: 0,
    depth: 100,
    quick: { faults: 0, depth: 5 },
  },
  {
    variant: {
      ...plain,
      name: 'open and write fail, and are short',
      faults: { ...none, open: true, write: true },
    },
    faults: 2,
    depth: 13,
    quick,
  },
  {
    variant: { ...plain, name: 'looks fail', faults: { ...none, stat: true, read: true } },
    faults: 2,
    depth: 12,
    quick,
  },
  {
    variant: { ...plain, name: 'renames fail', faults: { ...none, rename: true, write: true } },
    faults: 2,
    depth: 10,
    quick,
  },
  { variant: { ...plain, name: 'tampering', tampering: true }, faults: 2, depth: 12, quick },
  {
    variant: {
      ...plain,
      name: 'tampering, and writes fail',
      tampering: true,
      faults: { ...none, write: true },
    },
    faults: 2,
    depth: 8,
    quick,
  },
  {
    variant: { ...plain, name: 'SIGKILL', kills: true, faults: { ...none, write: true } },
    faults: 2,
    depth: 11,
    quick,
  },
  {
    variant: { ...plain, name: 'another writer', rivals: true, faults: { ...none, write: true } },
    faults: 2,
    depth: 8,
    quick,
  },
  {
    variant: {
      ...plain,
      name: 'another writer, and synced',
      synced: true,
      rivals: true,
      faults: { ...none, sync: true },
    },
    faults: 2,
    depth: 8,
    quick,
  },
  {
    variant: { ...plain, name: 'synced', synced: true, faults: { ...none, sync: true } },
    faults: 1,
    depth: 100,
    quick,
  },
  {
    variant: {
      ...plain,
      name: 'synced, everything',
      synced: true,
      faults: { ...none, open: true, write: true, sync: true, rename: true },
      tampering: true,
      kills: true,
    },
    faults: 2,
    depth: 7,
    quick: { faults: 1, depth: 3 },
  },
]
