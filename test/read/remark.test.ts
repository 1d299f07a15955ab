import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Remark, Remarks } from '../../lib/read/remark.ts'

test('Remarks tell each trouble once, without what only the system wants to know', () => {
  const told: Remark[] = []
  const remarks = new Remarks((remark) => told.push(remark))
  const errorOf = (code: string, message: string): Error =>
    Object.assign(new Error(message), { code })
  const denied = errorOf('EACCES', "EACCES: permission denied, open '/var/a'")
  remarks.unread('a', denied)
  remarks.unread('a', denied)
  remarks.unread('b', denied)
  remarks.unread('a', errorOf('Z_DATA_ERROR', 'incorrect header, check'))
  remarks.unread('a', new Error('one, two'))
  remarks.tell('a', 'a is odd')
  assert.deepEqual(told, [
    { file: 'a', text: 'Cannot read a: EACCES: permission denied' },
    { file: 'b', text: 'Cannot read b: EACCES: permission denied' },
    { file: 'a', text: 'Cannot read a: damaged gzip: incorrect header, check' },
    { file: 'a', text: 'Cannot read a: one, two' },
    { file: 'a', text: 'a is odd' },
  ])
})
