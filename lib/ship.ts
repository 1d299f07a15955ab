// `ringlog/ship`: sends a log, past and future, into an engine, or gives it
// in batches to a shipper of one's own; exports only.

export { EngineRefusal } from './ship/engine.ts'
export type { Engine, EngineReader, LogName, Shipment } from './ship/engine.ts'
export {
  type Arrival,
  type BatchOptions,
  LogBegunAnew,
  lineOf,
  streamBatches,
} from './read/stream-batches.ts'
export type { LineBatch } from './read/stream-batches.ts'
export type { ShipEvent, ShipEventKind, ShipReport } from './ship/events.ts'
export { ship } from './ship/ship.ts'
export type { ShipOptions } from './ship/ship.ts'
