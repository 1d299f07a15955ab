// Each kind of fault, made on purpose in files that the library wrote, is found where it is; and
// nothing else is.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { gzipSync } from 'node:zlib'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { cleanLogs, createLogger, verifyLogs, type VerifyFault } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'

/**
 * A directory with rotated and compressed files of two categories that share one, and errors with
 * copies.
 */
async function written(t: TestContext, compress = false): Promise<string> {
  const log_path = logDirectory(t)
  const log = createLogger({ log_path, rotation: { max_size_mb: 1, max_files: 20, compress } })
  const padding = 'x'.repeat(900)
  for (let i = 1; i <= 3000; i++) {
    log.system.info(`s${i}`, { padding })
    log.sdk.info(`d${i}`)
    if (i % 100 === 0) log.sdk.error(`e${i}`, new Error('no'))
    if (i % 500 === 0) await log.flush()
  }
  await log.close()
  // What close() has left plain.
  if (compress) await cleanLogs({ log_path, compress: true })
  return log_path
}

/** Changes the lines of a file. */
function edit(directory: string, file: string, change: (lines: string[]) => void): void {
  const path = join(directory, file)
  const lines = readFileSync(path, 'utf8').split('\n')
  change(lines)
  writeFileSync(path, lines.join('\n'))
}

function found({ file, line, kind, category }: VerifyFault): unknown[] {
  return [kind, file, line, ...(category === undefined ? [] : [category])]
}

