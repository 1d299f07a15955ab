// Whether a module with native code can be loaded here: it is optional, and its binaries are for
// some systems only.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

export function hasModule(name: string): boolean {
  try {
    require(name)
    return true
  } catch {
    // Not installed, or no binary for this system. The test that needs it says so.
    return false
  }
}
