// The categories that always exist, and the file each one's entries go to.

/**
 * The built-in categories with their files. Every ERROR and CRITICAL entry is copied into
 * `error.log` as well.
 */
export const builtinCategories = {
  system: 'system.log',
  enforcement: 'enforcement.log',
  error: 'error.log',
  audit: 'audit.log',
  sdk: 'system.log',
  service: 'service.log',
} as const

/** The name of a built-in category. */
export type BuiltinCategory = keyof typeof builtinCategories

/**
 * The name of a category: an editor completes those that are known, and any other is a string as
 * well.
 */
export type CategoryName<Configured extends string = never> =
  BuiltinCategory | Configured | (string & {})

/** The places of the built-in categories among all of a logger, which come in this order. */
export const builtinIndex: Readonly<Record<BuiltinCategory, number>> = {
  system: 0,
  enforcement: 1,
  error: 2,
  audit: 3,
  sdk: 4,
  service: 5,
}

/** The file that holds a copy of every ERROR and CRITICAL entry. */
export const errorFile: string = builtinCategories.error

/** What category names and file names must match, so that no configuration leaves the directory. */
export const namePattern: RegExp = /^[a-z0-9][a-z0-9._-]{0,63}$/
