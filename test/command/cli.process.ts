// The command as it is typed: every option, wrong usage, and what other programs make of its
// output.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createLogger } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'
import {
  type Ended,
  hasLnav,
  hasShell,
  hasTmux,
  logged,
  messagesOf,
  plain,
  program,
  ringlog,
} from './typed-command.ts'

describe('ringlog tail', () => {
  it('merges several directories, or those below a parent, with a column for the instance', async (t) => {
    const parent = logDirectory(t)
    for (const instance of ['a', 'b|']) {
      const log = createLogger({ log_path: join(parent, instance), console: 'off' })
      log.system.info(`from ${instance}`)
      await log.close()
    }
    const below = ringlog(['tail', '-d', parent])
    assert.equal(below.code, 0, below.err)
    assert.deepEqual(below.out.replaceAll(/^\[.{19}\] /gm, '').split('\n'), [
      'INFO  | a | system      | from a',
      String.raw`INFO  | b\x7c | system      | from b|`,
      '',
    ])
    const each = ringlog(['tail', '-d', join(parent, 'b|'), '-d', join(parent, 'a')])
    assert.deepEqual([each.code, each.out], [0, below.out])
    const verified = ringlog(['verify', '-d', join(parent, '{instance}')])
    assert.deepEqual([verified.code, verified.out], [0, '2 entries in 10 files, no fault\n'])
    appendFileSync(join(parent, 'a', 'audit.log'), 'rubbish\n')
    const { code, out } = ringlog(['verify', '-d', parent])
    assert.equal(code, 1)
    assert.match(out, /^a\/audit\.log:1: invalid: The line is not JSON$/m)
    writeFileSync(join(parent, 'a', 'system.log.200'), '')
    assert.match(ringlog(['clean', '-d', parent, '--dry-run']).out, /deleted +a\/system\.log\.200 /)
  })

  it('reads files that are named, compressed ones, and the standard input', async (t) => {
    const directory = await logged(t)
    const packed = join(directory, 'elsewhere.gz')
    writeFileSync(packed, gzipSync(readFileSync(join(directory, 'system.log'))))
    const all = messagesOf(ringlog(['tail', '--json', join(directory, 'audit.log'), packed]))
    assert.deepEqual(all, ['Daemon started', 'Order filled', 'evil \u001b[2J'])
    const { status, stdout } = spawnSync(process.execPath, [program, 'tail', '-l', 'error', '-'], {
      encoding: 'utf8',
      input: readFileSync(join(directory, 'error.log')),
      env: plain,
    })
    assert.equal(status, 0)
    assert.match(stdout, /Order failed\n$/)
    assert.equal(ringlog(['tail', '-f', packed]).code, 2)
    const missing = ringlog(['tail', join(directory, 'missing.log')])
    assert.deepEqual([missing.code, missing.out], [1, ''])
    assert.match(missing.err, /Cannot read .*missing\.log: ENOENT/)
  })

  it('--json keeps bytes that are no UTF-8', (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory, { mode: 0o700 })
    const text =
      '{"timestamp":"2026-01-01T00:00:00.000+00:00","level":"INFO","category":"system","message":"gr\u00fc\u00ff\u00df \\ufffd"}\n'
    const bytes = Buffer.concat([
      Buffer.from(text, 'latin1'),
      Buffer.from(text),
      Buffer.from(text, 'latin1'),
    ])
    writeFileSync(join(directory, 'system.log'), bytes)
    for (const count of ['3', 'all']) {
      const args = [program, 'tail', '-d', directory, '--json', '-n', count]
      assert.deepEqual(spawnSync(process.execPath, args, { env: plain }).stdout, bytes)
    }
  })

  it('an unknown category that nothing is found of is wrong usage, with what may be meant', async (t) => {
    const directory = await logged(t)
    const misspelt = ringlog(['tail', '-d', directory, '-c', 'enforcment'])
    assert.deepEqual([misspelt.code, misspelt.out], [2, ''])
    assert.match(
      misspelt.err,
      /expected a category of this log, got 'enforcment'; did you mean enforcement\?/,
    )
    const odd = ringlog(['tail', '-d', directory, '-c', 'zzz'])
    assert.deepEqual(odd, {
      code: 1,
      out: '',
      err: "ringlog: no entry of the category 'zzz' is there\n",
    })
    assert.equal(ringlog(['tail', '-d', directory, '-c', 'audit']).code, 0, 'known, and empty')
  })

  it('reads more files than it may open', { skip: !hasShell && 'no bash' }, (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory, { mode: 0o700 })
    const bases = ['system', 'enforcement', 'error', 'audit', 'service']
    for (const category of bases) {
      for (let i = 0; i <= 40; i++) {
        const seq = 41 - i
        const timestamp = new Date(1.76e12 + seq * 1000).toISOString().replace('Z', '+00:00')
        const line = `${JSON.stringify({ timestamp, level: 'INFO', category, message: `m${seq}`, seq })}\n`
        const name = `${category}.log${i === 0 ? '' : `.${i}`}${i > 2 ? '.gz' : ''}`
        writeFileSync(join(directory, name), i > 2 ? gzipSync(line) : line, { mode: 0o600 })
      }
    }
    const limited = (args: string): Ended => {
      const script = `ulimit -n 64; exec "$0" "$1" ${args}`
      const { status, stdout, stderr } = spawnSync(
        'bash',
        ['-c', script, process.execPath, program],
        { encoding: 'utf8', env: { ...plain, LOGS: directory } },
      )
      return { code: status, out: stdout, err: stderr }
    }
    const last = limited('tail -n 5 --json -d "$LOGS"')
    assert.deepEqual([last.code, last.err, messagesOf(last)], [0, '', Array(5).fill('m41')])
    const all = limited('tail -n all --json -d "$LOGS"')
    assert.deepEqual([all.code, all.err, messagesOf(all).length], [0, '', 205])
    assert.deepEqual(limited('verify -d "$LOGS"'), {
      code: 0,
      out: '205 entries in 205 files, no fault\n',
      err: '',
    })
  })

  it('--after goes on behind what --show-cursor has shown', async (t) => {
    const directory = await logged(t)
    const { err } = ringlog(['tail', '-d', directory, '-n', '1', '--show-cursor'])
    const cursor = /^ringlog: cursor: (r1\.\S+)$/m.exec(err)?.[1] ?? ''
    const { code, out } = ringlog(['tail', '-d', directory, '--after', cursor])
    assert.deepEqual([code, out], [0, ''])
    const line = readFileSync(join(directory, 'enforcement.log'), 'utf8')
    appendFileSync(join(directory, 'audit.log'), line)
    assert.equal(ringlog(['tail', '-d', directory, '--json', '--after', cursor]).out, line)
    assert.equal(ringlog(['tail', '-d', directory, '--after', cursor.slice(1)]).code, 2)
  })

  it('-n all gives all lines', async (t) => {
    const directory = await logged(t)
    const line = readFileSync(join(directory, 'enforcement.log'))
    for (let i = 0; i < 40; i++) appendFileSync(join(directory, 'audit.log'), line)
    assert.equal(messagesOf(ringlog(['tail', '-d', directory, '--json'])).length, 20)
    assert.equal(messagesOf(ringlog(['tail', '-d', directory, '--json', '-n', 'all'])).length, 45)
  })

  it('-f does not wait for a directory where a file is', async (t) => {
    const file = join(await logged(t), 'system.log')
    const { code, out, err } = ringlog(['tail', '-f', '-d', file])
    assert.deepEqual([code, out], [2, ''])
    assert.ok(err.startsWith(`ringlog: expected the directory of the logs, got the file '${file}'`))
  })

  it('-x unfolds context and stack', async (t) => {
    const { out } = ringlog(['tail', '-d', await logged(t), '-x', '-c', 'error'])
    assert.match(
      out,
      /Order failed\n {4}\{\n {6}"order_id": 42\n {4}\}\n {4}Error: rejected\n {8}at /,
    )
  })

  it('shows a line that is no entry with a mark; with --json it is a remark, which -q silences', async (t) => {
    const directory = await logged(t)
    writeFileSync(
      join(directory, 'audit.log'),
      Buffer.from('{"torn\n\u00ff\u001b[2J\n{"a":1}\n', 'latin1'),
    )
    const { code, out } = ringlog(['tail', '-d', directory])
    assert.equal(code, 0)
    assert.match(out, /^\[not an entry\] audit\.log: \{"torn$/m)
    assert.match(out, /^\[not an entry\] audit\.log: \ufffd\\x1b\[2J$/m)
    const json = ringlog(['tail', '-d', directory, '--json'])
    assert.match(json.out, /^\{"a":1\}$/m)
    assert.doesNotMatch(json.out, /torn/)
    assert.match(json.err, /^ringlog: not JSON, in audit\.log at byte 0: \{"torn$/m)
    assert.equal(ringlog(['tail', '-d', directory, '--json', '-q']).err, '')
  })

  it('--color, FORCE_COLOR and NO_COLOR decide on colour, in this order', async (t) => {
    const directory = await logged(t)
    const isColored = (args: string[], env: NodeJS.ProcessEnv): boolean =>
      ringlog(['tail', '-d', directory, ...args], env).out.includes('\u001b[')
    assert.equal(isColored([], {}), false, 'a pipe')
    assert.equal(isColored(['--color', 'always'], { NO_COLOR: '1' }), true)
    assert.equal(isColored([], { FORCE_COLOR: '1' }), true)
    assert.equal(isColored([], { FORCE_COLOR: '0' }), false)
    assert.equal(isColored(['--color', 'never'], { FORCE_COLOR: '1' }), false)
  })
})

describe('ringlog', () => {
  for (const [args, right] of [
    [['tial'], /Did you mean tail\?/],
    [['tail', '--folow'], /Did you mean --follow\?/],
    [['tail', '-n', '-1'], /expected an integer from 0, or all, got '-1'/],
    [['tail', '-l', 'fatal'], /option '-l, --level': .*did you mean critical/],
    [['tail', '-l', 'warn'], /did you mean warning\?/],
    [['tail', '-g', '('], /expected a regular expression, got '\('/],
    [['tail', '-w', 'rule'], /expected KEY=VALUE, as context\.rule=UnrealizedLoss, got 'rule'/],
    [['tail', '-S', 'noon'], /expected .*today, yesterday, now, 15m.*, got 'noon'/],
    [['tail', '-o', 'xml'], /Allowed choices are human, json/],
    [['tail', '-d', 'a', '--config', 'b'], /cannot be used with/],
    [['verify', '--config', 'a', '--config', 'b'], /'--config <file>' .* expected it once/],
    [['tail', '-d', '$HOME/logs'], /expected a path as it is on disk .*, got '\$HOME\/logs'/],
    [['verify', '-d', '~risk/logs'], /expected a path as it is on disk .*, got '~risk\/logs'/],
    [['clean', '-d', ''], /expected a directory, got ''/],
    [['clean', '--retention-days', '366'], /expected an integer from 1 to 365, got '366'/],
    [['config'], /missing required argument 'file'/],
    [['event-source', 'instal'], /Allowed choices are install, remove/],
    [['event-source', 'install', '--source', 'a\\b'], /without backslash/],
    [['\u001b[2Jtail'], /unknown command '\\x1b\[2Jtail'/],
  ] as const) {
    it(`${JSON.stringify(args)} is wrong usage: 2, with what is right`, () => {
      const { code, out, err } = ringlog(args)
      assert.equal(code, 2)
      assert.equal(out, '')
      assert.match(err, right)
      assert.match(err, /Try 'ringlog --help'/)
    })
  }

  it(
    '--help ends with 1 when it cannot be written',
    { skip: !existsSync('/dev/full') && 'no /dev/full' },
    () => {
      const full = openSync('/dev/full', 'w')
      const { status, stderr } = spawnSync(process.execPath, [program, '--help'], {
        stdio: ['ignore', full, 'pipe'],
        encoding: 'utf8',
      })
      closeSync(full)
      assert.equal(status, 1)
      assert.match(stderr, /^ringlog: Cannot write the output: no space left on device/)
    },
  )

  it('config prints what holds, which is a configuration again; or every problem', (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    const file = join(directory, 'system.json')
    writeFileSync(file, '{"logging":{"retention_days":30}}')
    const { code, out } = ringlog(['config', file])
    assert.equal(code, 0)
    writeFileSync(file, out)
    assert.equal(ringlog(['config', file]).out, out)
    assert.equal(
      (JSON.parse(out) as { logging: { retention_days: number } }).logging.retention_days,
      30,
    )
    writeFileSync(file, '{"logging":{"retention_days":0,"console":"no"}}')
    const bad = ringlog(['config', file])
    assert.equal(bad.code, 1)
    assert.match(
      bad.err,
      /logging\.retention_days: expected .* got 0\n[^]*logging\.console: expected /,
    )
  })

  it('a directory without logs: 1, and no word of no fault', (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory, { mode: 0o755 })
    writeFileSync(join(directory, 'readme.txt'), 'buy milk\n')
    for (const args of [['tail'], ['verify'], ['clean'], ['clean', '--dry-run', '--compress']]) {
      assert.deepEqual(ringlog([...args, '-d', directory]), {
        code: 1,
        out: '',
        err: `ringlog: no log files in ${directory}\n`,
      })
    }
    writeFileSync(join(directory, 'access.log'), 'GET /\n')
    assert.match(
      ringlog(['verify', '-d', directory]).err,
      /^ringlog: not verified, .*: access\.log$/m,
    )
  })

  it('clean --dry-run --compress says what clean --compress does; --config names the directory', async (t) => {
    const directory = await logged(t)
    const rotated = join(directory, 'system.log.1')
    writeFileSync(rotated, 'x'.repeat(1000), { mode: 0o600 })
    const file = join(directory, 'system.json')
    writeFileSync(
      file,
      JSON.stringify({ logging: { log_path: directory, rotation: { compress: true } } }),
    )
    const dry = ringlog(['clean', '--config', file, '--dry-run'])
    assert.deepEqual(dry, {
      code: 0,
      out: 'would be compressed  system.log.1.gz  1000 bytes\n',
      err: '',
    })
    assert.ok(existsSync(rotated))
    assert.match(
      ringlog(['clean', '--config', file]).out,
      /^compressed {2}system\.log\.1\.gz {2}1000 bytes to \d+ bytes\n$/,
    )
    assert.ok(!existsSync(rotated) && existsSync(`${rotated}.gz`))
  })

  it('--config reads a relative log_path from where the file lies', async (t) => {
    const directory = await logged(t)
    const file = join(directory, 'system.json')
    writeFileSync(file, '{"logging":{"log_path":"."}}', { mode: 0o600 })
    const { out, code } = ringlog(['tail', '--config', file, '-n', '1', '-l', 'error'])
    assert.equal(code, 0)
    assert.match(out, /Order failed$/m)
  })

  it('config tells of a file in which something is meant to be the section', (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    const file = join(directory, 'system.json')
    writeFileSync(file, '{"loging":{"log_level":"debug"}}')
    const { out, err, code } = ringlog(['config', file])
    assert.deepEqual([code, out], [1, ''])
    assert.match(err, /^ringlog: Cannot use .*\nlogging: expected .*\(did you mean logging\?\)\n$/)
  })

  it(
    'event-source says that it needs Windows',
    { skip: process.platform === 'win32' && 'Windows' },
    () => {
      const { code, err } = ringlog(['event-source', 'install'])
      assert.equal(code, 1)
      assert.match(err, /expected Windows, got /)
    },
  )

  it(
    'lnav reads the log by the format that is printed',
    { skip: !hasLnav && 'no lnav' },
    async (t) => {
      const directory = await logged(t)
      const home = join(directory, 'home')
      const formats = join(home, '.lnav', 'formats', 'installed')
      mkdirSync(formats, { recursive: true })
      writeFileSync(join(formats, 'ringlog.json'), ringlog(['lnav']).out)
      const sql = ';SELECT log_level, category, log_body FROM ringlog ORDER BY log_line'
      const { stdout, stderr } = spawnSync(
        'lnav',
        ['-n', '-c', sql, '-c', ':write-json-to -', join(directory, 'system.log')],
        { encoding: 'utf8', env: { ...plain, HOME: home, XDG_CONFIG_HOME: undefined } },
      )
      assert.equal(stderr, '')
      const rows = JSON.parse(stdout) as { log_level: string; category: string; log_body: string }[]
      assert.deepEqual(
        rows.map((row) => `${row.log_level} ${row.category} ${row.log_body.slice(0, 14)}`),
        ['info system Daemon started', 'debug sdk Order filled', 'critical system evil \u001b[2J'],
      )
    },
  )

  it(
    'a terminal is not driven by --json, which gives a pipe the bytes',
    { skip: !hasTmux && 'no tmux' },
    (t) => {
      const directory = logDirectory(t)
      mkdirSync(directory)
      const line = `{"timestamp":"2026-01-01T00:00:00.000+00:00",\r"level":"INFO","category":"system","message":"a\u009b31mb\u202ec"}`
      writeFileSync(join(directory, 'system.log'), `${line}\n`)
      assert.equal(ringlog(['tail', '-d', directory, '--json']).out, `${line}\n`)
      const socket = `ringlog-json-${process.pid}`
      const tmux = (...args: string[]): string =>
        spawnSync('tmux', ['-L', socket, '-f', '/dev/null', ...args], {
          encoding: 'utf8',
          env: plain,
        }).stdout
      t.after(() => tmux('kill-server'))
      const command = [process.execPath, program, 'tail', '-d', directory, '--json']
        .map((word) => `'${word}'`)
        .join(' ')
      tmux(
        'new-session',
        '-d',
        '-x',
        '200',
        '-y',
        '10',
        `${command}; tmux wait-for -S shown; exec cat`,
      )
      tmux('wait-for', 'shown')
      const shown = tmux('capture-pane', '-p')
      assert.ok(shown.includes(String.raw`"message":"a\u009b31mb\u202ec"`), shown)
      assert.ok(shown.startsWith('{"timestamp":"2026'), shown)
    },
  )
})
