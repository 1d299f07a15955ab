// The file sink on a simulated disk, in every way in which things can happen, for a few steps. `npm
// run test:sink` goes to the end, and breaks the sink on purpose.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { simulate } from './simulation/environment.ts'
import { explore } from './simulation/explore.ts'
import { load } from './simulation/library.ts'
import { plans } from './simulation/variants.ts'

describe('FileSink on a simulated disk', async () => {
  simulate()
  const library = await load()
  for (const { variant, quick } of plans) {
    test(`keeps what is promised: ${variant.name}`, async (t) => {
      const { states, transitions, broken } = await explore(library, variant, {
        ...quick,
        cpuMs: Infinity,
      })
      t.diagnostic(`${states} states, ${transitions} transitions`)
      assert.equal(broken && [broken.why, ...broken.steps].join('\n  '), undefined)
    })
  }
})
