// What the built package uses of its environment, taken once, when it is loaded. A polyfill, a
// simulated browser or a test replaces it later: `globalThis.Buffer = undefined`, a JSON.stringify
// that throws. The build puts these in the place of each use (build.ts). Clocks and timers are in
// lib/entry/clock.ts, as tests of the source need them, too; Node's own globals in
// environment-of-node.ts.

// oxlint-disable typescript/unbound-method -- functions of JSON do not use their receiver

const { AbortController, AbortSignal, Map, Promise, Set, URL, WeakMap } = globalThis
const { stringify: JSON_stringify, parse: JSON_parse } = JSON

export { AbortController, AbortSignal, JSON_parse, JSON_stringify, Map, Promise, Set, URL, WeakMap }
