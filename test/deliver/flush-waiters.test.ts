// Who waits for what was logged: each is answered when it is settled, or told of the file that
// fails.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Route } from '../../lib/deliver/route.ts'
import { FlushWaiters } from '../../lib/deliver/flush-waiters.ts'

/** Two files, and what the waits have come to. */
function rig(): {
  readonly routes: readonly [Route, Route]
  readonly waiters: FlushWaiters
  readonly wait: (name: string, position: number) => void
  readonly settled: (head: number) => Promise<string[]>
} {
  const routes = [new Route('a.log'), new Route('b.log')] as const
  const waiters = new FlushWaiters(routes)
  const told: string[] = []
  return {
    routes,
    waiters,
    wait: (name, position) => {
      waiters.add(position).then(
        () => told.push(name),
        (error: unknown) => told.push(`${name}: ${String(error)}`),
      )
    },
    settled: async (head) => {
      waiters.settle(head)
      await new Promise(setImmediate)
      return told.splice(0)
    },
  }
}

describe('FlushWaiters', () => {
  test('answer when the pump has passed the position and all it had taken by then is settled', async () => {
    const { routes, wait, settled } = rig()
    wait('first', 10)
    routes[0].taken = 5
    assert.deepEqual(await settled(9), [])
    assert.deepEqual(await settled(10), [], 'five lines are not settled')
    // What comes later does not count.
    routes[0].taken = 8
    routes[1].taken = 1
    routes[0].settled = 5
    assert.deepEqual(await settled(13), ['first'])
    assert.deepEqual(await settled(14), [], 'once')
  })

  test('answer each for its own position', async () => {
    const { wait, settled } = rig()
    wait('later', 20)
    wait('sooner', 10)
    assert.deepEqual(await settled(10), ['sooner'])
    assert.deepEqual(await settled(20), ['later'])
  })

  test('wait for every file', async () => {
    const { routes, wait, settled } = rig()
    routes[0].taken = routes[1].taken = 1
    wait('both', 1)
    routes[0].settled = 1
    assert.deepEqual(await settled(1), [])
    routes[1].settled = 1
    assert.deepEqual(await settled(1), ['both'])
  })

  test('reject as soon as a file with lines of its own has failed, and say why', async () => {
    const { routes, wait, settled } = rig()
    wait('one', 5)
    routes[1].down = true
    routes[1].reason = 'ENOSPC: no space left'
    assert.deepEqual(await settled(1), [], 'nothing waits for it')
    routes[1].taken = 1
    assert.deepEqual(await settled(1), [
      'one: NotWrittenError: Cannot write b.log: ENOSPC: no space left',
    ])
    routes[1].down = false
    routes[1].settled = 1
    wait('two', 5)
    assert.deepEqual(await settled(5), ['two'])
  })
})
