import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Lifeline } from '../../lib/thread/lifeline.ts'

function begin(script: string, lifeline: Lifeline): Worker {
  return new Worker(script, {
    eval: true,
    workerData: lifeline.far,
    transferList: [lifeline.far],
  })
}

describe('Lifeline.isCut', () => {
  test('is false as long as the other thread lives, however often it is asked', async () => {
    const lifeline = new Lifeline()
    const worker = begin(
      `const { parentPort, workerData } = require('node:worker_threads')
      parentPort.on('message', (text) => parentPort.postMessage(text))`,
      lifeline,
    )
    for (let i = 0; i < 100; i++) assert.equal(lifeline.isCut, false)
    // oxlint-disable-next-line require-post-message-target-origin -- a thread of this process
    worker.postMessage('there')
    assert.deepEqual(await once(worker, 'message'), ['there'])
    assert.equal(lifeline.isCut, false)
    await worker.terminate()
    assert.equal(lifeline.isCut, true)
    assert.equal(lifeline.isCut, true)
    lifeline.close()
  })

  for (const [how, script] of [
    ['throws', 'throw new Error("broken")'],
    ['is no JavaScript', 'const = 1'],
    ['exits', 'process.exit(3)'],
    ['comes to its end', ''],
  ] as const) {
    test(`is true without an event, once a thread ${how}`, async () => {
      const lifeline = new Lifeline()
      const worker = begin(script, lifeline)
      const ended = new Promise((resolve) => {
        worker.on('error', () => {})
        worker.on('exit', resolve)
      })
      const turn = new Int32Array(new SharedArrayBuffer(4))
      // No turn of the event loop: the test's own limit of time ends it.
      while (!lifeline.isCut) Atomics.wait(turn, 0, 0, 5)
      lifeline.close()
      await ended
    })
  }
})
