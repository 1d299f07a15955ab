import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SerializerSet, requestOf, responseOf } from '../../lib/pino/serializers.ts'

describe('requestOf()', () => {
  const socket = { remoteAddress: '::1', remotePort: 7 }

  test('gives what a request is known by, never the socket', () => {
    const req = { id: 1, method: 'GET', url: '/a', headers: { h: 'x' }, socket }
    assert.deepEqual(requestOf(req), {
      id: 1,
      method: 'GET',
      url: '/a',
      query: undefined,
      params: undefined,
      headers: { h: 'x' },
      remoteAddress: '::1',
      remotePort: 7,
    })
  })

  test('takes the URL that was asked for, and what others call id and connection', () => {
    const urlOf = (req: object): unknown => (requestOf({ ...req }) as { url: unknown }).url
    assert.equal(urlOf({ url: '/left', originalUrl: '/asked', path: '/p' }), '/asked')
    assert.equal(urlOf({ url: '/left', path: '/p' }), '/p')
    assert.equal(urlOf({ url: { path: '/hapi' } }), '/hapi')
    const given = requestOf({ id: () => 'made', info: { id: 2, remoteAddress: 'a' }, socket })
    const { id, remoteAddress } = given as { id: unknown; remoteAddress: unknown }
    assert.deepEqual([id, remoteAddress], ['made', 'a'])
    assert.equal((requestOf({ info: { id: 2 } }) as { id: unknown }).id, 2)
  })
})

test('responseOf() has a status once headers were sent', () => {
  const getHeaders = (): object => ({ h: 1 })
  assert.deepEqual(responseOf({ statusCode: 200, headersSent: true, getHeaders }), {
    statusCode: 200,
    headers: { h: 1 },
  })
  assert.deepEqual(responseOf({ statusCode: 200, _headers: 'old' }), {
    statusCode: null,
    headers: 'old',
  })
})

describe('SerializerSet', () => {
  const req = { method: 'GET', headers: {}, socket: {} }

  test('serialize() goes by the own ones, then by the usual ones, and never throws', () => {
    const set = new SerializerSet({ a: (value: unknown) => `a ${String(value)}` })
    assert.equal(set.serialize('a', 1), 'a 1')
    assert.equal((set.serialize('req', req) as { method: string }).method, 'GET')
    assert.equal(set.serialize('req', 'text'), 'text')
    assert.deepEqual(set.serialize('res', { setHeader() {}, statusCode: 1 }), {
      statusCode: null,
      headers: undefined,
    })
    assert.equal(set.serialize('toString', 1), 1)
    const throwing = new SerializerSet({
      a: () => {
        throw new Error('no')
      },
    })
    assert.match(String(throwing.serialize('a', 1)), /^\[Throws: Error: no\]$/)
  })

  test('with() adds to them, and takes the place of equal ones', () => {
    const set = new SerializerSet({ a: () => 1, b: () => 1 })
    assert.equal(set.with(undefined), set)
    const more = set.with({ b: () => 2, c: () => 3 })
    assert.deepEqual(more.keys, ['err', 'req', 'res', 'a', 'b', 'c'])
    assert.deepEqual(
      [more.serialize('a', 0), more.serialize('b', 0), set.serialize('b', 0)],
      [1, 2, 1],
    )
  })

  test('exceptionOf() is the error, unless a serializer has told less, more or otherwise', () => {
    const set = new SerializerSet({})
    const error = Object.assign(new Error('m', { cause: new Error('c') }), { code: 'X' })
    const usual = { type: 'Error', message: 'm', stack: `${error.stack}\ncaused by`, code: 'X' }
    assert.equal(set.exceptionOf(error, error), error)
    assert.equal(set.exceptionOf(error, usual), error)
    for (const other of [
      { ...usual, code: 'Y' },
      { ...usual, more: 1 },
      { ...usual, stack: 'none' },
      'text',
      null,
    ]) {
      assert.equal(set.exceptionOf(error, other), undefined, JSON.stringify(other))
    }
    assert.equal(set.exceptionOf({ message: 'm' }, { message: 'm' }), undefined)
    const plain = { message: 'm' }
    assert.equal(set.exceptionOf(plain, plain), undefined)
  })
})
