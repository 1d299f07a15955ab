// `ringlog lnav`: the format file with which lnav, the log file navigator, reads our files:
// https://lnav.org.
//
//   ringlog lnav > ringlog.json && lnav -i ringlog.json

import type { Io } from './io.ts'

/** In the words of https://lnav.org/schemas/format-v1.schema.json. */
const format = {
  $schema: 'https://lnav.org/schemas/format-v1.schema.json',
  ringlog: {
    title: 'ringlog',
    description: 'One JSON object per line, as ringlog writes it',
    url: 'https://lnav.org',
    json: true,
    'hide-extra': false,
    'file-pattern': String.raw`[^/]*\.log(\.\d+)?(\.gz)?$`,
    'timestamp-field': 'timestamp',
    'level-field': 'level',
    'body-field': 'message',
    'opid-field': 'account_id',
    level: {
      debug: '^DEBUG$',
      info: '^INFO$',
      warning: '^WARNING$',
      error: '^ERROR$',
      critical: '^CRITICAL$',
    },
    'line-format': [
      '[',
      { field: '__timestamp__', 'timestamp-format': '%Y-%m-%d %H:%M:%S' },
      '] ',
      { field: 'level', 'min-width': 5 },
      ' | ',
      { field: 'category', 'min-width': 11 },
      ' | ',
      { field: 'account_id', 'default-value': '-' },
      ' | ',
      { field: 'message' },
    ],
    value: {
      level: { kind: 'string' },
      category: { kind: 'string', identifier: true },
      account_id: { kind: 'string', identifier: true },
      message: { kind: 'string' },
      event: { kind: 'string', identifier: true },
      context: { kind: 'json' },
      exception: { kind: 'json' },
      'exception/type': { kind: 'string', identifier: true },
      'exception/message': { kind: 'string' },
      'exception/stack_trace': { kind: 'string' },
      seq: { kind: 'integer', 'foreign-key': true },
      lsn: { kind: 'integer', 'foreign-key': true },
    },
    sample: [
      {
        line: '{"timestamp":"2025-10-17T14:23:45.123+00:00","level":"INFO","category":"enforcement","account_id":"ABC123","message":"Position closed","context":{"rule":"UnrealizedLoss"},"seq":42,"lsn":1087}',
        level: 'info',
      },
    ],
  },
}

/**
 * Prints the format.
 *
 * @returns the exit code.
 */
export async function lnav(io: Io): Promise<number> {
  await io.out.write(`${JSON.stringify(format, undefined, 2)}\n`)
  return 0
}
