// What a program, or an attack on it, has put on the prototype of all objects: every object has it
// then, and every `{}` that is asked for an option.

/** What all objects inherit in a process in which nobody has added to it. */
const ordinary: ReadonlySet<PropertyKey> = new Set(
  [
    'constructor toString toLocaleString valueOf hasOwnProperty isPrototypeOf propertyIsEnumerable',
    '__proto__ __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__',
  ].flatMap((names) => names.split(' ')),
)

/**
 * Makes something while all objects inherit only what they always do. What others wrote looks at
 * members that it has not been given: a stream takes `emitClose: false`, `write`, `immutable` for
 * its options, and hands objects of its own on to Node, so it is not enough to give it options that
 * inherit nothing. A module that is loaded makes its exports of descriptors that inherit `get`.
 */
export function withoutInherited<T>(make: () => T): T {
  const added = Reflect.ownKeys(Object.prototype).filter((key) => !ordinary.has(key))
  if (added.length === 0) return make()
  const properties = added.map((key) => ({
    key,
    // Nor may it inherit what is put back before it: `get` beside a value of its own is refused.
    property: Object.setPrototypeOf(
      Reflect.getOwnPropertyDescriptor(Object.prototype, key)!,
      null,
    ) as PropertyDescriptor,
  }))
  for (const { key } of properties) Reflect.deleteProperty(Object.prototype, key)
  try {
    return make()
  } finally {
    for (const { key, property } of properties) {
      // One that could not be removed is still there.
      Reflect.defineProperty(Object.prototype, key, property)
    }
  }
}

/** Listens for one event, whatever all objects inherit: an inherited `signal` is refused. */
export const onceOnly: { readonly once: true } = Object.freeze(
  Object.setPrototypeOf({ once: true }, null) as { readonly once: true },
)
