// Every fault, in the order of the table.

import type { Scenario } from './scenario.ts'
import { sweeps } from './sweep.fault.ts'

export const scenarios: readonly Scenario[] = [...sweeps]
