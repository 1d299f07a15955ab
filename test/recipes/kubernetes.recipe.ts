// The manifest of docs/deployment.md, decoded by the types of kubectl: what they do not know is
// gone from what it prints.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { lacks, recipe } from './documents.ts'

/** `restartPolicy` of an init container came with 1.29. */
function isTooOld(): boolean {
  const { stdout } = spawnSync('kubectl', ['version', '--client', '-o', 'json'], {
    encoding: 'utf8',
  })
  const { clientVersion } = JSON.parse(stdout) as { clientVersion: { minor: string } }
  return Number.parseInt(clientVersion.minor, 10) < 29
}

/** The paths of all values of `asked` that are not in `got`. */
function lost(asked: unknown, got: unknown, path = ''): string[] {
  if (typeof asked !== 'object' || asked === null) {
    return asked === got ? [] : [`${path}: ${String(asked)}`]
  }
  const known = (typeof got === 'object' ? got : {}) as Record<string, unknown>
  return Object.entries(asked).flatMap(([key, value]) => {
    return key in known ? lost(value, known[key], `${path}.${key}`) : [`${path}.${key}`]
  })
}

/** What kubectl does not know of a manifest. */
function unknownIn(manifest: string): string[] {
  const args = ['set', 'env', '--local', '--filename', '-', '--output', 'json', 'A=b']
  const { stdout, stderr, status } = spawnSync('kubectl', args, {
    input: manifest,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  return lost(parse(manifest), JSON.parse(stdout))
}

const skip = lacks(['kubectl']) || (isTooOld() && 'needs kubectl 1.29')

describe('deployment.yaml', { skip }, () => {
  it('is what Kubernetes knows, every field of it', () => {
    const manifest = recipe('deployment.yaml')
    assert.deepEqual(unknownIn(manifest), [])
    assert.deepEqual(unknownIn(manifest.replace('terminationGracePeriodSeconds', 'grace')), [
      '.spec.template.spec.grace',
    ])
  })
})
