// The public surface; exports only.

export { ConfigError, LockedError, NotWrittenError, errorCodes } from './errors.ts'
export type { ConfigProblem, ErrorCode } from './errors.ts'
export type { BuiltinCategory, CategoryName } from './entry/builtin-categories.ts'
export type { ExceptionInfo, LogEntry } from './entry/entry.ts'
export type { Level, LevelName } from './entry/level.ts'
export { defineEvent, Type } from './event/event-definition.ts'
export type { ContextOf, EventDefinition } from './event/event-definition.ts'
export { formatEntry } from './read/format-entry.ts'
export type { FormatOptions } from './entry/human-line.ts'
export { cleanLogs } from './directory/clean-logs.ts'
export type { CleanOptions } from './directory/clean-logs.ts'
export type { CleanReport } from './directory/clean-directory.ts'
export { createLogger } from './logger/create-logger.ts'
export type {
  ConfigWithCategories,
  ConfiguredCategories,
  ConfiguredLogger,
  KnownCategories,
} from './logger/create-logger.ts'
export type { CategoryLogger } from './logger/category-logger.ts'
export { loadConfig } from './config/resolve.ts'
export type { ByCategory } from './config/schema.ts'
export type { LoggingConfig, ResolvedConfig } from './config/resolve.ts'
export type { Logger } from './logger/logger.ts'
export type { LoggerOptions, TraceIds } from './logger/surroundings.ts'
export type { LoggerStats } from './deliver/counters.ts'
export { streamLogs } from './ship/stream-logs.ts'
export type { LogLine } from './read/time-order.ts'
export type { StreamOptions } from './read/query.ts'
export type { Where, WhereValue } from './read/where.ts'
export { verifyLogs } from './read/verify-logs.ts'
export type { VerifyOptions, VerifyReport } from './read/verify-logs.ts'
export type { VerifyFault } from './read/verify-fault.ts'
