// Every way in which a process ends with an event log, and what it has then reported: everything
// logged, once, in order.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { EventApi } from '../../lib/sinks/windows-event-api.ts'
import { linesOf, logDirectory } from '../log-directory.ts'
import { extension } from '../loader.ts'
import { eventsIn } from '../native-event-log.ts'
import { hasModule } from '../native-module.ts'
import { runNode } from '../node-run.ts'

describe('the end of the process', { concurrency: 2 }, () => {
  const fixture = join(import.meta.dirname, `../fixtures/reporting${extension}`)
  const ends: readonly (readonly [way: string, name: EventApi['name'], code: number])[] = [
    ['natural end', 'ffi-napi', 0],
    ['exit at once', 'ffi-napi', 3],
    ['exit amid reporting', 'ffi-napi', 4],
    ['exit while the thread pool is busy', 'ffi-napi', 7],
    ['uncaught exception', 'ffi-napi', 1],
    ['close', 'koffi', 0],
    ['exit amid reporting', 'koffi', 4],
    ['exit while the thread pool is busy', 'koffi', 7],
    ['exit amid close', 'koffi', 5],
    ['entries from a late exit listener', 'koffi', 6],
  ]
  for (const [way, name, code] of ends) {
    const isHere = hasModule(name) && process.platform !== 'win32'
    const skip = isHere ? false : `${name} cannot be loaded here`
    test(`${way}, ${name}: every event is reported, once, in order`, { skip }, async (t) => {
      const directory = logDirectory(t)
      const events = `${directory}.events`
      const ended = await runNode([fixture, way, directory, events, name])
      assert.equal(ended.code, code, ended.stderr)
      const logged = Number(readFileSync(`${directory}.logged`, 'utf8'))
      assert.deepEqual(
        eventsIn(events).map((text) => text.split(' | ')[2]),
        Array.from({ length: logged }, (_, i) => `entry ${i + 1}`),
      )
      assert.equal(linesOf(directory, 'system.log').length, logged)
    })
  }
})
