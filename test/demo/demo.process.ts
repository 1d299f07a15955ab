// The demo as a user runs it: compiled, in plain node, in its own process, here without a terminal.

import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, beforeEach, describe, it } from 'node:test'

const root = process.cwd()
const program = join(root, 'build', 'scripts', 'demo.js')
const posixOnly = process.platform === 'win32' ? { skip: 'signals need POSIX' } : {}

describe('npm start', () => {
  let sandbox = ''
  let home = ''
  let temporary = ''

  before(() => {
    sandbox = mkdtempSync(join(tmpdir(), 'ringlog-test-'))
  })
  beforeEach(() => {
    const own = mkdtempSync(join(sandbox, 'run-'))
    home = join(own, 'home')
    temporary = join(own, 'tmp')
    mkdirSync(home)
    mkdirSync(temporary)
  })
  after(() => {
    rmSync(sandbox, { recursive: true, force: true })
  })

  function start(args: readonly string[] = [], extraEnv: NodeJS.ProcessEnv = {}) {
    const { FORCE_COLOR: _force, NO_COLOR: _no, ...env } = process.env
    const places = { HOME: home, USERPROFILE: home, TMPDIR: temporary, TEMP: temporary }
    const child = spawn(process.execPath, [program, ...args], {
      cwd: sandbox,
      env: { ...env, ...places, ...extraEnv },
    })
    child.stdin.end()
    return child
  }

  function logDirectory(): string {
    const [demo] = readdirSync(temporary)
    return join(temporary, demo ?? '', 'logs')
  }

  it('logs twenty years, keeps its promises and says so', async () => {
    const child = start()
    const [out, err, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ])
    assert.equal(err, '')
    assert.equal(code, 0)

    const lines = out.trimEnd().split('\n')
    // eslint-disable-next-line no-control-regex -- it is a control character that must not be there
    assert.doesNotMatch(out, /\u001b/, 'without a terminal there is no color')
    const marks = lines.filter((line) => /^ {2}[✓✗] /.test(line))
    assert.equal(marks.length, 7)
    assert.deepEqual(
      marks.filter((line) => line.includes('✗')),
      [],
    )
    assert.match(out, /^--- system\.log rotated: .* ---$/m)
    assert.match(out, /\] CRITICAL \| system +\| 2008-10-15 Kill switch: S&P 500 -7\.\d %/)
    assert.match(out, /\] ERROR \| enforcement \| .* Failed to close position: Order rejected/)
    assert.match(out, /\] INFO {2}\| audit +\| TREND-1 \| Audit: change_limit by risk\.officer/)
    assert.match(out, /\d\.\d\d µs per call on average/)

    const entries = lines.filter((line) => line.startsWith('['))
    // What is to be copied into a shell is as long as it is.
    const shownLines = lines.slice(0, lines.indexOf('Try'))
    assert.deepEqual(
      shownLines.filter((line) => line.length > 120),
      [],
      'no line wraps',
    )
    assert.match(out, /^Prices: .*vega-datasets 3\.2\.1/m)
    const shown = /shown +([\d,]+) \(INFO and above\)/.exec(out)?.[1]
    assert.equal(entries.length, Number(shown?.replaceAll(',', '')))
    assert.equal(entries.filter((line) => line.includes('] DEBUG')).length, 0)

    const directory = logDirectory()
    assert.ok(out.includes(directory))
    const files = readdirSync(directory).filter((name) => /\.log(\.\d+)?$/.test(name))
    const onDisk = files
      .map((name) => readFileSync(join(directory, name), 'utf8').split('\n').length - 1)
      .reduce((sum, count) => sum + count, 0)
    const claimed = /on disk +([\d,]+) lines/.exec(out)?.[1]
    assert.equal(onDisk, Number(claimed?.replaceAll(',', '')))
    assert.ok(onDisk > 39_000)

    assert.deepEqual(readdirSync(home), [], 'nothing is written to the home directory')
    const [command] = lines.slice(lines.indexOf('Try') + 1)
    const tried = spawnSync('sh', ['-c', command ?? 'false'], { encoding: 'utf8', cwd: root })
    assert.equal(tried.status, 0, tried.stderr)
    assert.notEqual(tried.stdout, '')
  })

  it('ends quietly when nobody reads any more, in color when that is forced', async () => {
    const child = start([], { FORCE_COLOR: '1' })
    const exited = once(child, 'exit')
    const stderr = text(child.stderr)
    const shown = await untilShown(child, 'SDK connected')
    child.stdout.destroy()
    assert.deepEqual(await exited, [0, null])
    assert.equal(await stderr, '')
    // eslint-disable-next-line no-control-regex -- colors are control characters
    assert.match(shown, /\u001b\[\d+m/)
    await assertEnded(logDirectory())
  })

  it('ends both processes on SIGINT, with a complete log', posixOnly, async () => {
    const child = start(['--seconds', '60'])
    const exited = once(child, 'exit')
    await untilShown(child, 'SDK connected')
    child.kill('SIGINT')
    assert.deepEqual(await exited, [130, null])
    await assertEnded(logDirectory())
  })

  it('says so and fails when the daemon dies', posixOnly, async () => {
    const child = start(['--seconds', '60'])
    const exited = once(child, 'exit')
    const stderr = text(child.stderr)
    await untilShown(child, 'Service starting')
    process.kill(daemonPid(logDirectory()), 'SIGKILL')
    assert.deepEqual(await exited, [1, null])
    assert.match(await stderr, /expected exit 0, got SIGKILL/)
  })

  it('refuses a pace that is no number', async () => {
    const child = start(['--seconds', 'soon'])
    const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
    assert.equal(code, 2)
    assert.match(err, /--seconds: expected a number, got soon/)
    assert.deepEqual(readdirSync(temporary), [])
  })
})

/** Everything shown up to the words, and no longer. */
async function untilShown(child: ChildProcessWithoutNullStreams, words: string): Promise<string> {
  let shown = ''
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString()
      if (shown.includes(words)) resolve(shown)
    })
    child.once('exit', () => reject(new Error(`Ended before it showed ${words}: ${shown}`)))
  })
}

function daemonPid(directory: string): number {
  const [first] = readFileSync(join(directory, 'service.log'), 'utf8').split('\n')
  return (JSON.parse(first ?? '') as { context: { pid: number } }).context.pid
}

/** The daemon is gone, and said goodbye in its log. */
async function assertEnded(directory: string): Promise<void> {
  assert.match(readFileSync(join(directory, 'service.log'), 'utf8'), /"Service stopped".*\n$/)
  assert.throws(() => process.kill(daemonPid(directory), 0), { code: 'ESRCH' })
}
