// The methods with a fixed message.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createLogger } from '../../lib/index.ts'
import { linesOf, logDirectory } from '../log-directory.ts'

describe('log methods', () => {
  test('logEnforcement() and logAudit(): the arguments win, the message says what was done', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    log.logEnforcement('ABC', 'Loss', 'close', {
      rule: 'forged',
      action: 'forged',
      account_id: 'forged',
      x: 1,
    })
    log.logAudit('limit changed', 'alice', { actor: 'forged', old: 1, new: 2 })
    await log.close()
    const [enforced] = linesOf(directory, 'enforcement.log')
    assert.equal(enforced!.account_id, 'ABC')
    assert.equal(enforced!.message, 'Enforcement action: close for rule Loss')
    assert.deepEqual(enforced!.context, { rule: 'Loss', action: 'close', x: 1 })
    const [audited] = linesOf(directory, 'audit.log')
    assert.equal(audited!.message, 'Audit: limit changed by alice')
    assert.deepEqual(audited!.context, { action: 'limit changed', actor: 'alice', old: 1, new: 2 })
  })
})
