// Whatever is passed, exactly one line of JSON; whatever is secret, in none. `npm run test:values`
// makes a million calls.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import * as ringlog from '../../lib/index.ts'
import { hostileCalls } from '../hostile-calls.ts'
import { faultsOf } from '../hostile-run.ts'
import { logDirectory } from '../log-directory.ts'
import { runs } from '../runs.ts'

for (const structured of [true, false]) {
  test(`any call gives one line without a secret, structured_format ${structured}`, async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostileCalls, { minLength: 1, maxLength: 40 }), async (calls) => {
        const faults = await faultsOf(ringlog, logDirectory(t), calls, {
          structured,
          console: 'off',
        })
        assert.deepEqual(faults, [])
      }),
      // Of a human line less can be wrong that is seen.
      { numRuns: runs(structured ? 40 : 80) },
    )
  })
}
