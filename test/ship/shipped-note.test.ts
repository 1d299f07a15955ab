// What a shipper notes in the directory for a logger that holds back what is not shipped.

import assert from 'node:assert/strict'
import { chmodSync, readdirSync, statSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { isShippedNote, shippedLsn } from '../../lib/directory/hold-back.ts'
import { logIdOf, stateOf } from '../../lib/directory/lock-files.ts'
import { createLogger } from '../../lib/index.ts'
import { shipTo } from '../../lib/ship/ship-logs.ts'
import { ShippedNote } from '../../lib/ship/shipped-note.ts'
import { MemoryEngine } from '../fakes/memory-engine.ts'
import { logDirectory } from '../log-directory.ts'

async function logged(t: TestContext, keep_unshipped = true): Promise<string> {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory, console: 'off', rotation: { keep_unshipped } })
  for (let i = 0; i < 20; i++) {
    log.system.info(`${i}`)
    log.audit.info(`${i}`)
  }
  await log.close()
  return directory
}

function notedIn(directory: string): number | undefined {
  const isThere = readdirSync(directory).some(isShippedNote)
  return isThere ? shippedLsn(directory, logIdOf(directory)) : undefined
}

function noteOf(directory: string, told: string[] = []): { note: ShippedNote; pass: () => void } {
  let now = 0
  const note = new ShippedNote({
    directory,
    logId: logIdOf(directory)!,
    engine: 'e',
    warn: (text) => told.push(text),
    nowMs: () => now,
  })
  return { note, pass: () => (now += 1000) }
}

test('ship() notes with once that all is sent, where the writer asks for it', async (t) => {
  const options = { host: 'h', once: true, tell: () => {} }
  const directory = await logged(t)
  await shipTo(new MemoryEngine(), [directory], { ...options, dry_run: true })
  assert.equal(notedIn(directory), undefined)
  await shipTo(new MemoryEngine(), [directory], options)
  assert.equal(notedIn(directory), stateOf(directory).checkpoint!.lsn)
  const other = await logged(t, false)
  await shipTo(new MemoryEngine(), [other], options)
  assert.equal(notedIn(other), undefined)
})

test('ShippedNote notes what was acknowledged a look before, and never what is under way', async (t) => {
  const directory = await logged(t)
  const { note, pass } = noteOf(directory)
  const confirmed = new Map([['system', 4]])
  const caughtUp = (lsn: number, seq: number): void => {
    pass()
    note.caughtUp(lsn, new Map([['system', seq]]), (category) => confirmed.get(category) ?? 0)
  }
  caughtUp(8, 4)
  assert.equal(notedIn(directory), undefined)
  caughtUp(12, 6)
  assert.equal(notedIn(directory), undefined, '5 and 6 are under way')
  confirmed.set('system', 6)
  caughtUp(14, 7)
  assert.equal(notedIn(directory), 8)
  confirmed.set('system', 7)
  caughtUp(14, 7)
  assert.equal(notedIn(directory), 12)
  note.takeBack()
  assert.equal(notedIn(directory), 0)
})

test('ShippedNote says once that it may not write, and goes on', async (t) => {
  if (process.getuid?.() === 0 || process.platform === 'win32') {
    t.skip('root may write everywhere')
    return
  }
  const directory = await logged(t)
  const { mode } = statSync(directory)
  chmodSync(directory, 0o500)
  t.after(() => chmodSync(directory, mode))
  const told: string[] = []
  const { note } = noteOf(directory, told)
  note.end(3)
  note.end(4)
  assert.equal(told.length, 1)
  assert.match(told[0]!, /cannot note what is shipped, so that files stay: EACCES/)
})
