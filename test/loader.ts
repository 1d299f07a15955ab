// Programs that tests start: compiled, as the tests are when `npm test` runs them; through tsx when
// a test is run from its source.

/** The ending of this file, and so of all its neighbours. */
export const extension: '.ts' | '.js' = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'

/** What node needs to run them. */
export const loader: readonly string[] = extension === '.ts' ? ['--import', 'tsx'] : []

/**
 * The library for a program: as it is built where tests are compiled, which takes a third of the
 * time to load.
 */
export const library: string = new URL(
  extension === '.ts' ? '../lib/index.ts' : '../../dist/index.js',
  import.meta.url,
).href

/**
 * The text of an `import()` for the script of a worker, which on Node 20 does not know the loader
 * of its parent.
 */
export function importInWorker(file: string | URL): string {
  const target = JSON.stringify(String(file))
  if (extension === '.js') return `import(${target})`
  return `import('tsx/esm/api').then(({ register }) => { register(); return import(${target}) })`
}
