// The JSON Schema of a line, as the README gives it, for a validator that is not ours. Stricter
// than it need be in one point: no key beside the known ones, because the user's data never leave
// `context`.

export const entrySchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  required: ['timestamp', 'level', 'category', 'message', 'seq', 'lsn'],
  additionalProperties: false,
  properties: {
    timestamp: { type: 'string', format: 'date-time', pattern: '\\.\\d{3}\\+00:00$' },
    level: { enum: ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] },
    category: { enum: ['system', 'enforcement', 'error', 'audit', 'sdk', 'service'] },
    account_id: { type: 'string' },
    message: { type: 'string' },
    event: { type: 'string' },
    context: { type: 'object' },
    exception: { $ref: '#/definitions/exception' },
    seq: { type: 'integer', minimum: 1 },
    lsn: { type: 'integer', minimum: 1 },
  },
  definitions: {
    exception: {
      type: 'object',
      required: ['type', 'message', 'stack_trace'],
      additionalProperties: false,
      properties: {
        type: { type: 'string' },
        message: { type: 'string' },
        stack_trace: { type: 'string' },
        code: { type: 'string' },
        cause: { $ref: '#/definitions/exception' },
        errors: { type: 'array', items: { $ref: '#/definitions/exception' } },
      },
    },
  },
} as const
