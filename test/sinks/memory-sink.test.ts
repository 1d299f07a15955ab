import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemorySink } from '../../lib/sinks/memory-sink.ts'
import type { SinkEvents } from '../../lib/sinks/sink.ts'

test('MemorySink has each line when it has been handed over, and gives it once', async () => {
  let written = 0
  const sink = new MemorySink({ written: () => written++ } as unknown as SinkEvents)
  sink.write(Buffer.from('a\nb\n'))
  assert.equal(written, 1)
  assert.equal(sink.writeSync(Buffer.from('é\n\n')), true)
  assert.equal(written, 1)
  assert.deepEqual(sink.take(), ['a', 'b', 'é', ''])
  assert.deepEqual(sink.take(), [])
  assert.deepEqual([sink.isQuiet, sink.landed], [true, 0])
  await sink.close()
})
