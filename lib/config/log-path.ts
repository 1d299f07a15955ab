// The configured directory of the log files: its default, the meaning of `~`, and paths with a part
// that nothing fills in.

import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'

/** The directory when none is configured. */
export const defaultLogPath = '~/.risk_manager/logs/'

/** What a path may be, for errors. */
export const pathExpected =
  'a path as it is on disk (no variable but {instance}, {host} and {pid}, no other user’s ~, no URL, no blanks or line ends around it)'

/**
 * What stands in a path for who logs there: filled in by each writer for itself. Not within further
 * braces.
 */
const places = /(?<!\{)\{(instance|host|pid)\}(?!\})/g

/**
 * Forms that a shell, a template or a browser would fill in. Here they would become directories of
 * that very name, wherever the process happens to stand.
 */
const unfilled: readonly RegExp[] = [
  // Of a shell: ${HOME}, $HOME, $(pwd), `pwd`, and PowerShell's $env:TEMP. Not the $ at the end of
  // a share.
  /\$\{[^}]*\}?|\$\([^)]*\)?|\$[A-Za-z_][\w:]*|`[^`]+`/,
  // Of Windows: %APPDATA%, %ProgramFiles(x86)%. Two hex digits are an encoded character, which a
  // name may hold.
  /%(?![0-9A-Fa-f]{2}%)[A-Za-z_][\w()]*%/,
  // Of a clock: %Y-%m-%d.
  /%[YmdHMSjyFT](?![0-9A-Za-z])/,
  // Of a template: {name}, {{host}}. Those of ours have been taken out.
  /\{+[^{}/\\]+\}+/,
  // Another user's home; of ourselves there is only ~ alone, or before a separator.
  /^~[^/\\]+/,
  // A URL: file:///var/log, s3://bucket. One letter before the colon is a drive.
  /^(?:[A-Za-z][\w+.-]+:\/\/|file:)/,
]

/** What no name on a disk has: NUL, half a character. */
const unnamed =
  // oxlint-disable-next-line no-control-regex -- to refuse it
  /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/**
 * What in a path is not a path's: the form that nobody will fill in, the blanks or line ends
 * around it, what no name has. What stands for the instance is filled in.
 *
 * @returns `undefined` when it can be taken as it is.
 */
export function pathFaultOf(path: string): string | undefined {
  const bare = path.replaceAll(places, 'x')
  for (const form of unfilled) {
    const found = form.exec(bare)?.[0]
    if (found !== undefined) return found
  }
  if (/^[ \t]|[ \t]$/.test(path)) return ' '
  return /^[\r\n]|[\r\n]$/.exec(path)?.[0] ?? unnamed.exec(path)?.[0]
}

/**
 * The absolute path of a directory or file. A `~` that stands alone or before a separator is the
 * user's home.
 *
 * @param from Where a relative path starts. @default the working directory
 * @throws {Error} when the home or the working directory is needed and there is none: a user
 *   without an entry in the password file, a working directory that was removed.
 */
export function absolutePathOf(path: string, from?: string): string {
  if (/^~(?:[/\\]|$)/.test(path)) return resolve(join(home(path), path.slice(1)))
  if (from !== undefined || isAbsolute(path)) return resolve(from ?? '', path)
  try {
    return resolve(path)
  } catch (error) {
    const reason = 'it has been removed, or may not be read'
    throw new Error(`Cannot find the working directory for ${path}: ${reason}`, { cause: error })
  }
}

function home(path: string): string {
  let directory: string
  try {
    directory = homedir()
  } catch (error) {
    const reason = 'HOME is not set, and the user has no entry in the password file'
    throw new Error(`Cannot find the home directory for ${path}: ${reason}`, { cause: error })
  }
  if (isAbsolute(directory)) return directory
  throw new Error(
    `Cannot find the home directory for ${path}: expected HOME to be absolute, got ${JSON.stringify(directory)}`,
  )
}

/**
 * The directory below which the instances of a path lie; the path itself, where it has no place for
 * them.
 */
export function parentOfInstances(path: string): string {
  const at = path.search(places)
  if (at === -1) return path
  const parent = path.slice(0, at).replace(/[^/\\]*$/, '')
  return parent === '' ? '.' : parent
}

/** Who logs: what stands for it in a path. */
export interface WhoLogs {
  readonly instance: string
  readonly host: string
  readonly pid: number
}

/** Whether a path has a place that is filled in. */
export function hasPlaces(path: string): boolean {
  return path.search(places) !== -1
}

/**
 * A path with its places filled in, each as part of one name: whatever stands in it, it leads
 * nowhere else.
 */
export function filledPath(path: string, who: WhoLogs): string {
  return path.replaceAll(places, (_, name: keyof WhoLogs) => asNamePart(String(who[name])))
}

/** Longest part of a name that is filled in: a file system takes 255 bytes. */
const namePartMax = 64

function asNamePart(text: string): string {
  const part = text
    .replaceAll(/[^\w.-]/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, namePartMax)
  return part.replace(/\.+$/, '_') || '_'
}
