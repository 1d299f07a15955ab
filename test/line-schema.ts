// The JSON Schema of an entry, as the package has it, compiled by a validator that knows nothing of
// us.

import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { entrySchema } from '../scripts/entry-schema.ts'

const ajv = new Ajv({ allErrors: true, strictTypes: false })
addFormats.default(ajv)

/** Whether a parsed line is an entry. */
export const isValidLine: ValidateFunction = ajv.compile(entrySchema)
