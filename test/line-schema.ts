// The JSON Schema of an entry, as the format's description has it, compiled by a validator that knows
// nothing of us.

import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'

const ajv = new Ajv({ allErrors: true, strictTypes: false })
addFormats.default(ajv)

/** Whether a parsed line is an entry. */
export const isValidLine: ValidateFunction = ajv.compile({
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  required: ['timestamp', 'level', 'category', 'message', 'seq'],
  additionalProperties: false,
  properties: {
    timestamp: { type: 'string', format: 'date-time' },
    level: { enum: ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] },
    category: { type: 'string', pattern: '^[a-z0-9][a-z0-9._-]{0,63}$' },
    account_id: { type: 'string' },
    message: { type: 'string' },
    event: { type: 'string' },
    context: { type: 'object' },
    exception: {
      type: 'object',
      required: ['type', 'message', 'stack_trace'],
      additionalProperties: false,
      properties: {
        type: { type: 'string' },
        message: { type: 'string' },
        stack_trace: { type: 'string' },
        code: { type: 'string' },
        details: { type: 'object' },
        cause: {},
        errors: { type: 'array' },
      },
    },
    seq: { type: 'integer', minimum: 1 },
  },
})
