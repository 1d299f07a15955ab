// A disk that does not answer: how long blocking work waits for it, and who notices it otherwise.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { monotonicMs } from '../../lib/entry/clock.ts'
import { AnswerWatch, Patience } from '../../lib/sinks/disk-timeout.ts'

/** Work that takes longer than any patience of less than a millisecond. */
function work(): string {
  const by = monotonicMs() + 1
  while (monotonicMs() < by);
  return 'done'
}

describe('Patience', () => {
  test('nap() waits until it is used up, and again when the disk has answered', () => {
    const patience = new Patience(false, 0.5)
    assert.equal(patience.nap(), true)
    assert.equal(patience.nap(), false)
    assert.equal(patience.isOver, false, 'there is a later turn')
    patience.answered()
    assert.equal(patience.nap(), true)
  })

  test('the last one keeps a reserve for disks that answer, and no answer renews it', () => {
    const patience = new Patience(true, 200.5)
    assert.deepEqual([patience.isLast, patience.isOver], [true, false])
    assert.equal(patience.nap(), true)
    patience.answered()
    assert.equal(patience.nap(), false)
    assert.equal(patience.isOver, false, 'writing is still allowed')
    const over = new Patience(true, 0.5)
    over.spend(work)
    assert.equal(over.isOver, true)
  })

  test('spend() gives what the work gives, and counts it also when it throws', () => {
    const patience = new Patience(true, 0.5)
    assert.equal(
      patience.spend(() => 7),
      7,
    )
    assert.throws(() =>
      patience.spend(() => {
        work()
        throw new Error('refused')
      }),
    )
    assert.equal(patience.isOver, true)
  })

  test('awaitChange() ends with the change, and refuses when it has waited long enough', () => {
    const words = new Int32Array(new SharedArrayBuffer(8))
    words[1] = 5
    const patience = new Patience(false, 0.5)
    assert.equal(patience.awaitChange(words, 1, 4), true, 'it is another one already')
    // A wait may end some microseconds before its time, and then there is another.
    while (patience.awaitChange(words, 1, 5));
    assert.equal(new Patience(true, 200).awaitChange(words, 1, 4), false, 'that is the reserve')
  })
})

describe('AnswerWatch', () => {
  /** A watch over a number; what it has come to when it was silent, or nothing was awaited. */
  function watched(progress: () => number | undefined): {
    watch: AnswerWatch
    silent: Promise<void>
  } {
    const { promise, resolve } = withResolvers()
    return { watch: new AnswerWatch(progress, resolve, 1), silent: promise }
  }

  function withResolvers(): { promise: Promise<void>; resolve: () => void } {
    let resolve: () => void = () => {}
    const promise = new Promise<void>((done) => {
      resolve = done
    })
    return { promise, resolve: () => resolve() }
  }

  test('tells when the number stays, and not while it changes', async () => {
    let looks = 0
    const { watch, silent } = watched(() => Math.min(++looks, 3))
    watch.begin(0)
    await held(silent)
    assert.equal(looks, 4, 'the third and the fourth time it was 3')
  })

  test('tells nothing when nothing is awaited, and begins again', async () => {
    const looked = withResolvers()
    let told = 0
    let progress: number | undefined
    const watch = new AnswerWatch(
      () => {
        looked.resolve()
        return progress
      },
      () => told++,
      1,
    )
    watch.begin(0)
    await held(looked.promise)
    for (const _ of 'ab') {
      const behind = watched(() => 7)
      behind.watch.begin(7)
      await held(behind.silent)
    }
    assert.equal(told, 0)
    progress = 7
    watch.begin(7)
    const again = watched(() => 7)
    again.watch.begin(7)
    await held(again.silent)
    assert.equal(told, 1)
  })

  test('end() ends it: what is begun behind it is told first', async () => {
    const ended = watched(() => 1)
    const order: string[] = []
    void ended.silent.then(() => order.push('ended'))
    ended.watch.begin(1)
    ended.watch.end()
    const other = watched(() => 1)
    other.watch.begin(1)
    await held(other.silent)
    assert.deepEqual(order, [])
  })

  /** Its timer does not keep the process alive: this does. */
  async function held(what: Promise<void>): Promise<void> {
    const alive = setInterval(() => {}, 1000)
    try {
      await what
    } finally {
      clearInterval(alive)
    }
  }
})
