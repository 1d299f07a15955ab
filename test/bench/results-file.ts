// Results made up for tests.

import type { Results, Row } from '../../bench/results.ts'

export function resultsWith(rows: readonly Row[], changes: Partial<Results> = {}): Results {
  return {
    format: 1,
    date: '2026-11-23T20:00:00.000Z',
    commit: '0123456789',
    scale: 'full',
    rounds: 3,
    machine: {
      cpu: 'Some CPU',
      cores: 2,
      memory_gb: 16,
      os: 'Linux 6.1',
      file_system: 'ext4',
      node: 'v20.20.2',
      v8: '11.3',
    },
    versions: { ringlog: '0.1.0', pino: '10.4.0' },
    skipped: {},
    rows,
    ...changes,
  }
}

export function rowWith(values: readonly number[], changes: Partial<Row> = {}): Row {
  return {
    measure: 'call',
    variant: 'entry',
    subject: 'ringlog-typed',
    metric: 'mean_ns',
    better: 'lower',
    values,
    ...changes,
  }
}
