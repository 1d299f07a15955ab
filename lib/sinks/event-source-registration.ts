// The registration of an event source: what makes Event Viewer show an entry as it is, instead of a
// remark that the description of event 1 cannot be found. An entry reaches the event log without it
// all the same.
//
// The message file is EventCreate.exe, which every Windows has: its events 1 to 1000 all read `%1`,
// the string reported. So nothing has to be shipped, and nothing breaks when the application is
// removed.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const sourcesKey = String.raw`HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application`
const messageFile = String.raw`%SystemRoot%\System32\EventCreate.exe`

/**
 * What is registered. The message file comes last: its presence says that the rest is there. 7 are
 * the types error, warning and information; CustomSource is what EventCreate.exe itself would set.
 */
const values: readonly (readonly [name: string, type: string, data: string])[] = [
  ['TypesSupported', 'REG_DWORD', '7'],
  ['CustomSource', 'REG_DWORD', '1'],
  ['EventMessageFile', 'REG_EXPAND_SZ', messageFile],
]

/** Logs of Windows itself: a source of such a name would be taken for the log. */
const logNames = ['application', 'security', 'setup', 'system', 'hardwareevents']

// oxlint-disable-next-line no-control-regex -- to refuse them
const namePattern = /^[^\\\u0000-\u001f]{1,212}$/

/**
 * Registers a source of the Windows Event Log, in the log Application. Registering it again changes
 * nothing.
 *
 * @param source 1 to 212 characters without backslash and control characters; no name of a log.
 * @throws {RangeError} when the name cannot be one.
 * @throws {Error} when this is not Windows; without administrator rights; or when the name is
 *   registered with a message file of another application, which is left as it is.
 */
export function installEventSource(source: string): void {
  const key = keyOf(source, 'install')
  checkOwner(key, source, 'install')
  for (const [name, type, data] of values) {
    const { status, output } = reg('add', key, '/v', name, '/t', type, '/d', data, '/f')
    if (status !== 0) throw refused('install', source, output)
  }
}

/**
 * Removes the registration of a source of the Windows Event Log. Removing one that is not there
 * changes nothing.
 *
 * @param source 1 to 212 characters without backslash and control characters; no name of a log.
 * @throws {RangeError} when the name cannot be one.
 * @throws {Error} when this is not Windows; without administrator rights; or when the name is
 *   registered with a message file of another application, which is left as it is.
 */
export function removeEventSource(source: string): void {
  const key = keyOf(source, 'remove')
  if (!checkOwner(key, source, 'remove')) return
  const { status, output } = reg('delete', key, '/f')
  if (status !== 0) throw refused('remove', source, output)
}

function keyOf(source: string, action: string): string {
  if (!namePattern.test(source) || logNames.includes(source.toLowerCase())) {
    const expected = "a name of 1 to 212 characters, without backslash, that is no log's"
    throw new RangeError(
      `Cannot ${action} the event source: expected ${expected}, got ${JSON.stringify(source)}`,
    )
  }
  if (process.platform !== 'win32') {
    throw new Error(
      `Cannot ${action} the event source ${source}: expected Windows, got ${process.platform}`,
    )
  }
  return `${sourcesKey}\\${source}`
}

/**
 * Whether the source is registered.
 *
 * @throws {Error} when it belongs to another application.
 */
function checkOwner(key: string, source: string, action: string): boolean {
  const { status, output } = reg('query', key)
  if (status !== 0) return false
  // Names and types of values are the same in every language of Windows.
  const owner = /^\s*EventMessageFile\s+REG_\w+\s+(.*\S)\s*$/m.exec(output)?.[1]
  if (owner !== undefined && owner.toLowerCase() !== messageFile.toLowerCase()) {
    throw new Error(
      `Cannot ${action} the event source ${source}: expected one that shows its events through ` +
        `EventCreate.exe, got one of another application, with ${owner}`,
    )
  }
  return true
}

function refused(action: string, source: string, output: string): Error {
  return new Error(
    `Cannot ${action} the event source ${source}: expected administrator rights (run this from a prompt ` +
      `opened with "Run as administrator"), got: ${output}`,
  )
}

/**
 * Runs the reg.exe of Windows itself, without a shell: what the PATH holds does not matter, nor
 * what a name holds.
 */
function reg(...words: string[]): { readonly status: number | null; readonly output: string } {
  const program = join(process.env['SystemRoot'] ?? String.raw`C:\Windows`, 'System32', 'reg.exe')
  const { status, error, stdout, stderr } = spawnSync(program, words, {
    encoding: 'utf8',
    windowsHide: true,
  })
  const output = error === undefined ? `${stdout}${stderr}`.trim() : error.message
  return { status, output }
}
