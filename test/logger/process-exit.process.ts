// Every way in which a process ends, and what is then in its files: everything accepted, once, in
// order; with the exit code and signal of a control process that has no logger. `npm test` has
// one more.

import { describe } from 'node:test'
import { testCompleteEnd, testKill, testWorkerEnd } from './ending-process.ts'

const ways = [
  'natural end',
  'exit at once',
  'exit amid writing',
  'exit in an async function',
  'unhandled rejection',
  'caught exception',
  'an exit listener that throws',
  'an earlier exit listener that exits',
  'an earlier monitor that throws',
  'a later exit listener, put first, that exits',
  'a later monitor, put first, that throws',
  'an exception handler that logs and throws',
  'a capture callback that logs and throws',
  'an exit listener that throws into a handler that logs',
  'entries from a late exit listener',
  'exit within exit',
  'stack overflow',
  'unsettled top-level await',
  'graceful SIGTERM',
  'several loggers',
]

const workerWays = [
  'worker ends',
  'worker exits',
  'worker throws',
  'cluster worker disconnects',
  'cluster worker exits',
  'cluster worker throws',
]

describe('the end of the process', { concurrency: 2 }, () => {
  for (const way of ways) testCompleteEnd(way)
  testKill('SIGTERM')
  testKill('SIGKILL')
  for (const way of workerWays) testWorkerEnd(way)
})
