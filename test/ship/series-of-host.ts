// Names of series, for tests of a fleet.

import type { SeriesName } from '../../lib/ship/engine.ts'

/** A series of a log whose identity is one digit, repeated. */
export function series(host: string, category = 'system', id = 'a'): SeriesName {
  return { host, log_id: id.repeat(32), category }
}
