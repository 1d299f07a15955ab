// The places of a message, `Order {order.id} filled`, as the compiler sees them: one that names no
// property of the context does not compile. What it lets through and what `defineEvent` takes is
// the same: a path leads through objects, required or optional, never through a list or a choice of
// several, since there may be nothing at its end.
//
// Only the text of a literal is known to the compiler, and only a schema that stands there whole;
// of anything else the definition finds out when it runs.

import type { TObject } from 'typebox'

/** Stands in the error of the compiler. */
export interface UnknownPlace<Place extends string> {
  readonly 'a place that names no property of the context': Place
}

/** What a message has to be beside a string: nothing more, or what no string is. */
export type CheckedMessage<Message extends string, Context extends TObject> = string extends Message
  ? unknown
  : string extends keyof PropertiesOf<Context>
    ? unknown
    : [UnknownIn<PlacesOf<Message>, Context>] extends [never]
      ? unknown
      : UnknownPlace<UnknownIn<PlacesOf<Message>, Context>>

type PropertiesOf<Schema> =
  Schema extends TObject<infer Properties> ? Properties : { readonly [key in never]: never }

type UnknownIn<Place extends string, Context> = Place extends unknown
  ? HasPath<Context, Place> extends true
    ? never
    : Place
  : never

/** So deep the compiler follows a path; deeper ones are left to the definition. */
type Depth = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]

type HasPath<Schema, Path extends string, Left extends unknown[] = Depth> = Left extends [
  unknown,
  ...infer Rest,
]
  ? Path extends `${infer Key}.${infer Below}`
    ? Key extends keyof PropertiesOf<Schema>
      ? HasPath<PropertiesOf<Schema>[Key], Below, Rest>
      : AnyKey<Schema>
    : Path extends keyof PropertiesOf<Schema>
      ? true
      : AnyKey<Schema>
  : true

/** A schema of which the compiler does not know the properties. */
type AnyKey<Schema> = string extends keyof PropertiesOf<Schema> ? true : false

/** The paths between single braces. */
type PlacesOf<
  Message extends string,
  Found extends string = never,
> = Message extends `${string}{${infer After}`
  ? After extends `{${infer Rest}`
    ? PlacesOf<Rest, Found>
    : After extends `${infer Path}}${infer Rest}`
      ? PlacesOf<Rest, Found | Path>
      : Found
  : Found
