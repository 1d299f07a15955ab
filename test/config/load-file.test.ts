import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { after, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { ConfigError } from '../../lib/errors.ts'
import { loadConfig, resolveConfig } from '../../lib/config/resolve.ts'

const directory = mkdtempSync(join(tmpdir(), 'ringlog-config-'))
const file = join(directory, 'system.json')
after(() => rmSync(directory, { recursive: true }))

function write(content: string | Uint8Array): string {
  writeFileSync(file, content)
  return file
}

/** The error of a file that cannot be used. */
function errorOf(from: string | URL): ConfigError {
  try {
    loadConfig(from)
  } catch (error) {
    assert.ok(error instanceof ConfigError, `expected a ConfigError, got ${String(error)}`)
    return error
  }
  return assert.fail('expected a ConfigError, got none')
}

describe('loadConfig()', () => {
  it('reads the logging section and fills in the defaults', () => {
    write('{"risk":{"max":5},"logging":{"log_level":"DEBUG","rotation":{"max_files":3}}}')
    const given = { log_level: 'debug', rotation: { max_files: 3 } }
    assert.deepEqual(loadConfig(file), resolveConfig(given))
    assert.deepEqual(loadConfig(pathToFileURL(file)), resolveConfig(given))
  })

  it('gives the defaults when there is no logging section', () => {
    assert.deepEqual(loadConfig(write('{"risk":null}')), resolveConfig({}))
    assert.deepEqual(loadConfig(write(' {}\n')), resolveConfig({}))
  })

  it('accepts a byte order mark', () => {
    assert.equal(loadConfig(write('\ufeff{"logging":{"retention_days":7}}')).retention_days, 7)
  })

  it('names the file and every problem of the section', () => {
    write('{"logging":{"retention_days":0,"rotaton":{}}}')
    const { message, problems, file: named } = errorOf(file)
    assert.equal(problems.length, 2)
    assert.equal(message.split('\n')[0], `Cannot use the logging configuration in ${file}`)
    assert.match(message, /\nlogging\.retention_days: expected an integer from 1 to 365, got 0\n/)
    assert.equal(named, file)
  })

  it('starts a relative log_path at the directory of the file, wherever the process stands', () => {
    write('{"logging":{"log_path":"../logs"}}')
    assert.equal(loadConfig(file).log_path, resolve(directory, '../logs'))
    assert.equal(loadConfig(pathToFileURL(file)).log_path, resolve(directory, '../logs'))
    const typed = relative(process.cwd(), file)
    assert.equal(loadConfig(typed).log_path, resolve(directory, '../logs'))
  })

  it('names every key that stands twice in the section, with line and column, beside the other problems', () => {
    write(
      [
        '{ "risk": { "max": 1, "max": 2 },',
        '  "logging": { "log_level": "info",',
        '    "rotation": { "max_files": 3, "max_files": 900 }, "log_l\\u0065vel": "debug" } }',
      ].join('\n'),
    )
    assert.deepEqual(errorOf(file).message.split('\n').slice(1), [
      'logging.log_level: expected each key once, got it again in line 3, column 55, after line 2, column 16',
      'logging.rotation.max_files: expected each key once, got it again in line 3, column 35, after line 3, column 19',
      'logging.rotation.max_files: expected an integer from 1 to 100, got 900',
    ])
    write('{"logging":{"log_level":"debug"},\n"logging":{}}')
    assert.match(
      errorOf(file).message,
      /\nlogging: expected each key once, got it again in line 2, column 1, after line 1, column 2$/,
    )
  })

  it('refuses a file without a section in which something is meant to be one', () => {
    write('{"Logging":{"log_level":"debug"}}')
    const { message, problems, file: named } = errorOf(file)
    assert.equal(
      message,
      `Cannot use the logging configuration in ${file}\nlogging: expected a section of this name, or an empty one for the defaults, got none, but "Logging" (did you mean logging?)`,
    )
    assert.equal(problems.length, 1)
    assert.equal(named, file)
    assert.equal(loadConfig(write('{"Logging":{},"logging":{}}')).log_level, 'info')
  })

  it('says what in the path of a file that is not there waits to be filled in', () => {
    assert.match(
      errorOf('${HOME}/system.json').message,
      /; nothing fills in the "\$\{HOME\}" of it$/,
    )
    assert.match(
      errorOf('file:///etc/system.json').message,
      /; nothing fills in the "file:\/\/" of it$/,
    )
    assert.match(errorOf('~risk/system.json').message, /; nothing fills in the "~risk" of it$/)
  })

  it('does not take null for a section', () => {
    assert.match(
      errorOf(write('{"logging":null}')).message,
      /logging: expected an object, got null/,
    )
  })

  it('names the file and the reason of the system when it cannot be read', () => {
    const missing = join(directory, 'missing.json')
    const start = 'Cannot read the configuration in'
    for (const from of [missing, pathToFileURL(missing)]) {
      const { message, file: named, cause } = errorOf(from)
      assert.equal(message, `${start} ${missing}: no such file or directory (ENOENT)`)
      assert.equal(named, missing)
      assert.equal((cause as NodeJS.ErrnoException).code, 'ENOENT')
    }
    const folder = join(directory, 'folder')
    mkdirSync(folder)
    assert.equal(
      errorOf(folder).message,
      `${start} ${folder}: illegal operation on a directory (EISDIR)`,
    )
  })

  it('rejects what is no path', () => {
    for (const [from, shown] of [
      ['', '""'],
      ['a\0b', String.raw`"a\u0000b"`],
      [5, '5'],
      [null, 'null'],
    ] as const) {
      assert.equal(
        errorOf(from as string).message,
        `Cannot read the configuration: expected a path or a file URL, got ${shown}`,
      )
    }
    assert.match(
      errorOf(new URL('https://example.org/system.json')).message,
      /^Cannot read the configuration in https:\/\/example\.org\/system\.json: .*scheme file/,
    )
  })

  it('names file, line and column of what is not JSON', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['', 'line 1, column 1: expected a value, got the end of the file'],
      [
        '{\n  "logging": {\n',
        'line 3, column 1: expected a key in double quotes, got the end of the file',
      ],
      [
        '{\n  "logging": {\n    "log_level": "debug",\n  }\n}\n',
        'line 4, column 3: expected a key in double quotes, got "}" after a comma',
      ],
      [
        '{\r\n  // levels\r\n  "logging": {}\r\n}',
        'line 2, column 3: expected a key in double quotes, got a comment (JSON has none)',
      ],
      ['{\r\r"a"}', 'line 3, column 4: expected a colon, got "}"'],
      ['\ufeff{"a" 1}', 'line 1, column 6: expected a colon, got "1"'],
      ['{"a": "é😀", x}', 'line 1, column 14: expected a key in double quotes, got "x"'],
    ]
    for (const [text, fault] of cases) {
      const { message, file: named, cause } = errorOf(write(text))
      assert.equal(message, `Cannot read the configuration in ${file}: ${fault}`)
      assert.equal(named, file)
      assert.ok(cause instanceof SyntaxError)
    }
  })

  it('rejects a document that is no object, and says where it begins', () => {
    assert.equal(
      errorOf(write('\n [{"logging":{}}]')).message,
      `Cannot read the configuration in ${file}: line 2, column 2: expected an object, got [{"logging":{}}]`,
    )
    for (const text of ['null', '5', '"{}"', 'true']) {
      assert.match(errorOf(write(text)).message, /: line 1, column 1: expected an object, got /)
    }
  })

  it('says where the bytes are no UTF-8', () => {
    const cases: readonly (readonly [Uint8Array, string])[] = [
      [Buffer.from('{\n "a": "caf\u00e9"}', 'latin1'), 'line 2, column 11'],
      [Buffer.from('\ufeff{}', 'utf16le'), 'line 1, column 1'],
      [
        Buffer.concat([Buffer.from('\ufeff{"\ufffd é\ufffd'), Buffer.from([0xc3])]),
        'line 1, column 7',
      ],
    ]
    for (const [bytes, place] of cases) {
      assert.equal(
        errorOf(write(bytes)).message,
        `Cannot read the configuration in ${file}: ${place}: expected UTF-8, got other bytes`,
      )
    }
  })
})
