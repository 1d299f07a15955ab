// Runs a program with node.exe under Wine, and reads what Wine tells of the calls to advapi32.dll.
//
// Wine's event log is a stub: it prints each call with its arguments and, in a line of its own,
// each string, escaped, cut after some 280 characters.

import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What `npm run test:windows` has set up; undefined: nothing. */
export const windows: string | undefined = process.env['RINGLOG_WINDOWS']

/** For the option `skip` of a test. */
export const skip: string | false =
  windows === undefined ? '`npm run test:windows` sets up a Wine and runs this' : false

/** Major versions of Node to be tested. */
export const nodes: readonly string[] =
  windows === undefined ? [] : process.env['RINGLOG_WINDOWS_NODES']!.split(',')

/** Starts and exits for each interface and Node. */
export const starts = Number(process.env['RINGLOG_WINDOWS_STARTS'] ?? 10)

/** Which interfaces a project has installed. */
export type Project = 'both' | 'ffi-napi' | 'koffi' | 'none'

/** A call of a function of advapi32.dll. */
export type Call =
  | {
      readonly call: 'RegisterEventSourceW'
      readonly thread: string
      server: string
      source: string
    }
  | {
      readonly call: 'ReportEventW'
      readonly thread: string
      readonly handle: string
      readonly type: number
      readonly category: number
      readonly id: number
      readonly user: bigint
      readonly count: number
      readonly size: number
      readonly data: bigint
      readonly texts: string[]
    }
  | { readonly call: 'DeregisterEventSource'; readonly thread: string; readonly handle: string }

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  /** Without what Wine tells. */
  readonly stderr: string
  readonly calls: readonly Call[]
}

/** Runs `node.exe ...args` in a project, to its end. */
export async function runUnderWine(
  node: string,
  project: Project,
  args: readonly string[],
): Promise<Ended> {
  const output = mkdtempSync(join(tmpdir(), 'ringlog-wine-'))
  // node.exe under Wine cannot write to a pipe of Linux (EBADF); to a file it can.
  const [stdout, stderr] = ['out', 'err'].map((name) => join(output, name)) as [string, string]
  const files = [openSync(stdout, 'w'), openSync(stderr, 'w')] as const
  const exe = join(windows!, `node-${node}`, 'node.exe')
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      const child = spawn('wine', [exe, ...args], {
        cwd: join(windows!, project),
        env: {
          ...process.env,
          NODE_OPTIONS: '',
          WINEDEBUG: '-all,fixme+advapi,err+eventlog,warn+eventlog',
        },
        stdio: ['ignore', ...files],
        timeout: 120_000,
      })
      child.on('error', reject)
      child.on('exit', resolve)
    })
    const told = readFileSync(stderr, 'utf8').split(/\r?\n/)
    const isWines = (line: string): boolean => /^[0-9a-f]{4}:[a-z]+:/.test(line)
    return {
      code,
      stdout: readFileSync(stdout, 'utf8'),
      stderr: told.filter((line) => !isWines(line)).join('\n'),
      calls: callsIn(told.filter(isWines)),
    }
  } finally {
    for (const file of files) closeSync(file)
    rmSync(output, { recursive: true })
  }
}

const hex = '([0-9A-Fa-f]+)'
const registerPattern = /^(\w+):fixme:advapi:RegisterEventSourceW \((.+?),L"(.*)"\): stub$/
const reportPattern = new RegExp(
  `^(\\w+):fixme:advapi:ReportEventW \\(${[hex, ...Array(3).fill(`0x${hex}`), hex, `0x${hex}`, `0x${hex}`, hex, hex].join(',')}\\): stub$`,
)
const textPattern = /^(\w+):(?:err|warn):eventlog:ReportEventW L"(.*)"$/
const deregisterPattern = /^(\w+):fixme:advapi:DeregisterEventSource \((\w+)\) stub$/

/** The calls, in the order in which Wine tells of them. */
function callsIn(lines: readonly string[]): Call[] {
  const calls: Call[] = []
  for (const line of lines) {
    const register = registerPattern.exec(line)
    const report = reportPattern.exec(line)
    const text = textPattern.exec(line)
    const deregister = deregisterPattern.exec(line)
    if (register !== null) {
      const [, thread = '', server = '', source = ''] = register
      calls.push({ call: 'RegisterEventSourceW', thread, server, source: unescaped(source) })
    } else if (report !== null) {
      const [, thread = '', handle = '', ...rest] = report
      const [type, category, id, user, count, size, , data] = rest.map((word) =>
        BigInt(`0x${word}`),
      )
      calls.push({
        call: 'ReportEventW',
        thread,
        handle,
        type: Number(type),
        category: Number(category),
        id: Number(id),
        user: user!,
        count: Number(count),
        size: Number(size),
        data: data!,
        texts: [],
      })
    } else if (text !== null) {
      const [, thread, words = ''] = text
      const call = calls.findLast((one) => one.call === 'ReportEventW' && one.thread === thread)
      if (call?.call === 'ReportEventW') call.texts.push(unescaped(words))
    } else if (deregister !== null) {
      const [, thread = '', handle = ''] = deregister
      calls.push({ call: 'DeregisterEventSource', thread, handle })
    }
  }
  return calls
}

const named: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' }

/** A string as Wine prints it: `\hhhh` for what is not ASCII, and C's escapes. */
function unescaped(text: string): string {
  return text.replace(/\\(?:([nrt"\\])|([0-9a-f]{4}))/g, (_, name: string, code: string) =>
    code === undefined ? named[name]! : String.fromCharCode(Number.parseInt(code, 16)),
  )
}
