// What can be known of the registration without a Windows. The registration itself, in the registry
// of a Wine: test/windows/.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { installEventSource, removeEventSource } from '../../lib/sinks/event-source-registration.ts'

const actions = [
  ['install', installEventSource],
  ['remove', removeEventSource],
] as const

for (const [action, act] of actions) {
  test(`${action}EventSource() refuses what cannot be the name of a source, on any system`, () => {
    const names = ['', 'a\\b', 'x'.repeat(213), 'a\0b', 'a\nb', 'Application', 'SYSTEM', 'security']
    for (const name of names) {
      assert.throws(() => act(name), {
        name: 'RangeError',
        message:
          `Cannot ${action} the event source: expected a name of 1 to 212 characters, without backslash, ` +
          `that is no log's, got ${JSON.stringify(name)}`,
      })
    }
  })

  test(`${action}EventSource() says that it needs Windows`, (t) => {
    if (process.platform === 'win32') return t.skip('this is Windows')
    assert.throws(() => act('RiskManagerDaemon'), {
      name: 'Error',
      message: `Cannot ${action} the event source RiskManagerDaemon: expected Windows, got ${process.platform}`,
    })
  })
}
