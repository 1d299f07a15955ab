import assert from 'node:assert/strict'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import {
  absolutePathOf,
  defaultLogPath,
  filledPath,
  parentOfInstances,
  pathFaultOf,
} from '../../lib/config/log-path.ts'

describe('absolutePathOf()', () => {
  it('takes ~ for the home, alone or before a separator', () => {
    assert.equal(absolutePathOf(defaultLogPath), join(homedir(), '.risk_manager', 'logs'))
    assert.equal(absolutePathOf('~'), homedir())
    assert.equal(absolutePathOf('/logs/~'), resolve('/logs/~'))
  })

  it('starts a relative path at the working directory', () => {
    assert.equal(absolutePathOf('logs/'), join(process.cwd(), 'logs'))
  })

  it('starts a relative path where it is told to, and no other', () => {
    assert.equal(absolutePathOf('../logs', '/etc/risk'), resolve('/etc/logs'))
    assert.equal(absolutePathOf('/logs', '/etc/risk'), resolve('/logs'))
    assert.equal(absolutePathOf('~/logs', '/etc/risk'), join(homedir(), 'logs'))
  })

  it(
    'throws when the working directory is needed and gone',
    { skip: process.platform === 'win32' && 'Windows does not remove it' },
    () => {
      const before = process.cwd()
      const gone = mkdtempSync(join(tmpdir(), 'ringlog-gone-'))
      process.chdir(gone)
      rmdirSync(gone)
      try {
        assert.throws(
          () => absolutePathOf('logs'),
          /^Error: Cannot find the working directory for logs: /,
        )
        assert.equal(absolutePathOf('/logs'), '/logs')
      } finally {
        process.chdir(before)
      }
    },
  )
})

describe('pathFaultOf()', () => {
  it('finds what a shell, a template, a clock or a browser would have filled in', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['${HOME}/logs', '${HOME}'],
      ['/var/${USER:-risk}/logs', '${USER:-risk}'],
      ['${HOME', '${HOME'],
      ['$HOME/logs', '$HOME'],
      ['/var/log-$USER', '$USER'],
      ['$(pwd)/logs', '$(pwd)'],
      ['`pwd`/logs', '`pwd`'],
      ['$env:TEMP/logs', '$env:TEMP'],
      ['%APPDATA%/logs', '%APPDATA%'],
      [String.raw`C:\%ProgramFiles(x86)%\logs`, '%ProgramFiles(x86)%'],
      ['logs/%Y-%m-%d', '%Y'],
      ['logs/%DATE%', '%DATE%'],
      ['logs/{{ host }}', '{{ host }}'],
      ['logs/{name}', '{name}'],
      ['logs/{{host}}', '{{host}}'],
      ['logs/{ instance }', '{ instance }'],
      ['logs/{instance}/{Instance}', '{Instance}'],
      ['logs/{1}', '{1}'],
      ['~risk/logs', '~risk'],
      ['~+/logs', '~+'],
      ['file:///var/log/risk', 'file://'],
      ['file:logs', 'file:'],
      ['s3://bucket/logs', 's3://'],
      ['https://example.org/logs', 'https://'],
      [' logs', ' '],
      ['logs\t', ' '],
      ['/var/log/risk\r\n', '\n'],
      ['\nlogs', '\n'],
      ['/var/log\u0000/risk', '\u0000'],
      ['/var/\ud83d/risk', '\ud83d'],
      ['/var/risk\udc4d', '\udc4d'],
    ]
    for (const [path, fault] of cases) assert.equal(pathFaultOf(path), fault, path)
  })

  it('leaves every other path alone', () => {
    for (const path of [
      '~',
      '~/logs',
      String.raw`~\logs`,
      './~risk/logs',
      '/logs/~',
      'logs',
      'my logs',
      'C:/logs',
      String.raw`C:\logs`,
      String.raw`\\server\c$\logs`,
      'C:/PROGRA~1/logs',
      'logs/100%',
      'logs/50%-60%',
      `logs/${encodeURIComponent('Grüße & 100%')}`,
      'logs/a$',
      'logs/$1',
      'logs/{}',
      'logs/{instance}',
      '~/logs/{host}/app-{instance}.{pid}/',
      'logs/a:b',
      'logs/été',
    ]) {
      assert.equal(pathFaultOf(path), undefined, path)
    }
  })
})

describe('filledPath()', () => {
  it('fills in who logs, each as part of one name', () => {
    const who = { instance: '3', host: 'web-1.example', pid: 42 }
    assert.equal(filledPath('/l/{host}/a-{instance}.{pid}', who), '/l/web-1.example/a-3.42')
    for (const [instance, name] of [
      ['../../etc', '__.._etc'],
      ['..', '_'],
      ['.', '_'],
      ['', '_'],
      ['a/b\\c\0d', 'a_b_c_d'],
      ['ü b', '__b'],
      ['x'.repeat(300), 'x'.repeat(64)],
      ['end.', 'end_'],
    ] as const) {
      const filled = filledPath('/l/{instance}', { ...who, instance })
      assert.equal(filled, `/l/${name}`)
      assert.match(filled, /^\/l\/[\w-][\w.-]*$/)
    }
  })
})

describe('parentOfInstances()', () => {
  it('is the directory below which they lie, or the path itself', () => {
    assert.equal(parentOfInstances('/l/{host}/{instance}'), '/l/')
    assert.equal(parentOfInstances('/l/app-{instance}/x'), '/l/')
    assert.equal(parentOfInstances('{instance}'), '.')
    assert.equal(parentOfInstances('~/logs'), '~/logs')
  })
})
