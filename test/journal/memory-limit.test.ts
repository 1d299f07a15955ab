// What the system has left, from files as the two versions of control groups have them.

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { memoryLeft } from '../../lib/journal/memory-limit.ts'
import { logDirectory } from '../log-directory.ts'

const mib = 1 << 20
const stock = availableParallelism() * 64 * 4096
const meminfo = 'MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\nSwapFree: 0 kB\n'

/** A root with these files. */
function rootWith(t: TestContext, files: { readonly [path: string]: string }): string {
  const root = dirname(join(logDirectory(t), 'x'))
  for (const [path, text] of Object.entries({ 'proc/meminfo': meminfo, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

function groupOne(place: string, limit: number, used: number): { [path: string]: string } {
  return {
    [`${place}/memory.limit_in_bytes`]: `${limit}\n`,
    [`${place}/memory.usage_in_bytes`]: `${used}\n`,
    [`${place}/memory.stat`]: `total_inactive_file ${2 * mib}\ntotal_active_file ${mib}\nshmem 9\n`,
  }
}

function groupTwo(place: string, limit: string, used: number): { [path: string]: string } {
  return {
    [`${place}/memory.max`]: `${limit}\n`,
    [`${place}/memory.current`]: `${used}\n`,
    [`${place}/memory.stat`]: `inactive_file ${2 * mib}\nslab_reclaimable ${mib}\nfile ${90 * mib}\n`,
  }
}

const oneMounted = '35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n'
const twoMounted = '35 31 0:32 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n'

describe('memoryLeft()', { skip: process.platform === 'win32' && 'paths of Linux' }, () => {
  test('is what the machine has where no group is limited', (t) => {
    const root = rootWith(t, {})
    assert.deepEqual(memoryLeft(root), { limit: 8192 * mib, left: 4096 * mib, isGroup: false })
  })

  test('is undefined where the system says nothing', (t) => {
    assert.equal(memoryLeft(rootWith(t, { 'proc/meminfo': '' })), undefined)
  })

  test('version 1: what the group has, and what can be taken back', (t) => {
    const root = rootWith(t, {
      'proc/self/cgroup': '9:pids:/other\n4:cpu,memory:/a/b\n0::/\n',
      'proc/self/mountinfo': oneMounted,
      ...groupOne('sys/fs/cgroup/memory', 2 ** 63 - 4096, 100),
      ...groupOne('sys/fs/cgroup/memory/a', 64 * mib, 50 * mib),
      ...groupOne('sys/fs/cgroup/memory/a/b', 2 ** 63 - 4096, 40 * mib),
    })
    assert.deepEqual(memoryLeft(root), {
      limit: 64 * mib,
      left: 17 * mib + stock,
      isGroup: true,
    })
  })

  test('version 2: the tightest of a group and those above it', (t) => {
    const root = rootWith(t, {
      'proc/self/cgroup': '0::/pod/container\n',
      'proc/self/mountinfo': twoMounted,
      ...groupTwo('sys/fs/cgroup/pod', `${80 * mib}`, 70 * mib),
      ...groupTwo('sys/fs/cgroup/pod/container', 'max', 60 * mib),
    })
    const left = memoryLeft(root)
    assert.deepEqual(left, { limit: 80 * mib, left: 13 * mib + stock, isGroup: true })
  })

  test('the mount of a container begins at its own group', (t) => {
    for (const [path, from] of [
      ['/docker/abc', '/docker/abc'],
      ['/', '/'],
      ['/../..', '/../..'],
      ['/elsewhere', '/docker/abc'],
    ] as const) {
      const root = rootWith(t, {
        'proc/self/cgroup': `0::${path}\n`,
        'proc/self/mountinfo': twoMounted.replace(' / ', ` ${from} `),
        ...groupTwo('sys/fs/cgroup', `${64 * mib}`, 63 * mib),
      })
      assert.equal(memoryLeft(root)?.limit, 64 * mib, path)
    }
  })

  test('swap is left, too', (t) => {
    const root = rootWith(t, {
      'proc/meminfo': meminfo.replace('SwapFree: 0', 'SwapFree: 10240'),
      'proc/self/cgroup': '0::/\n',
      'proc/self/mountinfo': twoMounted,
      ...groupTwo('sys/fs/cgroup', `${64 * mib}`, 60 * mib),
    })
    assert.equal(memoryLeft(root)?.left, 17 * mib + stock)
  })
})
