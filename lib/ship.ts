// `ringlog/ship`: sends a log, past and future, into an engine; exports only.

export { EngineRefusal } from './ship/engine.ts'
export type { Engine, EngineReader, LogName, Shipment } from './ship/engine.ts'
