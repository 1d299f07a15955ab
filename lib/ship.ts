// `ringlog/ship`: sends a log, past and future, into an engine; exports only.

export { EngineRefusal } from './ship/engine.ts'
export type { ShipEvent, ShipEventKind, ShipReport } from './ship/events.ts'
export { ship } from './ship/ship-logs.ts'
export type { ShipOptions } from './ship/ship-logs.ts'
