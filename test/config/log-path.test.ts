import assert from 'node:assert/strict'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import { absolutePathOf, defaultLogPath } from '../../lib/config/log-path.ts'

describe('absolutePathOf()', () => {
  it('takes ~ for the home, alone or before a separator', () => {
    assert.equal(absolutePathOf(defaultLogPath), join(homedir(), '.risk_manager', 'logs'))
    assert.equal(absolutePathOf('~'), homedir())
    assert.equal(absolutePathOf('~user/logs'), resolve('~user/logs'))
    assert.equal(absolutePathOf('/logs/~'), resolve('/logs/~'))
  })

  it('starts a relative path at the working directory', () => {
    assert.equal(absolutePathOf('logs/'), join(process.cwd(), 'logs'))
  })

  it(
    'throws when the working directory is needed and gone',
    { skip: process.platform === 'win32' },
    () => {
      const before = process.cwd()
      const gone = mkdtempSync(join(tmpdir(), 'ringlog-gone-'))
      process.chdir(gone)
      rmdirSync(gone)
      try {
        assert.throws(() => absolutePathOf('logs'), /ENOENT/)
        assert.equal(absolutePathOf('/logs'), '/logs')
      } finally {
        process.chdir(before)
      }
    },
  )
})
