// File systems of our own, for faults that are the disk's: small, read-only, cut off from power.
// They need root.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'

/** Mounts a tmpfs, with options such as `size=4m`. */
export function mountTmpfs(place: string, options: string): void {
  command('mount', ['-t', 'tmpfs', '-o', `mode=755,${options}`, 'ringlog-faults', place])
}

/** Mounts it anew, read-only or not. A file that is open for writing does not keep it from that. */
export function remountTmpfs(place: string, options: string): void {
  command('mount', ['-o', `remount,${options}`, place])
}

/** Makes an ext4 in a file, and mounts it. */
export function mountImage(image: string, place: string, isNew: boolean): void {
  if (isNew) {
    command('truncate', ['-s', '64M', image])
    command('mkfs.ext4', ['-q', '-F', image])
  }
  command('mount', ['-o', 'loop', image, place])
}

/**
 * As if the power were cut: what is not on the device by now never will be (EXT4_IOC_SHUTDOWN, no
 * log flush).
 */
export function cutPower(place: string): void {
  command('perl', [
    '-e',
    'my $flags = pack("I", 2); open(my $d, "<", $ARGV[0]) or die $!; ioctl($d, 0x8004587d, $flags) or die $!',
    place,
  ])
}

/** Unmounts it, now or when the last process that uses it has ended. */
export function unmount(place: string): void {
  command('umount', ['--lazy', place])
}

/** Why nothing can be mounted here; undefined when it can. */
export function whyNoMount(): string | undefined {
  return probe((place) => mountTmpfs(place, 'size=1m'))
}

/** Why power cannot be cut here; undefined when it can. */
export function whyNoPowerCut(): string | undefined {
  return probe((place) => {
    const image = `${place}.img`
    try {
      mountImage(image, place, true)
      cutPower(place)
    } finally {
      rmSync(image, { force: true })
    }
  })
}

function probe(mount: (place: string) => void): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, to mount'
  const parent = mkdtempSync(join(os.tmpdir(), 'ringlog-mount-'))
  const place = join(parent, 'place')
  mkdirSync(place)
  try {
    mount(place)
    return undefined
  } catch (error) {
    return (error as Error).message
  } finally {
    spawnSync('umount', [place])
    rmSync(parent, { recursive: true, force: true })
  }
}

function command(file: string, words: readonly string[]): void {
  const { error, status, stderr } = spawnSync(file, words, { encoding: 'utf8' })
  if (error !== undefined) throw new Error(`${file} cannot be started (${error.message})`)
  if (status !== 0) throw new Error(`${file} failed (${stderr.trim().split('\n')[0]})`)
}
