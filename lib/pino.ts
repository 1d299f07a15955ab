// `ringlog/pino`: the face of pino over one category of a logger; exports only.

export { pinoLogger } from './pino/pino-logger.ts'
export type {
  PinoChildOptions,
  PinoLevelListener,
  PinoLogger,
  PinoLoggerOptions,
  PinoLogMethod,
} from './pino/pino-logger.ts'
export type { PinoLevel } from './pino/pino-levels.ts'
export type { Serializer, Serializers } from './pino/serializers.ts'
