// The command as a person, a script and a pipe have it: a child process on the built package.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, test, type TestContext } from 'node:test'
import { createLogger } from '../lib/index.ts'
import { logDirectory } from './log-directory.ts'

const cli = join(import.meta.dirname, '../dist/cli.js')

interface Ran {
  readonly status: number | null
  readonly out: string
  readonly told: string
}

function ringlog(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...words], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, ...environment },
    maxBuffer: 1 << 28,
  })
  return { status, out: stdout, told: stderr }
}

/** A directory with entries of all levels. */
async function logged(t: TestContext): Promise<string> {
  const log_path = logDirectory(t)
  const log = createLogger({ log_path, log_level: 'debug', console: 'off' })
  for (const write of [
    () => log.system.debug('one', { n: 1 }),
    () => log.enforcement.info('two', { account_id: 'ABC' }),
    () => log.sdk.warning('three\u001b[2J'),
    () => log.enforcement.error('four', new Error('no'), { account_id: 'XYZ' }),
    () => log.audit.critical('five'),
  ]) {
    write()
    // Entries of one millisecond in several files have no order.
    const now = Date.now()
    while (Date.now() === now) await new Promise((resolve) => setImmediate(resolve))
  }
  await log.close()
  return log_path
}

/** The messages of human lines. */
function messages({ out }: Ran): string[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' | ').at(-1)!)
}

function colored({ out }: Ran): boolean {
  return out.includes('\u001b[')
}

describe('ringlog tail', () => {
  test('shows entries in order, copies once, nothing that drives the terminal', async (t) => {
    const ran = ringlog(['tail', '-d', await logged(t)])
    assert.deepEqual([ran.status, ran.told], [0, ''])
    assert.deepEqual(messages(ran), ['one', 'two', String.raw`three\x1b[2J`, 'four', 'five'])
    assert.match(ran.out, /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] DEBUG \| system      \| one\n/)
  })

  test('filters by each option', async (t) => {
    const directory = await logged(t)
    const cases: [string[], string[]][] = [
      [
        ['-n', '2'],
        ['four', 'five'],
      ],
      [
        ['-l', 'error'],
        ['four', 'five'],
      ],
      [
        ['-c', 'audit', '-c', 'system'],
        ['one', 'five'],
      ],
      [
        ['-a', 'ABC', '-a', 'XYZ'],
        ['two', 'four'],
      ],
      [
        ['-g', '^t'],
        ['two', String.raw`three\x1b[2J`],
      ],
      [['-S', '1h', '-l', 'critical'], ['five']],
      [['-U', '2000-01-01'], ['']],
    ]
    for (const [options, expected] of cases) {
      assert.deepEqual(
        messages(ringlog(['tail', '-d', directory, ...options])),
        expected,
        options.join(' '),
      )
    }
  })

  test('unfolds with -x, colours as asked, and gives the bytes of lines with --json', async (t) => {
    const directory = await logged(t)
    const expanded = ringlog(['tail', '-d', directory, '-x', '-l', 'error']).out
    assert.match(expanded, /four\n {4}Error: no\n {8}at /)
    const tail = ['tail', '-d', directory]
    assert.equal(colored(ringlog(tail)), false)
    assert.equal(colored(ringlog([...tail, '--color', 'always'])), true)
    assert.equal(colored(ringlog(tail, { FORCE_COLOR: '1' })), true)
    assert.equal(colored(ringlog([...tail, '--color', 'never'], { FORCE_COLOR: '1' })), false)
    const json = ringlog([...tail, '--json'])
      .out.trimEnd()
      .split('\n')
    assert.deepEqual(
      json.map((line) => (JSON.parse(line) as { message: string }).message),
      ['one', 'two', 'three\u001b[2J', 'four', 'five'],
    )
  })

  test('shows what is no entry with a mark, and tells of it with --json', async (t) => {
    const directory = await logged(t)
    appendFileSync(join(directory, 'audit.log'), 'rubbish\u0007\n')
    const shown = ringlog(['tail', '-d', directory])
    assert.equal(shown.out.split('\n').at(-2), String.raw`[not an entry] audit.log: rubbish\x07`)
    const json = ringlog(['tail', '-d', directory, '--json'])
    assert.match(json.told, /^ringlog: not JSON, in audit\.log at byte \d+: rubbish\\x07\n$/)
    assert.equal(json.out.split('\n').length, 6)
    assert.equal(ringlog(['tail', '-d', directory, '--json', '-q']).told, '')
  })

  test('follows what is written, and ends quietly when the pipe is closed', async (t) => {
    const directory = await logged(t)
    const child = spawn(process.execPath, [cli, 'tail', '-f', '-n', '1', '-d', directory], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    t.after(() => child.kill())
    const told = text(child.stderr)
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk))
    while (!out.includes('five')) await once(child.stdout, 'data')
    const log = createLogger({ log_path: directory })
    log.system.info('six')
    await log.flush()
    while (!out.includes('six')) await once(child.stdout, 'data')
    child.stdout.destroy()
    log.system.info('seven')
    await log.close()
    const [code] = (await once(child, 'exit')) as [number]
    assert.deepEqual([code, await told], [0, ''])
  })

  test('ends quietly before a head that has seen enough', async (t) => {
    const directory = await logged(t)
    const line = ringlog(['tail', '-d', directory, '--json', '-n', '1']).out
    writeFileSync(join(directory, 'audit.log'), line.repeat(50_000))
    const { status, stdout, stderr } = spawnSync(
      'bash',
      [
        '-c',
        `"$0" "$1" tail -d "$2" -n 50000 | head -n 1; exit \${PIPESTATUS[0]}`,
        process.execPath,
        cli,
        directory,
      ],
      { encoding: 'utf8' },
    )
    assert.deepEqual([status, stdout.split('\n').length, stderr], [0, 2, ''])
  })
})

