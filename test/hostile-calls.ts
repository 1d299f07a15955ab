// Calls as no one should make them: arbitrary trees with hostile members, and secrets in every
// place that a value can stand in. Knows nothing of the library but the names of its methods.

import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { carriers, carrying, namedCarriers, names } from './secrets.ts'

/** What must never come out. */
export const canary = 'CANARY9f3aXq7Zk2'

/** One call of a logger. */
export interface HostileCall {
  readonly method: 'info' | 'warning' | 'error' | 'logError' | 'logAudit' | 'typed' | 'bound'
  readonly message: string
  /** What makes the error, and what makes the context. */
  readonly thrown: () => unknown
  readonly context: () => unknown
}

const mixed = fc
  .tuple(fc.constantFrom(...names), fc.boolean())
  .map(([name, shout]) => (shout ? name.toUpperCase() : name))

/** A text that carries the secret, alone or amid others. */
const secretText = fc
  .tuple(
    fc.constantFrom(...carriers, ...namedCarriers),
    mixed,
    fc.constantFrom('', 'connect failed: ', '\u001b[2J\n', 'a, '),
    fc.constantFrom('', ' (retry)', '\nnext line', ' \u202e'),
  )
  .map(([carrier, name, before, after]) => before + carrying(carrier, name, canary) + after)

/** Any UTF-16 units, also halves of pairs. */
const units = fc
  .array(fc.oneof(fc.nat(0x7f), fc.nat(0xffff)), { maxLength: 20 })
  .map((codes) => String.fromCharCode(...codes))

const plainText = fc.oneof(
  units,
  fc.constantFrom(
    '',
    '\u001b[31m',
    '\u009b2J\u007f',
    'a\r\nb',
    '\u2028\u202e',
    '\ud800',
    '"\\',
    '日本 😀',
  ),
)

const text = fc.oneof({ weight: 3, arbitrary: plainText }, { weight: 1, arbitrary: secretText })

const thrower = (): never => {
  throw new Error(`no ${canary.length}`)
}

function getter(): object {
  return Object.defineProperty({ a: 1 }, 'b', { enumerable: true, get: thrower })
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function cycle(): object {
  const object: Record<string, unknown> = { a: [1] }
  object['self'] = { object }
  return object
}

function cyclicError(): Error {
  const error = new Error('a')
  error.cause = new AggregateError([error, 'b', 3], 'c', { cause: error })
  return error
}

/** Values that are neither text nor tree. */
const oddities: readonly (() => unknown)[] = [
  getter,
  revoked,
  cycle,
  cyclicError,
  () => ({ toJSON: thrower }),
  () => ({ toJSON: () => ({ toJSON: () => 1 }) }),
  () => new Proxy({ a: 1 }, { ownKeys: thrower }),
  () => new Proxy([1], { get: thrower }),
  () => Object.freeze(new Error('frozen')),
  () => Object.assign(new Error('x'), { stack: undefined, code: 7 }),
  () => JSON.parse('{"__proto__":{"polluted":1},"constructor":2}') as unknown,
  () => Object.assign(Object.create(null) as object, { seq: 1, level: 'X', exception: 2 }),
  () =>
    new (class Entity {
      id = 7n
      readonly #hidden = 1
      get shown(): number {
        return this.#hidden
      }
    })(),
  () => runInNewContext('new TypeError("far")') as unknown,
  () => new Date(Number.NaN),
  () => Buffer.from('abc'),
  () => Buffer.from(`password=${canary}`),
  () => new Float64Array(3),
  () => Object.assign(new Array(4), { 1: 1, 3: undefined }),
  () => [Number.NaN, -Infinity, -0, 1e21, 123n],
  () => Symbol('s'),
  () => () => 1,
  () => undefined,
  () => null,
  () =>
    new Map<unknown, unknown>([
      [{}, 1],
      [{}, 2],
      [Symbol('k'), new Set([new Map()])],
    ]),
]

/** Makes a value: fast-check itself could not hold some of them. */
type Make = () => unknown

const always =
  (of: unknown): Make =>
  () =>
    of

function record(members: Record<string, Make>): Make {
  return () => Object.fromEntries(Object.entries(members).map(([key, make]) => [key, make()]))
}

/** A value of any kind, with secrets in it. */
const { value, tree } = fc.letrec<{ value: Make; tree: Make }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: false },
    { weight: 3, arbitrary: text.map(always) },
    { weight: 2, arbitrary: fc.oneof(fc.double(), fc.boolean(), fc.bigInt()).map(always) },
    { weight: 3, arbitrary: fc.constantFrom(...oddities) },
    { weight: 3, arbitrary: tie('tree') },
  ),
  tree: fc.oneof(
    fc.dictionary(plainText, tie('value'), { maxKeys: 4 }).map(record),
    fc.array(tie('value'), { maxLength: 4 }).map((makes) => () => makes.map((make) => make())),
    // By its key, whatever the value.
    fc
      .tuple(
        mixed,
        fc.constantFrom(canary, { inner: canary }, [canary], new Error(canary)),
        tie('value'),
      )
      .map(([key, secret, other]) => record({ [key]: always(secret), other })),
    fc.tuple(mixed, fc.constantFrom<unknown>(canary, [canary]), tie('value')).map(
      ([key, secret, make]) =>
        () =>
          new Map<unknown, unknown>([
            [key, secret],
            ['other', make()],
          ]),
    ),
    // In a key, a URL, a set, an error, the headers of a request.
    fc.tuple(secretText, tie('value')).map(
      ([key, make]) =>
        () =>
          new Map([[key, make()]]),
    ),
    fc.tuple(secretText, tie('value')).map(([key, make]) => record({ [key]: make })),
    fc
      .constantFrom(`https://u:${canary}@host/`, `https://host/?token=${canary}`)
      .map((url) => () => new URL(url)),
    fc.tuple(text, tie('value')).map(
      ([of, make]) =>
        () =>
          new Set([of, make()]),
    ),
    fc.tuple(text, tie('value'), text).map(
      ([message, make, code]) =>
        () =>
          Object.assign(new Error(message, { cause: make() }), { code }),
    ),
    fc
      .tuple(mixed, secretText)
      .map(([name, other]) => always({ rawHeaders: ['host', other, name, canary] })),
  ),
}))

const context = fc.oneof(
  fc
    .dictionary(fc.oneof(plainText, fc.constantFrom('account_id', 'seq', 'message')), value, {
      maxKeys: 4,
    })
    .map(record),
  tree,
  fc.constantFrom(...oddities),
)

/** Calls of every kind. */
export const hostileCalls: fc.Arbitrary<HostileCall> = fc.record({
  method: fc.constantFrom('info', 'warning', 'error', 'logError', 'logAudit', 'typed', 'bound'),
  message: text,
  thrown: fc.oneof(fc.constant(always(undefined)), value),
  context,
})