describe('verifyLogs()', () => {
  test('finds nothing in what the library writes, rotated, compressed and copied', async (t) => {
    const log_path = await written(t, true)
    const { faults, files, lines, entries, directory } = await verifyLogs({ log_path })
    assert.deepEqual(faults, [])
    assert.deepEqual([entries, lines, directory], [6030, 6060, log_path])
    assert.ok(files > 5)
  })

  test('tells what is missing, doubled, late, torn and invalid, by file and line', async (t) => {
    const log_path = await written(t)
    const seqOf = (line: string): number => (JSON.parse(line) as { seq: number }).seq
    edit(log_path, 'system.log.1', (lines) => {
      const system = lines.findIndex((line, i) => i > 20 && line.includes('"category":"system"'))
      // The line below belongs to the other category: its numbers must not be disturbed.
      const [gone] = lines.splice(system, 1, '', '{"a":1}', 'rubbish', '{"timestamp":"2026-')
      assert.ok(seqOf(gone!) > 0)
    })
    edit(log_path, 'system.log', (lines) => {
      const sdk = lines.flatMap((line, i) => (line.includes('"category":"sdk"') ? [i] : []))
      const [a, b, c] = [sdk[2]!, sdk[3]!, sdk[6]!]
      ;[lines[a], lines[b]] = [lines[b]!, lines[a]!]
      lines.splice(c, 0, lines[c]!)
      lines[lines.length - 1] = '{"timestamp":"2026-11-24T00:00:00.000+00:00","level"'
    })
    const { faults, faults_total } = await verifyLogs({ log_path })
    assert.equal(faults_total, faults.length)
    const kinds = faults.map((fault) =>
      found(fault)
        .filter((part) => typeof part === 'string')
        .join(' '),
    )
    assert.deepEqual(kinds, [
      'invalid system.log.1',
      'invalid system.log.1',
      'invalid system.log.1',
      'torn system.log.1',
      'disorder system.log sdk',
      'duplicate system.log sdk',
      'torn system.log',
      'gap system.log.1 system',
    ])
    const lines = readFileSync(join(log_path, 'system.log'), 'utf8').split('\n')
    const duplicate = faults.find(({ kind }) => kind === 'duplicate')!
    assert.equal(lines[duplicate.line! - 1], lines[duplicate.line! - 2])
    assert.equal(
      faults.find(({ kind, file }) => kind === 'torn' && file === 'system.log')!.line,
      lines.length,
    )
  })

  test('tells what is missing at the end, once the writer has ended', async (t) => {
    const log_path = await written(t)
    const cut = (file: string): void => edit(log_path, file, (lines) => void lines.splice(-4, 3))
    const log = createLogger({ log_path })
    cut('system.log')
    // Beside a writer nothing is missing but what it knows to be written.
    assert.deepEqual(
      (await verifyLogs({ log_path })).faults.map(({ message }) => message),
      ['Entries with lsn 6028 to 6029 are missing, and no category tells of it'],
    )
    await log.close()
    const { faults } = await verifyLogs({ log_path })
    assert.deepEqual(
      faults.map(({ kind, file, line, message }) => [kind, file, line, message]),
      [
        ['gap', 'system.log', undefined, 'Entry 3000 of system is missing at the end'],
        ['gap', 'system.log', undefined, '2 entries of sdk are missing at the end, 3029 to 3030'],
      ],
    )
  })

  test(
    'finds a missing file, a damaged gzip and wrong modes',
    { skip: process.platform === 'win32' && 'Windows has no modes' },
    async (t) => {
      const log_path = await written(t, true)
      const packed = readdirSync(log_path).filter((name) => name.endsWith('.gz'))
      assert.ok(packed.length >= 2)
      const victim = 'system.log.2.gz'
      const bytes = readFileSync(join(log_path, victim))
      writeFileSync(join(log_path, victim), bytes.subarray(0, bytes.length >> 1))
      chmodSync(join(log_path, 'error.log'), 0o644)
      chmodSync(log_path, 0o777)
      const { faults } = await verifyLogs({ log_path })
      const kinds = new Set(
        faults.map(({ kind, file }) => `${kind} ${file === log_path ? '.' : file}`),
      )
      for (const expected of [
        'mode .',
        'mode error.log',
        `unreadable ${victim}`,
        'gap system.log.1.gz',
      ]) {
        assert.ok(kinds.has(expected), `${expected} is missing in ${[...kinds].join(', ')}`)
      }
      assert.match(
        faults.find(({ kind }) => kind === 'mode')!.message,
        /Expected mode 0700, got 0777/,
      )
    },
  )

  test('keeps 1,000 faults and counts the others; human lines are no faults', async (t) => {
    const log_path = await written(t)
    writeFileSync(join(log_path, 'audit.log'), 'rubbish\n'.repeat(1500), { mode: 0o600 })
    writeFileSync(
      join(log_path, 'service.log'),
      '[2026-11-24 12:00:00] INFO  | service     | m\n    at x\n',
      { mode: 0o600 },
    )
    const { faults, faults_total } = await verifyLogs({ log_path })
    assert.deepEqual([faults.length, faults_total], [1000, 1500])
  })

  test('is not deceived by what is put where an entry was', async (t) => {
    const log_path = await written(t)
    const without = (line: string): number => (JSON.parse(line) as { seq: number }).seq
    for (const [i, forged] of ['    at x', '[2026-11-24 12:00:00] x', ''].entries()) {
      edit(log_path, 'system.log', (lines) => {
        lines.splice(10 + 4 * i, 1, ...(forged === '' ? [] : [forged]))
      })
    }
    const path = join(log_path, 'audit.log')
    const line = readFileSync(join(log_path, 'system.log'), 'utf8').split('\n')[0]!
    assert.ok(without(line) > 0)
    const [before, after] = line.replace('"category":"system"', '"category":"audit"').split('"s')
    writeFileSync(
      path,
      Buffer.concat([Buffer.from(`${before}"s`), Buffer.from([0xff]), Buffer.from(`${after}\n`)]),
    )
    const { faults } = await verifyLogs({ log_path })
    const kinds = faults.map(({ kind, file, message }) => `${kind} ${file} ${message}`)
    assert.equal(kinds[0], 'invalid audit.log The line is not UTF-8')
    assert.equal(kinds.filter((kind) => kind.startsWith('invalid system.log')).length, 2)
    assert.equal(kinds.filter((kind) => kind.startsWith('gap system.log')).length, 3)
  })

  test('finds no fault where the format was switched, and back', async (t) => {
    const log_path = logDirectory(t)
    for (const structured_format of [true, false, true]) {
      const log = createLogger({ log_path, structured_format })
      for (let i = 0; i < 5; i++) {
        log.system.info('s')
        log.sdk.error('d', new Error('no'))
      }
      await log.close()
    }
    assert.deepEqual((await verifyLogs({ log_path })).faults, [])
  })

  test(
    'finds nothing in what others have left beside the logs',
    { skip: process.platform === 'win32' && 'Windows has no modes' },
    async (t) => {
      const log_path = await written(t)
      const strangers = {
        'readme.txt': 'buy milk\n',
        'app.json': '{"a":1}\n',
        'yarn.lock': '# yarn\n',
        'access.log': '127.0.0.1 GET /\n',
        'access.log.1': '127.0.0.1 GET /\n',
        'flb.db': Buffer.alloc(5000, 'SQLite format 3\0'),
      }
      for (const [name, content] of Object.entries(strangers)) {
        writeFileSync(join(log_path, name), content, { mode: 0o644 })
      }
      for (const name of ['archive', 'system.log.9', 'old.log']) {
        mkdirSync(join(log_path, name), { mode: 0o755 })
      }
      symlinkSync('/etc/hosts', join(log_path, 'hosts.log'))
      symlinkSync('system.log', join(log_path, 'latest.log'))
      const hasPipe = spawnSync('mkfifo', ['-m', '644', join(log_path, 'pipe')]).status === 0
      const { faults, passed_over, entries } = await verifyLogs({ log_path })
      assert.deepEqual(faults, [])
      assert.equal(entries, 6030)
      assert.deepEqual(passed_over.toSorted(), [
        'access.log',
        'access.log.1',
        'hosts.log',
        'latest.log',
        'old.log',
      ])
      assert.ok(hasPipe || process.platform !== 'linux')
    },
  )

  test('reads gzip of several members and zeros behind it; finds an empty one, and garbage', async (t) => {
    const log_path = await written(t)
    const path = join(log_path, 'system.log.1')
    const bytes = readFileSync(path)
    const at = bytes.indexOf(0x0a, bytes.length >> 1) + 1
    const packed = Buffer.concat([
      gzipSync(bytes.subarray(0, at)),
      gzipSync(''),
      gzipSync(bytes.subarray(at)),
    ])
    const faultsOf = async (content: Buffer): Promise<string[]> => {
      writeFileSync(`${path}.gz`, content, { mode: 0o600 })
      const { faults } = await verifyLogs({ log_path })
      return faults.map(({ kind, file, message }) => `${kind} ${file} ${message}`)
    }
    rmSync(path)
    assert.deepEqual(await faultsOf(Buffer.concat([packed, Buffer.alloc(10_240)])), [])
    assert.deepEqual(await faultsOf(Buffer.concat([packed, Buffer.from('garbage')])), [
      'unreadable system.log.1.gz Cannot read system.log.1.gz: damaged gzip: what stands behind its end is no gzip',
    ])
    const [empty, gap] = await faultsOf(Buffer.alloc(0))
    assert.equal(
      empty,
      'unreadable system.log.1.gz Cannot read system.log.1.gz: damaged gzip: unexpected end of file',
    )
    assert.match(gap!, /^gap system\.log /)
  })

  test('tells that a file is missing which the last writer has left with bytes in it', async (t) => {
    const log_path = await written(t)
    const log = createLogger({ log_path })
    log.audit.info('one')
    await log.close()
    assert.deepEqual((await verifyLogs({ log_path })).faults, [])
    rmSync(join(log_path, 'audit.log'))
    const { faults } = await verifyLogs({ log_path })
    assert.deepEqual(
      faults.map(({ kind, file }) => `${kind} ${file}`),
      ['gap audit.log'],
    )
  })

  test('tells of NULs and of a byte order mark, and checks the entries behind them', async (t) => {
    const log_path = await written(t)
    const path = join(log_path, 'system.log')
    const bytes = readFileSync(path)
    const at = bytes.indexOf(0x0a) + 1
    writeFileSync(
      path,
      Buffer.concat([
        Buffer.from('\ufeff'),
        bytes.subarray(0, at),
        Buffer.alloc(8192),
        bytes.subarray(at),
      ]),
    )
    const { faults } = await verifyLogs({ log_path })
    assert.deepEqual(
      faults.map(({ kind, line, message }) => `${kind} ${line} ${message}`),
      [
        'invalid 1 A byte order mark stands here',
        'invalid 2 NULs stand here, as after a power loss',
      ],
    )
  })

  test('rejects for a directory that is not there and for wrong options', async (t) => {
    await assert.rejects(verifyLogs({ log_path: logDirectory(t) }), { code: 'ENOENT' })
    await assert.rejects(verifyLogs({ log: 1 } as object), /to be only log_path, got "log"/)
    await assert.rejects(verifyLogs(null!), /expected options to be an object, got null/)
  })
})