describe('ringlog', () => {
  test('ends with 2 for wrong usage and says what is right', () => {
    const cases: [string[], RegExp][] = [
      [['tial'], /Did you mean tail/],
      [['tail', '--lnies', '3'], /Did you mean --lines/],
      [['tail', '-n', 'x'], /expected an integer from 0, got 'x'/],
      [['tail', '-l', 'warnin'], /expected one of debug, .*did you mean warning/],
      [['tail', '-g', '('], /expected a regular expression, got '\('/],
      [['tail', '-S', 'soon'], /option '-S, --since': expected .*, got 'soon'/],
      [['tail', '-o', 'xml'], /Allowed choices are human, json/],
      [['tail', '-d', 'a', '--config', 'b'], /cannot be used with option/],
      [['clean', '--retention-days', '0'], /expected an integer from 1 to 365, got '0'/],
      [['config'], /missing required argument 'file'/],
      [['event-source', 'instal'], /Did you mean install/],
    ]
    for (const [words, expected] of cases) {
      const { status, out, told } = ringlog(words)
      assert.deepEqual([status, out], [2, ''], words.join(' '))
      assert.match(told, expected)
      assert.doesNotMatch(told, /\n {4}at /)
    }
  })

  test('ends with 1 when it cannot do its work, without a stack trace', async (t) => {
    const missing = logDirectory(t)
    const cases: [string[], RegExp][] = [
      [['tail', '-d', missing], /no such file or directory/],
      [['verify', '-d', missing], /no such file or directory/],
      [['clean', '-d', missing], /no such file or directory/],
      [['config', missing], /ENOENT|no such file/],
      [['tail', '--config', missing], /ENOENT|no such file/],
      [['event-source', 'install'], /expected Windows/],
    ]
    for (const [words, expected] of cases) {
      if (words[0] === 'event-source' && process.platform === 'win32') continue
      const { status, out, told } = ringlog(words)
      assert.deepEqual([status, out], [1, ''], words.join(' '))
      assert.match(told, expected)
      assert.doesNotMatch(told, /\n {4}at /)
    }
  })

  test('config prints a configuration with its defaults, or all that is wrong', (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    const file = join(directory, 'system.json')
    writeFileSync(file, JSON.stringify({ logging: { log_level: 'debug', log_path: directory } }))
    const { status, out } = ringlog(['config', file])
    const { logging } = JSON.parse(out) as { logging: Record<string, unknown> }
    assert.deepEqual([status, logging['log_level'], logging['retention_days']], [0, 'debug', 90])
    assert.equal(
      ringlog(['tail', '--config', file]).told,
      `ringlog: no log files in ${directory}\n`,
    )
    writeFileSync(file, JSON.stringify({ logging: { log_level: 'x', retention_days: 0 } }))
    const wrong = ringlog(['config', file])
    assert.deepEqual([wrong.status, wrong.out], [1, ''])
    assert.match(wrong.told, /logging\.log_level: expected .*\nlogging\.retention_days: expected/)
  })

  test('verify ends with 1 for a fault and names it; clean tells what it did', async (t) => {
    const directory = await logged(t)
    assert.deepEqual(ringlog(['verify', '-d', directory]), {
      status: 0,
      out: '5 entries in 5 files, no fault\n',
      told: '',
    })
    appendFileSync(join(directory, 'system.log'), 'x\n')
    const { status, out } = ringlog(['verify', '-d', directory])
    assert.equal(status, 1)
    assert.equal(
      out,
      'system.log:3: invalid: The line is not JSON\n5 entries in 5 files, 1 fault\n',
    )
    writeFileSync(join(directory, 'system.log.1'), 'x\n'.repeat(9000), { mode: 0o600 })
    const cleaned = ringlog(['clean', '-d', directory, '--compress'])
    assert.equal(cleaned.status, 0)
    assert.match(cleaned.out, /^compressed {2}system\.log\.1\.gz {2}18 kB to \d+ bytes\n$/)
  })

  test(
    'tells of a file that it may not read, shows the others, and ends with 1',
    { skip: process.getuid?.() !== 0 && 'not root' },
    async (t) => {
      const directory = await logged(t)
      chmodSync(join(directory, '..'), 0o755)
      for (const name of ['.', 'system.log', 'error.log', 'audit.log', 'service.log']) {
        chmodSync(join(directory, name), 0o755)
      }
      // Whoever is not root may not read the file that is left 0600.
      const { status, stdout, stderr, error } = spawnSync(
        process.execPath,
        [cli, 'tail', '-d', directory],
        { encoding: 'utf8', cwd: '/', uid: 65_534, gid: 65_534 },
      )
      if (error !== undefined || stderr.includes('Cannot find module')) {
        t.skip('the checkout cannot be read by others')
        return
      }
      assert.equal(status, 1)
      assert.match(stderr, /^ringlog: Cannot read enforcement\.log: EACCES: permission denied\n$/)
      assert.match(stdout, /five/)
    },
  )
})

