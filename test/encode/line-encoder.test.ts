// The line of an entry, in both formats, and within its limit.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createLogger, defineEvent, Type } from '../../lib/index.ts'
import { linesOf, logDirectory } from '../log-directory.ts'

describe('LineEncoder', () => {
  test('structured_format: false writes human lines, exceptions indented below', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, structured_format: false })
    log.enforcement.info('Position closed', { account_id: 'ABC123' })
    log.enforcement.error('Failed', new Error('rejected', { cause: new Error('limit') }))
    await log.close()
    const lines = readFileSync(join(directory, 'enforcement.log'), 'utf8').split('\n')
    assert.match(
      lines[0]!,
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] INFO  \| enforcement \| ABC123 \| Position closed$/,
    )
    assert.match(lines[1]!, /^\[.*\] ERROR \| enforcement \| Failed$/)
    assert.ok(
      lines.slice(2, -1).length > 2 && lines.slice(2, -1).every((line) => line.startsWith(' ')),
    )
    assert.match(lines.slice(2).join('\n'), /rejected[^]*limit/)
  })

  test('cuts the longest strings of an entry above entry_bytes, and marks them', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, buffer: { entry_bytes: 4096 } })
    log.system.info('long', { short: 'kept', long: 'é'.repeat(5000), list: ['x'.repeat(3000)] })
    log.system.info('m'.repeat(10_000))
    log.system.info('many', { list: Array.from({ length: 3000 }, (_, i) => i) })
    const typed = defineEvent({
      category: 'system',
      level: 'INFO',
      message: '{a}',
      context: Type.Object({ a: Type.String(), b: Type.String() }),
    })
    log.event(typed)({ a: 'a'.repeat(9000), b: 'kept' })
    await log.close()
    const text = readFileSync(join(directory, 'system.log'), 'utf8')
    for (const line of text.split('\n'))
      assert.ok(Buffer.byteLength(line) <= 4096, `${Buffer.byteLength(line)} bytes`)
    const [long, message, , event] = linesOf(directory, 'system.log')
    assert.equal(long!.context!['short'], 'kept')
    assert.match(long!.context!['long'] as string, /^é+…\[\d+ more characters\]$/)
    assert.match(message!.message, /^m+…\[\d+ more characters\]$/)
    assert.equal(event!.context!['b'], 'kept')
  })
})
