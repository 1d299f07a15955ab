// Runs every test of test/, or those whose path contains a word given as argument: as the compiler
// makes them, below build/. Through tsx each file and each program that a test starts took 1 s of
// the processor more (Node 20.20, 2026-11). Node 20's --test takes no globs and calls zero files a
// success, so the files are listed here and none is a failure.
//
// A dozen files share a process: to start one and to load the library took a quarter of the
// processor's time, 0.3 s a file (Node 20.20, 2026-11). A file that measures what a process has but
// once has one of its own.
//
// `--properties` (`npm run test:properties`) runs the files that have properties, with all tries.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, relative } from 'node:path'

/**
 * What is there once in a process, where a test hears or measures it, or stands in for it while it
 * counts the calls: nothing of another file may be at work then.
 */
const measuresTheProcess = new RegExp(
  [
    String.raw`\bprocess\.(?:on|listenerCount|memoryUsage)\b`,
    String.raw`\bmock\.(?:timers\b|method\((?:fs|zlib|Atomics)\b)`,
    // The garbage of a dozen files took 6 s to collect thirty times.
    String.raw`\bsetFlagsFromString\b`,
    String.raw`/simulation/`,
  ].join('|'),
)

/**
 * What is there once in a process, where a test changes it and puts it back. These files share a
 * process with each other. Not what a test adds to a prototype.
 */
const changesTheProcess = new RegExp(
  [
    String.raw`\bprocess\.(?:chdir|umask)\b`,
    String.raw`\bprocess\.env\[[^\]]*\] = `,
    String.raw`\bmock\b`,
    String.raw`\bglobalThis\b`,
    String.raw`\bprepareStackTrace\b`,
  ].join('|'),
)

/**
 * Files of a process at most: more of them, and one process is at work when all others are done.
 */
const filesOfGroupMax = 12

const groupDirectory = join('build', 'test', 'groups')

/**
 * A file that imports others, each of which registers its tests. One that cannot be imported is a
 * test that fails, by its name.
 */
function writeGroup(name: string, files: readonly string[]): string {
  const path = join(groupDirectory, `${name}.js`)
  const imports = files.map((file) => relative(groupDirectory, file).replaceAll('\\', '/'))
  writeFileSync(
    path,
    `import { test } from 'node:test'
for (const file of ${JSON.stringify(imports)}) {
  await import(file).catch((error) => test(file, () => { throw error }))
}
`,
  )
  return path
}

function bytesOf(files: readonly string[]): number {
  return files.reduce((sum, file) => sum + statSync(file).size, 0)
}

/** What to call a group: the folders of its files. */
function nameOf(files: readonly string[]): string {
  const folders = files.map((file) => dirname(relative(join('build', 'test'), file)))
  return [...new Set(folders)].join('-').replaceAll(/[\\/]/g, '-').replaceAll('.', 'test')
}

/**
 * What Node runs: files on their own, then groups of a dozen, neighbours together. Node takes them
 * by name, so that gives the rank. The smallest group comes last: until the end all processors have
 * something to do.
 */
function grouped(sources: readonly string[]): string[] {
  rmSync(groupDirectory, { recursive: true, force: true })
  mkdirSync(groupDirectory, { recursive: true })
  const alone: string[][] = []
  const changing: string[] = []
  const others: string[] = []
  for (const source of sources) {
    const text = readFileSync(source, 'utf8')
    const file = join('build', source.replace(/\.ts$/, '.js'))
    if (measuresTheProcess.test(text)) alone.push([file])
    else if (changesTheProcess.test(text)) changing.push(file)
    else others.push(file)
  }
  const groups = [changing, others].flatMap((files) =>
    Array.from({ length: Math.ceil(files.length / filesOfGroupMax) }, (_, at) =>
      files.slice(at * filesOfGroupMax, (at + 1) * filesOfGroupMax),
    ),
  )
  return [alone, groups]
    .flatMap((each) => each.toSorted((one, other) => bytesOf(other) - bytesOf(one)))
    .map((files, rank) => writeGroup(`${String(rank).padStart(3, '0')}-${nameOf(files)}`, files))
}

const options = process.argv
  .slice(2)
  .filter((word) => word.startsWith('--') && word !== '--properties')
const isThorough = process.argv.includes('--properties')
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const sources = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join('test', name))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .filter((file) => !isThorough || readFileSync(file, 'utf8').includes(`/runs.ts'`))
  .toSorted()

if (sources.length === 0) {
  console.error(
    `Cannot run the tests: no file test/**/*.test.ts matches ${words.join(' ') || 'at all'}`,
  )
  process.exit(1)
}
// The spec reporter tells every failure once more at the end: of a long log the end is kept.
//
// Much of the time is waiting for child processes and timers, so one process more than there are
// processors. Node's own default is one less.
const concurrency = availableParallelism() + 1
const { status } = spawnSync(
  process.execPath,
  [
    '--test',
    '--test-reporter=spec',
    `--test-concurrency=${concurrency}`,
    ...options,
    ...grouped(sources),
  ],
  { stdio: 'inherit', env: { ...process.env, ...(isThorough ? { ALL_RUNS: '1' } : {}) } },
)
process.exit(status ?? 1)
