import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Link } from '../../lib/ship/link.ts'

/** A link whose connections are numbers, and what becomes of them. */
function rig(connect?: (number: number) => Promise<number>) {
  let made = 0
  const ended: number[] = []
  const link = new Link(
    () => {
      made++
      return connect?.(made) ?? Promise.resolve(made)
    },
    (number) => {
      ended.push(number)
      if (number === 3) throw new Error('it is broken')
    },
  )
  return { link, ended, made: () => made }
}

const itself = (number: number): Promise<number> => Promise.resolve(number)
const fail = (): Promise<never> => Promise.reject(new Error('no'))

describe('Link', () => {
  test('connects when it is asked for, once', async () => {
    const { link, made, ended } = rig()
    assert.equal(made(), 0)
    assert.deepEqual(await Promise.all([link.use(itself), link.use(itself)]), [1, 1])
    await link.close()
    assert.deepEqual([made(), ended], [1, [1]])
    await link.close()
    assert.deepEqual(ended, [1])
  })

  test('comes after trouble by another connection, and ends the old one', async () => {
    const { link, ended } = rig()
    await assert.rejects(link.use(fail), /no/)
    assert.equal(await link.use(itself), 2)
    assert.deepEqual(ended, [1])
  })

  test('leaves the new connection to others when work on the old one fails late', async () => {
    const { link, ended, made } = rig()
    let late: (error: Error) => void = () => {}
    const slow = link.use(
      () =>
        new Promise<never>((_, reject) => {
          late = reject
        }),
    )
    await assert.rejects(link.use(fail))
    assert.equal(await link.use(itself), 2)
    late(new Error('late'))
    await assert.rejects(slow, /late/)
    assert.equal(await link.use(itself), 2)
    assert.deepEqual([made(), ended], [2, [1, 1]])
  })

  test('tries again when it could not connect, and says nothing of an end that fails', async () => {
    const { link } = rig((number) => (number < 3 ? fail() : Promise.resolve(number)))
    await assert.rejects(link.use(itself), /no/)
    await assert.rejects(link.use(itself), /no/)
    assert.equal(await link.use(itself), 3)
    await link.close()
  })
})
