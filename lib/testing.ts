// `ringlog/testing`: a logger without files, for tests; exports only.

export { createTestLogger } from './logger/test-logger.ts'
export type { TestLogger } from './logger/test-logger.ts'
