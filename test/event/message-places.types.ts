// Types only: which places of a message compile. Checked by `npm run types`, never run.

import type { TObject } from 'typebox'
import { defineEvent, Type } from '../../lib/index.ts'

const context = Type.Object({
  symbol: Type.String(),
  order: Type.Object({
    id: Type.Number(),
    leg: Type.Optional(Type.Object({ price: Type.Number() })),
  }),
  note: Type.Optional(Type.String()),
  side: Type.Union([Type.Literal('buy'), Type.Literal('sell')]),
  either: Type.Union([
    Type.Object({ a: Type.String() }),
    Type.Object({ a: Type.Number(), b: Type.Number() }),
  ]),
  fills: Type.Array(Type.Object({ price: Type.Number() })),
  odd_name: Type.String(),
  'with space': Type.String(),
})
const rest = { category: 'sdk', level: 'INFO', context } as const

export function compiles(text: string, schema: TObject): void {
  defineEvent({ ...rest, message: '' })
  defineEvent({ ...rest, message: 'no place' })
  defineEvent({ ...rest, message: '{symbol}' })
  defineEvent({ ...rest, message: 'a {symbol} b {order.id}{note} {side}, {either} {fills}' })
  defineEvent({ ...rest, message: '{order.leg.price} {order.leg} {order}' })
  defineEvent({ ...rest, message: '{odd_name} {with space}' })
  defineEvent({ ...rest, message: '{{symbl}} {{ }} {{{symbol}}} }}{{' })
  // What the compiler does not know, it does not judge.
  defineEvent({ ...rest, message: text })
  defineEvent({ ...rest, message: `${text} {symbol}` })
  defineEvent({ ...rest, context: schema, message: '{anything}' })
  const places = (['a', 'b'] as const).map((key) => `{${key}}`).join(' ')
  defineEvent({ ...rest, message: places, context: Type.Object({ a: Type.String() }) })
  const long =
    '{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}{symbol}'
  defineEvent({ ...rest, message: long })

  // @ts-expect-error -- a place that is misspelt
  defineEvent({ ...rest, message: '{symbl}' })
  // @ts-expect-error -- one of several
  defineEvent({ ...rest, message: '{symbol} at {order.prise}' })
  // @ts-expect-error -- below a property that is no object
  defineEvent({ ...rest, message: '{symbol.length}' })
  // @ts-expect-error -- below an object that is optional
  defineEvent({ ...rest, message: '{order.leg.prise}' })
  // @ts-expect-error -- into a list: it may be empty
  defineEvent({ ...rest, message: '{fills.0}' })
  // @ts-expect-error -- through a list
  defineEvent({ ...rest, message: '{fills.price}' })
  // @ts-expect-error -- through a choice of several
  defineEvent({ ...rest, message: '{either.a}' })
  // @ts-expect-error -- without a name
  defineEvent({ ...rest, message: 'a {} b' })
  // @ts-expect-error -- behind one that is escaped
  defineEvent({ ...rest, message: '{{symbol}} {symbl}' })
  // @ts-expect-error -- in braces that stand for themselves
  defineEvent({ ...rest, message: '{{{symbl}}}' })
  // @ts-expect-error -- of a context without properties
  defineEvent({ ...rest, context: Type.Object({}), message: '{symbol}' })
}
