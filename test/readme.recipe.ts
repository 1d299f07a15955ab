// Every example of README and of docs/ that imports something runs as it stands; those with lines
// of JSON behind them write these lines. All others, and those of the docstrings, compile.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type Line, linesOf, logDirectory } from './log-directory.ts'

const root = resolve(import.meta.dirname, '..').replace(/[\\/]build$/, '')

interface Example {
  readonly file: string
  readonly code: string
  /** The lines it writes; none where the text shows none. */
  readonly shown: readonly Line[]
}

/** The fenced blocks of TypeScript that are whole programs, each with the lines that follow. */
function examplesIn(file: string): Example[] {
  const text = readFileSync(join(root, file), 'utf8')
  const blocks = [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
  return blocks.flatMap(([, language, code = ''], at): Example[] => {
    if (language !== 'ts' || !code.startsWith('import ')) return []
    const [, next, lines = ''] = blocks[at + 1] ?? []
    const shown =
      next === 'json' && lines.startsWith('{"timestamp"') ? lines.trim().split('\n') : []
    return [{ file, code, shown: shown.map((line) => JSON.parse(line) as Line) }]
  })
}

/** A line without what differs from run to run. */
function constant({ exception, ...line }: Line): unknown {
  return {
    ...line,
    timestamp: '',
    exception: exception && { ...exception, stack_trace: '', cause: exception.cause?.message },
  }
}

/** Runs an example in a directory of its own, where `ringlog` is found as a user has it. */
function run(t: TestContext, code: string): string {
  const directory = dirname(logDirectory(t))
  // Below the project, so that its packages are found, and ringlog by its own name.
  const program = join(root, 'build', `example-${process.pid}-${directory.slice(-6)}.ts`)
  mkdirSync(dirname(program), { recursive: true })
  writeFileSync(program, code)
  t.after(() => rmSync(program))
  mkdirSync(join(directory, 'logs'), { mode: 0o700 })
  const tsx = import.meta.resolve('tsx')
  execFileSync(process.execPath, ['--import', tsx, program], { cwd: directory, stdio: 'pipe' })
  return join(directory, 'logs')
}

const files = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
const examples = files.filter((name) => name.endsWith('.md')).flatMap(examplesIn)

describe('the examples of README and docs/', () => {
  it('are found', () => {
    assert.equal(
      examples.filter(({ file, shown }) => file === 'README.md' && shown.length > 0).length,
      2,
    )
    assert.ok(examples.length >= 5, `${examples.length} examples`)
  })

  examples.forEach(({ file, code, shown }, at) => {
    it(`${file}, example ${at + 1}, runs${shown.length > 0 ? ' and writes the lines shown' : ''}`, (t) => {
      const directory = run(t, code)
      if (shown.length === 0) return
      const written = readdirSync(directory)
        .filter((name) => name.endsWith('.log'))
        .flatMap((name) => linesOf(directory, name))
      const byMessage = (a: Line, b: Line): number => (a.message < b.message ? -1 : 1)
      assert.deepEqual(
        written.toSorted(byMessage).map(constant),
        shown.toSorted(byMessage).map(constant),
      )
    })
  })
})

/** What a fragment finds in the program around it. */
const surroundings = `import type * as ringlog from 'ringlog'
declare global {
  const createLogger: typeof ringlog.createLogger
  const createTestLogger: typeof import('ringlog/testing').createTestLogger
  const defineEvent: typeof ringlog.defineEvent
  const formatEntry: typeof ringlog.formatEntry
  const loadConfig: typeof ringlog.loadConfig
  const pinoLogger: typeof import('ringlog/pino').pinoLogger
  const ship: typeof import('ringlog/ship').ship
  const streamLogs: typeof ringlog.streamLogs
  const activeTrace: typeof import('ringlog/otel').activeTrace
  const Type: typeof ringlog.Type
  const assert: typeof import('node:assert/strict').default
  const Fastify: typeof import('fastify').default
  const log: ringlog.Logger
  function startDaemon(log: ringlog.Logger): Promise<{ stop(): Promise<void> }>
  function lockAccount(log: ringlog.Logger, account: string): void
}
`

/** Fragments of TypeScript and JavaScript, each with the place where it stands. */
function fragments(): { readonly at: string; readonly code: string }[] {
  const ofDocuments = files
    .filter((name) => name.endsWith('.md'))
    .flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8')
      const blocks = [...text.matchAll(/(?<!-->\n\n)^```(?:ts|js)\n([^]*?)^```$/gm)]
      return blocks.map(([, code = '']) => ({ at: file, code }))
    })
  const ofDocstrings = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const text = readFileSync(join(root, 'lib', name), 'utf8')
      return [...text.matchAll(/@example\n \* ```ts\n([^]*?) \* ```$/gm)].map(([, code = '']) => {
        return { at: `lib/${name}`, code: code.replaceAll(/^ \* ?/gm, '') }
      })
    })
  return [...ofDocuments, ...ofDocstrings]
}

describe('the fragments of README, docs/ and the docstrings', () => {
  it('compile', (t) => {
    const all = fragments()
    assert.ok(all.length >= 18, `${all.length} fragments`)
    // Below the project, so that ringlog is found by its own name.
    const directory = join(root, 'build', `fragments-${process.pid}`)
    t.after(() => rmSync(directory, { recursive: true, force: true }))
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'surroundings.d.ts'), surroundings)
    all.forEach(({ at, code }, index) => {
      writeFileSync(join(directory, `${index}.ts`), `// ${at}\n${code}\nexport {}\n`)
    })
    const compilerOptions = {
      target: 'es2022',
      module: 'nodenext',
      types: ['node'],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
    }
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', directory], {
      encoding: 'utf8',
    })
    const said = stdout.replaceAll(/(\d+)\.ts(?=\()/g, (_, index: string) => all[Number(index)]!.at)
    assert.equal(status, 0, said)
  })
})
