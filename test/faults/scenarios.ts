// Every fault, in the order of the table.

import { silenced } from './console.fault.ts'
import { deaths } from './deaths.fault.ts'
import { disks } from './disk.fault.ts'
import { links } from './links.fault.ts'
import { powerCuts } from './power.fault.ts'
import type { Scenario } from './scenario.ts'
import { slowDisks } from './slow.fault.ts'
import { sweeps } from './sweep.fault.ts'
import { tampered } from './tampering.fault.ts'

export const scenarios: readonly Scenario[] = [
  ...sweeps,
  ...disks,
  ...tampered,
  ...links,
  ...silenced,
  ...deaths,
  ...powerCuts,
  ...slowDisks,
]
