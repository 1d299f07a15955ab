import assert from 'node:assert/strict'
import { PassThrough, Writable } from 'node:stream'
import { describe, test } from 'node:test'
import { Output } from '../../lib/command/output.ts'

/** A stream that takes a piece when it is told to, and then has room for the next. */
class Slow extends Writable {
  readonly pieces: string[] = []
  #done: ((error?: Error) => void) | undefined

  constructor() {
    super({ highWaterMark: 1, decodeStrings: false })
  }
  override _write(piece: string | Buffer, _: string, done: (error?: Error) => void): void {
    this.pieces.push(String(piece))
    this.#done = done
  }
  take(error?: Error): void {
    this.#done?.(error)
  }
}

const turn = (): Promise<void> => new Promise(setImmediate)

describe('Output', () => {
  test('has what is written one after the other go out together, in the next turn', async () => {
    const stream = new PassThrough()
    const pieces: string[] = []
    stream.on('data', (piece) => pieces.push(String(piece)))
    const output = new Output(stream)
    void output.write('a')
    void output.write('b')
    assert.deepEqual(pieces, [])
    await turn()
    await turn()
    assert.deepEqual(pieces, ['ab'])
    void output.write('c')
    void output.write(Buffer.from('d'))
    void output.write('x'.repeat(65_536))
    await turn()
    await turn()
    assert.deepEqual(pieces.slice(1, 3), ['c', 'd'], 'bytes stay behind the text before them')
    assert.equal(pieces.slice(3).join('').length, 65_536)
    await output.end()
  })

  test('says when to wait, and for how long', async () => {
    const slow = new Slow()
    const output = new Output(slow)
    const wait = output.write(Buffer.from('a'))
    assert.ok(wait instanceof Promise)
    assert.equal(output.write('b'), wait)
    slow.take()
    await wait
    await turn()
    assert.deepEqual(slow.pieces, ['a', 'b'])
  })

  test('a pipe that was closed is the end, and no failure; all else is one', async () => {
    for (const [code, isFailure] of [
      ['EPIPE', false],
      ['ENOSPC', true],
    ] as const) {
      const slow = new Slow()
      const output = new Output(slow)
      const wait = output.write(Buffer.from('a'))
      const error = Object.assign(new Error('x'), { code })
      slow.take(error)
      await wait
      await turn()
      assert.equal(output.closed.aborted, true)
      assert.equal(output.error, isFailure ? error : undefined)
      assert.equal(output.write('b'), undefined)
      await output.end()
      assert.deepEqual(slow.pieces, ['a'])
    }
  })

  test('abandon() writes nothing more', async () => {
    const slow = new Slow()
    const output = new Output(slow)
    void output.write('a')
    output.abandon()
    await turn()
    assert.deepEqual([slow.pieces, output.closed.aborted, output.error], [[], true, undefined])
  })
})
