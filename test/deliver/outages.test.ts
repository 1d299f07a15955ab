// What a person is told of files that cannot be written.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Counters } from '../../lib/deliver/counters.ts'
import { Route } from '../../lib/deliver/route.ts'
import { Outages } from '../../lib/deliver/outages.ts'
import { library, loader } from '../loader.ts'

function routeOf(file: string): Route {
  return { file, down: false, reason: '' } as Route
}

function rig() {
  const told: string[] = []
  const outages = new Outages({
    routes: [],
    counters: new Counters(),
    tell: (remark) => told.push(remark),
    report: () => {},
  })
  const begin = (file: string, code: string): void => {
    outages.begin(routeOf(file), Object.assign(new Error(`${code}: no`), { code }))
  }
  return { told, begin }
}

describe('Outages.begin()', () => {
  test('names each file that is wrong by itself, and once what is wrong with all of them', () => {
    const { told, begin } = rig()
    for (const code of ['RINGLOG_UNSAFE', 'ELOOP', 'EISDIR', 'ENXIO', 'ENOSPC', 'EACCES', 'EIO']) {
      told.length = 0
      begin('audit.log', code)
      begin('system.log', code)
      begin('audit.log', code)
      const isAlone = ['RINGLOG_UNSAFE', 'ELOOP', 'EISDIR', 'ENXIO'].includes(code)
      assert.deepEqual(
        told.map((remark) => /write (\S+):/.exec(remark)?.[1]),
        isAlone ? ['audit.log', 'system.log'] : ['audit.log'],
        code,
      )
    }
  })
})

test('createLogger() names every file that is none of its own', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'ringlog-test-'))
  t.after(() => rmSync(directory, { recursive: true }))
  mkdirSync(join(directory, 'audit.log'))
  symlinkSync('/nowhere', join(directory, 'system.log'))
  symlinkSync('/nowhere', join(directory, 'error.log'))
  const script = `const { createLogger } = await import(${JSON.stringify(library)})
    await createLogger({ log_path: ${JSON.stringify(directory)} }).close().catch(() => {})`
  const words = [...loader, '--input-type=module', '-e', script]
  const { stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' })
  for (const name of ['audit.log', 'system.log', 'error.log']) {
    assert.match(stderr, new RegExp(`cannot write ${name}`))
  }
})

test('Outages.end() tells how long it took, whatever happened to the wall clock meanwhile', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'ringlog-test-'))
  t.after(() => rmSync(directory, { recursive: true }))
  mkdirSync(join(directory, 'system.log'))
  // Before the library takes its clocks.
  const script = `const now = Date.now
    let set = 0
    Date.now = () => now() + set
    const { createLogger } = await import(${JSON.stringify(library)})
    const { rmdirSync } = await import('node:fs')
    const log = createLogger({ log_path: ${JSON.stringify(directory)} })
    log.system.info('waits')
    await log.flush().catch(() => {})
    set = -3_600_000
    rmdirSync(${JSON.stringify(join(directory, 'system.log'))})
    await log.close()`
  const words = [...loader, '--input-type=module', '-e', script]
  const { stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' })
  const seconds = /can write all files again, after (\S+) s/.exec(stderr)?.[1]
  assert.ok(Number(seconds) >= 0 && Number(seconds) < 600, stderr)
})

test('Outages.end() speaks of stdout where there are no files, in the entry as on stderr', () => {
  for (const [name, isFile, remark, message, keys] of [
    ['system.log', true, /^can write all files again/, /^Log file system\.log could/, 'file'],
    ['stdout', false, /^can write stdout again/, /^stdout could not be written for/, undefined],
  ] as const) {
    const route = new Route(name, isFile)
    const told: string[] = []
    const reported: [string, object][] = []
    const outages = new Outages({
      routes: [route],
      counters: new Counters(),
      tell: (text) => told.push(text),
      report: (text, context) => reported.push([text, context]),
    })
    outages.begin(route, new Error('broken pipe'))
    route.taken = 1
    outages.end(route)
    assert.match(told[0]!, new RegExp(`^cannot write ${name}: broken pipe`))
    assert.match(told[1]!, remark)
    assert.match(reported[0]![0], message)
    assert.deepEqual(
      Object.keys(reported[0]![1]),
      [keys, 'seconds', 'reason'].filter((key) => key !== undefined),
    )
  }
})
