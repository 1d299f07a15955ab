// The client of an engine: an optional package, loaded when a URL needs it.

import { EngineRefusal } from './engine.ts'

/**
 * Loads the packages of a client. No bundler sees their names: who bundles a program that reads
 * files alone has none of them, and would be refused.
 *
 * @throws {EngineRefusal} that says how to install them, when one is missing.
 */
export async function loadClient<Modules extends readonly unknown[]>(
  name: string,
  packages: { readonly [Index in keyof Modules]: string },
): Promise<Modules> {
  try {
    return (await Promise.all(packages.map(load))) as unknown as Modules
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new EngineRefusal(
      `Cannot talk to ${name}: expected ${packages.join(' and ')} to be installed beside ringlog, got none: npm install ${packages.join(' ')}`,
      { cause: error },
    )
  }
}

function load(name: string): Promise<unknown> {
  return import(/* webpackIgnore: true */ /* @vite-ignore */ name)
}
