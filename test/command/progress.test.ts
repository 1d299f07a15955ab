import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { Progress } from '../../lib/command/progress.ts'

test('Progress shows nothing of work that is short, nor where there is no terminal', () => {
  const stream = new PassThrough()
  const progress = new Progress(stream)
  progress.show('a tenth')
  progress.repeat(() => 'on and on')
  progress.clear()
  assert.equal(stream.read(), null)
  const none = new Progress(undefined)
  none.repeat(() => assert.fail('nobody sees it'))
  none.show('a')
  none.clear()
})
