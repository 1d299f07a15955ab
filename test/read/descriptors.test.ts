import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Descriptors, type Openable } from '../../lib/read/descriptors.ts'

/** What is open. */
class Opened implements Openable {
  isBusy = false
  isResting = false
  rest(): void {
    this.isResting = true
  }
}

function full(descriptors: Descriptors): Opened[] {
  const opened: Opened[] = []
  while (descriptors.hasRoom) {
    opened.push(new Opened())
    descriptors.use(opened.at(-1)!)
  }
  return opened
}

const exhausted = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })

describe('Descriptors', () => {
  test('use() closes what was used longest ago, and nothing that is busy', () => {
    const descriptors = new Descriptors()
    const opened = full(descriptors)
    assert.ok(opened.length >= 8 && opened.length <= 64, `${opened.length}`)
    descriptors.use(opened[0]!)
    opened[1]!.isBusy = true
    descriptors.use(new Opened())
    assert.deepEqual(
      opened.slice(0, 4).map(({ isResting }) => isResting),
      [false, false, true, false],
    )
    descriptors.forget(opened[3]!)
    descriptors.use(new Opened())
    assert.equal(opened[3]!.isResting, false)
    assert.equal(descriptors.hasRoom, false)
  })

  test('open() closes half of them when the system has none left, and tries again', () => {
    const descriptors = new Descriptors()
    const opened = full(descriptors)
    let tries = 0
    const fd = descriptors.open(() => {
      if (++tries === 1) throw exhausted
      return 17
    })
    assert.deepEqual([fd, tries], [17, 2])
    const half = opened.length >> 1
    assert.deepEqual(
      opened.map(({ isResting }) => isResting),
      opened.map((_, i) => i < opened.length - half),
    )
    assert.equal(descriptors.hasRoom, false, 'from now on fewer are open')
  })

  test('open() throws what is no lack of them, and that when nothing can be closed', () => {
    const descriptors = new Descriptors()
    const busy = new Opened()
    busy.isBusy = true
    const idle = new Opened()
    descriptors.use(idle)
    descriptors.use(busy)
    for (const error of [new Error('ENOENT'), exhausted]) {
      assert.equal(idle.isResting, false, 'nothing was closed for nothing')
      assert.throws(
        () =>
          descriptors.open(() => {
            throw error
          }),
        error,
      )
    }
    assert.equal(busy.isResting, false)
  })
})
