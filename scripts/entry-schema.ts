// What a line of JSON holds, as a schema: the one owner of its shape. The words to it are those of
// `LogEntry`; the compiler ties the two: a key that one of them lacks, or has otherwise, does not
// compile.

import { Type, type Static } from 'typebox'
import type { ExceptionInfo, LogEntry } from '../lib/entry/entry.ts'
import { namePattern } from '../lib/entry/builtin-categories.ts'
import { levelNames, type LevelName } from '../lib/entry/level.ts'

const closed = { additionalProperties: false }
const fields = Type.Record(Type.String(), Type.Unknown())
const hex = (digits: number) => Type.String({ pattern: `^[0-9a-f]{${digits}}$` })

/** The `exception` of an entry, and each cause that is an error. */
export const exceptionSchema = Type.Object(
  {
    type: Type.String(),
    message: Type.String(),
    stack_trace: Type.String(),
    code: Type.Optional(Type.String()),
    details: Type.Optional(fields),
    cause: Type.Optional(Type.Unknown()),
    errors: Type.Optional(Type.Array(Type.Unknown())),
  },
  closed,
)

/** A line of JSON, keys in the order in which they are written. */
export const entrySchema = Type.Object(
  {
    timestamp: Type.String({
      format: 'date-time',
      pattern: String.raw`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}\+00:00$`,
    }),
    level: Type.Enum(levelNames as LevelName[]),
    category: Type.String({ pattern: namePattern.source }),
    account_id: Type.Optional(Type.String()),
    trace_id: Type.Optional(hex(32)),
    span_id: Type.Optional(hex(16)),
    message: Type.String(),
    event: Type.Optional(Type.String()),
    context: Type.Optional(fields),
    exception: Type.Optional(exceptionSchema),
    seq: Type.Integer({ minimum: 1 }),
    lsn: Type.Integer({ minimum: 1 }),
  },
  closed,
)

/**
 * Whether the schema has every key of a type, and each of its own keys, where the type has it, is
 * of that type.
 */
type Covers<S, T> = keyof T extends keyof S ? (S extends T ? true : false) : false

/** Never called: here the compiler judges. */
export const areCovered: readonly [
  Covers<Static<typeof entrySchema>, LogEntry>,
  Covers<Static<typeof exceptionSchema>, ExceptionInfo>,
] = [true, true]
