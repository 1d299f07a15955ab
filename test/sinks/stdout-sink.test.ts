// StdoutSink on a standard output that takes what the test says.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Patience } from '../../lib/sinks/disk-timeout.ts'
import { StdoutSink } from '../../lib/sinks/stdout-sink.ts'
import type { StdoutTarget } from '../../lib/sinks/stdout-target.ts'

function errorOf(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** Takes as many bytes at a time as its script says, or throws; when it has ended, everything. */
class ScriptedTarget implements StdoutTarget {
  readonly isFile = false
  readonly script: (number | string)[]
  taken = ''

  constructor(...script: (number | string)[]) {
    this.script = script
  }

  write(bytes: Buffer, from: number): number {
    const step = this.script.shift() ?? Infinity
    if (typeof step === 'string') throw errorOf(step)
    const end = Math.min(bytes.length, from + step)
    this.taken += bytes.toString('latin1', from, end)
    return end - from
  }

  writeLater(): void {
    assert.fail('it is no file')
  }

  position(): number {
    return 0
  }

  close(): void {}
}

/** A file: takes by a later turn as many bytes as its script says, or fails. */
class ScriptedFile implements StdoutTarget {
  readonly isFile = true
  readonly script: (number | string)[]
  taken = ''

  constructor(...script: (number | string)[]) {
    this.script = script
  }

  write(): number {
    assert.fail('a write may wait for the disk')
  }

  writeLater(bytes: Buffer, done: (error: Error | null, taken: number) => void): void {
    const step = this.script.shift() ?? Infinity
    setImmediate(() => {
      if (typeof step === 'string') return done(errorOf(step), 0)
      const piece = bytes.toString('latin1', 0, Math.min(bytes.length, step))
      this.taken += piece
      done(null, piece.length)
    })
  }

  position(): number {
    return this.taken.length
  }

  close(): void {}
}

function sinkOn(target: StdoutTarget): { sink: StdoutSink; heard: string[]; end: Promise<void> } {
  const heard: string[] = []
  let answer: () => void
  // A sink that has failed does not keep the process alive.
  const alive = setInterval(() => {}, 1000)
  const end = new Promise<void>((resolve) => {
    answer = resolve
  }).finally(() => clearInterval(alive))
  const sink = new StdoutSink(target, {
    written: () => {
      heard.push('written')
      answer()
    },
    failed: (error) => heard.push(`failed ${error.message}`),
    recovered: () => heard.push('recovered'),
  })
  return { sink, heard, end }
}

describe('StdoutSink', () => {
  it('write() goes on at the very byte after a part has been taken, a full pipe and an error', async () => {
    const target = new ScriptedTarget(3, 'EAGAIN', 1, 'EAGAIN', 'EPIPE', 2, 'EAGAIN')
    const { sink, heard, end } = sinkOn(target)
    sink.write(Buffer.from('abcdefghij'))
    assert.equal(target.taken, 'abc')
    assert.equal(sink.landed, 3)
    await end
    assert.equal(target.taken, 'abcdefghij')
    assert.deepEqual(heard, ['failed EPIPE', 'recovered', 'written'])
    await sink.close()
  })

  it('write() gives a file to the thread pool, until all of the batch is there, once', async () => {
    const target = new ScriptedFile(3, 'ENOSPC', 2)
    const { sink, heard, end } = sinkOn(target)
    sink.write(Buffer.from('abcdefghij'))
    assert.equal(sink.landed, 0)
    await end
    assert.equal(target.taken, 'abcdefghij')
    assert.deepEqual(heard, ['failed ENOSPC', 'recovered', 'written'])
    await sink.close()
  })

  it('writeSync() finishes what is under way, and waits for a full pipe within its patience', () => {
    const target = new ScriptedTarget(1, 'EAGAIN', 2, 'EAGAIN')
    const { sink, heard } = sinkOn(target)
    sink.write(Buffer.from('abcd'))
    assert.ok(sink.writeSync(Buffer.from('efgh'), new Patience(true)))
    assert.equal(target.taken, 'abcdefgh')
    assert.deepEqual(heard, ['written'])
    assert.ok(sink.isQuiet)
  })

  it('writeSync() keeps a batch that is not taken, tells it once, and tries it on', async () => {
    const target = new ScriptedTarget(2, 'EPIPE', 'EPIPE', 'EPIPE')
    const { sink, heard, end } = sinkOn(target)
    assert.ok(!sink.writeSync(Buffer.from('abcd'), new Patience(false)))
    assert.ok(!sink.writeSync(Buffer.alloc(0), new Patience(true)))
    assert.deepEqual(heard, ['failed EPIPE'])
    await end
    assert.equal(target.taken, 'abcd')
    await sink.close()
  })

  it('at the end of the process nobody is waited for a second time', () => {
    const full = Array.from({ length: 10_000 }, () => 'EAGAIN')
    const target = new ScriptedTarget('EPIPE', ...full)
    const { sink } = sinkOn(target)
    assert.ok(!sink.writeSync(Buffer.from('abcd'), new Patience(true)))
    const { length } = target.script
    assert.ok(!sink.writeSync(Buffer.alloc(0), new Patience(true)))
    assert.equal(length - target.script.length, 1)
    target.script.length = 0
    assert.ok(sink.writeSync(Buffer.alloc(0), new Patience(true)))
  })
})
