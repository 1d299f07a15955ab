import { strict as assert } from 'node:assert'
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DirectoryWatch } from '../../lib/read/directory-watch.ts'
import { logDirectory } from '../log-directory.ts'

interface Watched {
  readonly watch: DirectoryWatch
  readonly path: string
  readonly told: (string | undefined)[]
}

function watched(t: TestContext): Watched {
  const directory = logDirectory(t)
  mkdirSync(directory)
  const path = join(directory, 'a.log')
  writeFileSync(path, '')
  const told: (string | undefined)[] = []
  const watch = new DirectoryWatch(directory, (name) => told.push(name))
  t.after(() => watch.close())
  return { watch, path, told }
}

test('DirectoryWatch.changed() wakes seldom, however often a file is written', async (t) => {
  const { watch, path } = watched(t)
  const end = setImmediateLoop(() => appendFileSync(path, 'x'))
  await watch.changed()
  const start = performance.now()
  for (let i = 0; i < 10; i++) await watch.changed()
  end()
  // A timer may be late, never early by more than its own rounding.
  assert.ok(performance.now() - start >= 10 * 19, `${performance.now() - start} ms`)
})

test('DirectoryWatch.changed(true) does not wait for a change', async (t) => {
  const { watch } = watched(t)
  await watch.changed()
  const order: string[] = []
  await Promise.all([
    watch.changed(true).then(() => order.push('woken')),
    // Half of a poll: nothing else happens until then.
    new Promise((resolve) => setTimeout(resolve, 125)).then(() => order.push('half a poll')),
  ])
  assert.deepEqual(order, ['woken', 'half a poll'])
})

test('DirectoryWatch tells a name at once, without being asked', { timeout: 60_000 }, async (t) => {
  const { path, told } = watched(t)
  renameSync(path, `${path}.1`)
  while (!told.includes('a.log.1')) await new Promise(setImmediate)
})

test('DirectoryWatch.close() ends a wait, and the wait for the pace', async (t) => {
  const { watch } = watched(t)
  await watch.changed(true)
  const pending = watch.changed(true)
  watch.close()
  await pending
  await watch.changed()
})

function setImmediateLoop(run: () => void): () => void {
  let next = setImmediate(function again() {
    run()
    next = setImmediate(again)
  })
  return () => clearImmediate(next)
}