const hasTmux = spawnSync('tmux', ['-V']).status === 0

test(
  'ringlog tail -f on a terminal shows colours and entries as they come',
  { skip: !hasTmux && 'there is no tmux' },
  async (t) => {
    const directory = await logged(t)
    const socket = join(directory, '..', 'tmux')
    const tmux = (...words: string[]): string =>
      spawnSync('tmux', ['-S', socket, ...words], { encoding: 'utf8' }).stdout
    tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      '100',
      '-y',
      '12',
      process.execPath,
      cli,
      'tail',
      '-f',
      '-l',
      'warning',
      '-d',
      directory,
    )
    t.after(() => tmux('kill-server'))
    const screen = async (until: string): Promise<string> => {
      for (;;) {
        const shown = tmux('capture-pane', '-p', '-e')
        if (shown.includes(until)) return shown
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const before = await screen('five')
    assert.ok(before.includes('\u001b[33mWARNING'))
    assert.ok(before.includes(String.raw`three\x1b[2J`))
    const log = createLogger({ log_path: directory })
    log.system.warning('six')
    await log.close()
    const after = (await screen('six')).trimEnd().split('\n')
    assert.match(after.at(-1)!, /WARNING.* \| system      \| .*six/)
  },
)

const hasLnav = spawnSync('lnav', ['-V']).status === 0

test(
  'ringlog lnav prints a format with which lnav reads the log',
  { skip: !hasLnav && 'there is no lnav' },
  async (t) => {
    const directory = await logged(t)
    const home = join(directory, '..', 'lnav')
    mkdirSync(join(home, 'formats/ringlog'), { recursive: true })
    writeFileSync(join(home, 'formats/ringlog/ringlog.json'), ringlog(['lnav']).out)
    const { stdout, stderr } = spawnSync(
      'lnav',
      [
        '-n',
        '-I',
        home,
        '-c',
        ';select log_level, category, log_body from ringlog order by log_time, log_line',
        '-c',
        ':write-csv-to -',
        join(directory, 'enforcement.log'),
      ],
      { encoding: 'utf8', env: { ...process.env, HOME: home } },
    )
    assert.equal(stderr, '')
    assert.match(stdout, /info,enforcement,two\nerror,enforcement,four\n/)
  },
)
