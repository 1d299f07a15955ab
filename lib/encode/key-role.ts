// What a key says of its own value, or of the one beside it: that it is a name, the value of one,
// the columns of a table, its rows.

/** What a key says; 0 of most. */
export type Role = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10
export const NAMES = 1
export const VALUES = 2
/** Holds what is secret of a session. */
export const INNER = 3
/** Holds the first bytes of a buffer. */
export const BYTES = 4
/** Says what a manifest of Kubernetes is; holds what is secret of one. */
export const KIND = 5
export const MANIFEST_DATA = 6
/** Holds a name where that surely names a secret, and something else as often. */
export const LABELS = 7
/** Holds a value where that is a string, and something else as often. */
export const TEXTS = 8
export const COLUMNS = 9
export const ROWS = 10

/** What names and values of a field are made of: `fieldName`, `ParameterValue`. */
const kinds =
  'param parameter field column variable var header attribute attr property prop setting option env arg argument input config'
const each = (words: string, role: Role): readonly (readonly [string, Role])[] =>
  words.split(' ').map((word) => [word, role] as const)
const both = (end: string): string =>
  kinds
    .split(' ')
    .map((kind) => kind + end)
    .join(' ')

/** Without marks, in small letters. */
const spelled: ReadonlyMap<string, Role> = new Map<string, Role>([
  ...each('name key k', NAMES),
  ...each(kinds, NAMES),
  ...each(both('name'), NAMES),
  ...each(both('key'), NAMES),
  // Of validators, and of patches.
  ...each('path pointer instancepath datapath jsonpath loc', NAMES),
  ...each('value val v', VALUES),
  ...each(both('value'), VALUES),
  ...each(both('val'), VALUES),
  // A field, and what was put into it.
  ['input', VALUES],
  // Of validators, and of a change: what it was and what it is.
  ...each('received old new from to before after oldvalue newvalue', VALUES),
  ...each('type label title', LABELS),
  ...each(
    'was previous prev current lhs rhs left right expected actual got content oldval newval previousvalue currentvalue',
    TEXTS,
  ),
  ...each('columns cols fields headers names keys columnnames fieldnames', COLUMNS),
  ...each('rows values records tuples', ROWS),
])

/** As they are written. */
const exact: ReadonlyMap<string, Role> = new Map<string, Role>([
  ['hex', BYTES],
  ['kind', KIND],
  ['data', MANIFEST_DATA],
  ['stringData', MANIFEST_DATA],
  ...each('id access refresh raw', INNER),
])

/** No key is longer that says something of its value. UTF-16 units. */
const roleCharsMax = 16

/** What a key says, in any spelling: `Name`, `old_value`, `ParameterKey`. */
export function roleOf(key: string): Role {
  if (key.length > roleCharsMax) return 0
  return (
    exact.get(key) ??
    spelled.get(key) ??
    spelled.get(key.toLowerCase().replaceAll(/[_-]/g, '')) ??
    0
  )
}
