// The client of an engine: a package that those install who ship, loaded when a URL asks for it.

import { EngineRefusal } from './engine.ts'

/**
 * Loads the packages of a client.
 *
 * @throws {EngineRefusal} that says how to install them, when one is missing.
 */
export async function loadClient<T>(
  name: string,
  packages: readonly string[],
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new EngineRefusal(
      `Cannot talk to ${name}: expected ${packages.join(' and ')} to be installed beside ringlog, got none: npm install ${packages.join(' ')}`,
      { cause: error },
    )
  }
}
