// `ringlog tail --from` and `ringlog verify --from` as they are typed, against real engines.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { logIdOf } from '../../lib/directory/lock-files.ts'
import { createLogger } from '../../lib/index.ts'
import { ship } from '../../lib/ship/ship-logs.ts'
import { logDirectory } from '../log-directory.ts'
import { engines } from './engines.ts'
import { type Expected, type HostLog, expectedOf, hostLogs, shipAll, writeTo } from './hosts.ts'
import type { Servers } from './servers.ts'

const program = resolve('dist/cli.js')

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

async function ringlog(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (texts.out += String(chunk)))
  child.stderr.on('data', (chunk: Buffer) => (texts.err += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...texts }
}

/** One after the other for each log: what is written at a time is sent together. */
async function writeAndShip(
  url: string,
  { host, directory }: HostLog,
  parts: readonly number[],
): Promise<void> {
  for (const entries of parts) {
    const log = createLogger({ log_path: directory, console: 'off' })
    for (let i = 0; i < entries; i++) log.audit.info(`entry ${i}`)
    await log.close()
    await ship(url, { log_path: directory, host, once: true, tell: () => {} })
  }
}

for (const { name, skip, start, prepare, remove } of engines) {
  describe(`${name}: the command`, { skip, timeout: 120_000 }, () => {
    let servers: Servers
    before(async () => {
      servers = await start()
    })
    after(() => servers.close())

    test('tail and verify --from tell that nothing is there, with exit code 1', async () => {
      for (const args of [['tail'], ['verify']]) {
        const { code, out, err } = await ringlog(...args, '--from', servers.url)
        assert.deepEqual([code, out], [1, ''])
        assert.match(err, /^ringlog: no log in (?:nats|postgres):\/\/127\.0\.0\.1:\d+\/\w+$/m)
      }
      await prepare(servers.url)
    })

    test('tail --from shows all hosts by time, and which entries is said as for files', async (t) => {
      const logs = hostLogs(t)
      await writeTo(logs, 211)
      await shipAll(servers.url, logs)
      const all = expectedOf(logs)
      const middle = new Date(all[300]!.time).toISOString()
      const isLater = ({ time }: Expected): boolean => time >= Date.parse(middle)
      const isEarlier = ({ time }: Expected): boolean => time <= Date.parse(middle)
      const cases: readonly [readonly string[], (line: Expected) => boolean][] = [
        [[], () => true],
        [['-l', 'error'], ({ level }) => ['ERROR', 'CRITICAL'].includes(level)],
        [['-c', 'audit', '-c', 'sdk', '-c', 'sdk'], ({ category }) => /^[as][ud]/.test(category)],
        [['-a', 'ABC0'], ({ account_id }) => account_id === 'ABC0'],
        [['-g', 'OF THREE', '-i'], ({ message }) => message.includes('of three')],
        [['-w', 'context.rule=UnrealizedLoss'], ({ context }) => context?.rule?.[0] === 'U'],
        [['-S', middle], isLater],
        [['-U', middle], isEarlier],
        [
          ['-S', middle, '-l', 'warning', '-c', 'system', '-w', 'context.size.lots=0'],
          (line) => isLater(line) && line.category === 'system' && /^[WEC]/.test(line.level),
        ],
      ]
      for (const [args, isWanted] of cases) {
        const command = ['tail', '--from', servers.url, '--json', '-n', 'all', ...args]
        const { code, out, err } = await ringlog(...command)
        const wanted = all.filter(isWanted).map(({ raw }) => `${raw}\n`)
        assert.deepEqual([code, out.split(/(?<=\n)/)], [0, wanted], `${args.join(' ')}: ${err}`)
      }
      const twenty = await ringlog('tail', '--from', servers.url)
      assert.equal(twenty.out.split('\n').length - 1, 20, 'the last 20, where nothing is said')
      assert.match(twenty.out, /^\[.{19}\] \w+ +\| (?:a\.example|b\/[0-9a-f]{8}) \| /)
      const three = await ringlog('tail', '--from', servers.url, '--json', '-n3', '-l', 'critical')
      const critical = all.filter(({ level }) => level === 'CRITICAL').slice(-3)
      assert.equal(three.out, critical.map(({ raw }) => `${raw}\n`).join(''))
    })

    test('tail --from -f goes on with what comes, and ends with the signal', async (t) => {
      const directory = logDirectory(t)
      const log = createLogger({ log_path: directory, console: 'off' })
      t.after(() => log.close())
      log.service.info('zero')
      log.service.info('one')
      log.system.info('of another category')
      await log.flush()
      await ship(servers.url, { log_path: directory, host: 'c', once: true })
      const args = ['tail', '--from', servers.url, '-f', '-n', '1', '-c', 'service', '--json']
      const child = spawn(process.execPath, [program, ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      t.after(() => child.kill('SIGKILL'))
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
      const end = new AbortController()
      const shipping = ship(servers.url, { log_path: directory, host: 'c', signal: end.signal })
      t.after(() => end.abort())
      for (const message of ['one', 'two', 'three']) {
        if (message !== 'one') log.service.info(message)
        const { value } = await lines.next()
        assert.equal((JSON.parse(value as string) as { message: string }).message, message)
      }
      await log.close()
      end.abort()
      await shipping
      child.kill('SIGINT')
      assert.deepEqual(await once(child, 'exit'), [null, 'SIGINT'])
    })

    test('verify --from tells what is missing, in the middle, at the beginning and at the end', async (t) => {
      const whole = await ringlog('verify', '--from', servers.url)
      assert.equal(whole.code, 0, whole.out)
      assert.match(whole.out, /^\d+ entries of 1[45] categories of 3 hosts, none missing\n$/m)
      const log = { host: 'd', directory: logDirectory(t) }
      await writeAndShip(servers.url, log, [4, 1, 3, 2])
      const series = { host: 'd', log_id: logIdOf(log.directory)!, category: 'audit' }
      const verify = async (...args: string[]): Promise<[number | null, string, string]> => {
        const { code, out, err } = await ringlog('verify', '--from', servers.url, ...args)
        const line = out.split('\n').find((each) => each.startsWith('d '))!
        return [code, line.slice(line.indexOf(': ') + 2), out.split('\n').at(-2)! + err]
      }
      const here = ['-d', log.directory] as const
      assert.deepEqual((await verify(...here)).slice(0, 2), [0, '1 to 10'])

      await remove(servers.url, series, [5, 5])
      const [code, line, sum] = await verify()
      assert.deepEqual([code, line], [1, '1 to 10; 1 missing: 5'])
      assert.match(sum, /, 1 missing$/)
      const held = await verify(...here)
      assert.deepEqual(held.slice(0, 2), [1, '1 to 10; 1 missing: 5; the host still holds 5'])

      await remove(servers.url, series, [9, 10])
      assert.deepEqual((await verify()).slice(0, 2), [1, '1 to 8; 1 missing: 5'])

      await remove(servers.url, series, [1, 4])
      const begin = '6 to 8; nobody has 1 to 5'
      assert.deepEqual((await verify()).slice(0, 2), [0, begin], 'as of an engine that forgets')
      assert.deepEqual((await verify(...here)).slice(0, 2), [
        1,
        '6 to 8; 7 missing: 1 to 5, 9 to 10; the host still holds 1 to 5, 9 to 10',
      ])

      await remove(servers.url, series, [6, 8])
      assert.deepEqual((await ringlog('verify', '--from', servers.url)).code, 0)
      const [none, nothing] = await ringlog('verify', '--from', servers.url, ...here).then(
        ({ code: ended, out }) => [ended, out] as const,
      )
      assert.equal(none, 1)
      assert.match(nothing, /audit: nothing is there; 10 missing: 1 to 10; the host still holds/)
    })

    test('ship tells with --dry-run what it would send, and with --once what it has sent', async (t) => {
      const directory = logDirectory(t)
      const log = createLogger({ log_path: directory, console: 'off' })
      log.system.info('one')
      log.system.info('two')
      log.audit.info('three')
      await log.close()
      const args = ['ship', servers.url, '-d', directory, '--host', 'x']
      const log_id = logIdOf(directory)!
      const shipped = async (...more: string[]): Promise<[number | null, string[]]> => {
        const { code, out } = await ringlog(...args, ...more)
        return [code, out.split('\n').slice(0, -1).toSorted()]
      }
      const place = servers.url.replace('postgres@', '')
      const would = [
        `3 entries of 1 log would be sent to ${place}`,
        `x ${log_id}: would send audit entry 1`,
        `x ${log_id}: would send system entries 1 to 2`,
      ]
      assert.deepEqual(await shipped('--dry-run'), [0, would])
      assert.deepEqual(await shipped('--dry-run', '--once'), [0, would], 'nothing was sent')
      assert.deepEqual(await shipped('--once'), [0, [`3 entries of 1 log sent to ${place}`]])
      assert.deepEqual(await shipped('--once'), [0, [`0 entries of 1 log sent to ${place}`]])

      const human = logDirectory(t)
      const people = createLogger({ log_path: human, console: 'off', structured_format: false })
      people.system.info('for people')
      await people.close()
      const { code, err } = await ringlog('ship', servers.url, '-d', human)
      assert.equal(code, 1)
      assert.match(err, /expected lines of JSON with numbers, got human lines/)
    })

    test('tail --from --after goes on behind what --show-cursor has shown', async (t) => {
      const log = { host: 'g', directory: logDirectory(t) }
      const tail = async (...args: readonly string[]): Promise<readonly [string[], string]> => {
        const command = ['tail', '--from', servers.url, '--json', '-c', 'service', '--show-cursor']
        const { code, out, err } = await ringlog(...command, ...args)
        assert.equal(code, 0, err)
        const messages = out.split('\n').slice(0, -1)
        const cursor = /^ringlog: cursor: (\S+)$/m.exec(err)?.[1]
        const texts = messages.map((line) => (JSON.parse(line) as { message: string }).message)
        return [texts, cursor ?? err]
      }
      const write = async (...texts: readonly string[]): Promise<void> => {
        const logger = createLogger({ log_path: log.directory, console: 'off' })
        for (const text of texts) logger.service.info(text)
        await logger.close()
        await ship(servers.url, { log_path: log.directory, host: log.host, once: true })
      }
      await write('one', 'two')
      const [first, cursor] = await tail('-n', '1')
      assert.deepEqual(first, ['two'])
      assert.deepEqual((await tail('--after', cursor))[0], [])
      await write('three', 'four')
      const [second, next] = await tail('--after', cursor)
      assert.deepEqual(second, ['three', 'four'])
      assert.deepEqual((await tail('--after', cursor, '-n', '1'))[0], ['four'])
      assert.deepEqual((await tail('--after', next))[0], [])
      for (const wrong of ['x', cursor.slice(0, -1), 'r1.a.b']) {
        const { code, err } = await ringlog('tail', '--from', servers.url, '--after', wrong)
        assert.equal(code, 2)
        assert.match(err, /option '--after': expected what --show-cursor has shown, got '/)
      }
    })

    test('verify --from tells what the logger itself has reported as lost', async (t) => {
      const directory = logDirectory(t)
      const log = createLogger({
        log_path: directory,
        console: 'off',
        buffer: { entries: 64, on_full: 'drop_old' },
      })
      log.system.info('first')
      await log.flush()
      for (let i = 0; i < 1000; i++) log.system.info(`entry ${i}`)
      const lost = log.stats().dropped.total
      assert.ok(lost > 0)
      await log.close()
      await ship(servers.url, { log_path: directory, host: 'e', once: true, tell: () => {} })
      const { code, out, err } = await ringlog('verify', '--from', servers.url)
      assert.equal(code, 1)
      assert.match(out, new RegExp(`^e \\w+ system: 1 to \\d+; ${lost} missing: `, 'm'))
      const told = `e ${logIdOf(directory)}: the logger itself has reported ${lost} entries as lost`
      assert.ok(err.includes(told), err)
    })
  })
}
