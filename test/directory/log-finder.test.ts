// Which directories are logs, and what they are called.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { isLog, LogFinder } from '../../lib/directory/log-finder.ts'
import { extension, loader } from '../loader.ts'
import { logDirectory } from '../log-directory.ts'

const line =
  '{"timestamp":"2026-01-01T00:00:00.000+00:00","level":"INFO","category":"system","message":"m","seq":1}\n'

describe('LogFinder', () => {
  test('find() gives the logs below a parent with their place, as they come and go', (t) => {
    const parent = logDirectory(t)
    const add = (name: string, file: string, content = ''): void => {
      mkdirSync(join(parent, name), { recursive: true })
      writeFileSync(join(parent, name, file), content)
    }
    add('eu/0', 'system.log', line)
    add('eu/1', 'ringlog.1.lock')
    add('other', 'access.log', 'GET /\n')
    add('.hidden', 'system.log', line)
    const finder = new LogFinder([parent])
    const instances = (): string[] => finder.find().map(({ instance }) => instance)
    assert.deepEqual(instances(), ['eu/0', 'eu/1'])
    add('us', 'system.log', line)
    assert.deepEqual(instances(), ['eu/0', 'eu/1', 'us'])
    const us = { directory: join(parent, 'us'), instance: 'us' }
    assert.equal(finder.isGone(us), false)
    rmSync(us.directory, { recursive: true })
    assert.equal(finder.isGone(us), true)
  })
})

describe('isLog()', () => {
  test('knows a log by its first line: behind a mark or NULs, and packed where nothing else is', (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    const is = (name: string, content: string | Buffer): boolean => {
      writeFileSync(join(directory, name), content)
      return isLog(directory, ['none.log', name])
    }
    assert.equal(is('a.log', `\ufeff${line}`), true)
    assert.equal(is('b.log', `\0\0\0\0${line}`), true)
    assert.equal(is('c.log.1.gz', gzipSync(line.repeat(100_000))), true)
    assert.equal(is('d.log.1.gz', gzipSync('GET /\n'.repeat(1000))), false)
    assert.equal(is('e.log.1.gz', line), false)
    assert.equal(is('f.log.1.gz', gzipSync(randomBytes(5000))), false)
    assert.equal(is('g.log.1.gz', ''), false)
  })

  test('follows a link to a file, as whoever reads it does', (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    writeFileSync(join(directory, 'elsewhere'), line)
    symlinkSync('elsewhere', join(directory, 'a.log'))
    assert.equal(isLog(directory, ['a.log']), true)
  })

  test(
    'does not wait for a named pipe that bears the name of a file',
    { skip: process.platform === 'win32' ? 'Windows has no named pipes in directories' : false },
    (t) => {
      const directory = logDirectory(t)
      mkdirSync(directory)
      execFileSync('mkfifo', [join(directory, 'a.log')])
      const module = new URL(`../../lib/directory/log-finder${extension}`, import.meta.url)
      const program = `
        import { isLog } from ${JSON.stringify(module.href)}
        console.log(isLog(${JSON.stringify(directory)}, ['a.log']))`
      const { stdout, signal } = spawnSync(
        process.execPath,
        [...loader, '--input-type=module', '--eval', program],
        { encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL' },
      )
      assert.deepEqual({ stdout, signal }, { stdout: 'false\n', signal: null })
    },
  )
})
