import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { UsageError, textOfError } from '../../lib/command/failure.ts'
import { ConfigError } from '../../lib/errors.ts'

test('textOfError() says in words what the system says in codes, and drives no terminal', () => {
  const missing = '/no/such\u001b/file'
  let error: unknown
  try {
    readFileSync(missing)
  } catch (caught) {
    error = caught
  }
  assert.equal(
    textOfError(error),
    'Cannot read /no/such\\x1b/file: no such file or directory (ENOENT)',
  )
  const full = Object.assign(new Error('x'), { errno: -28, syscall: 'write' })
  assert.match(textOfError(full), /^Cannot write the output: .* \(ENOSPC\)$/)
  assert.equal(textOfError(new UsageError('a\nb')), 'a\\nb')
  assert.equal(textOfError('text\u0007'), 'text\\x07')
})

test('textOfError() has a line for each problem of a configuration', () => {
  const problem = { path: 'logging.a', expected: 'a number', actual: '"x\u001b"' }
  assert.equal(
    textOfError(new ConfigError('Cannot use it', [problem])),
    'Cannot use it\nlogging.a: expected a number, got "x\\x1b"',
  )
})
