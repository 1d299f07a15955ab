// The command lines of README and docs/ that start ringlog: those in blocks are run as they stand,
// on logs in ./logs and at the default place; of all others the options are looked up in the help.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { lacks, root } from './documents.ts'

const cli = join(root, 'dist', 'cli.js')
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
  .filter((name) => name.endsWith('.md'))
  .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }))

/** The lines of blocks that a reader is to type. */
const lines = pages.flatMap(({ name, text }) =>
  [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)]
    .flatMap(([, language, block = '']) => (language === '' ? block.split('\n') : []))
    .filter((line) => line.startsWith('npx ringlog '))
    .map((line) => ({ name, line: line.replace(/ +#.*$/, '') })),
)

/** What a line needs beside ringlog. */
const tools = ['jq', 'lnav']

const home = mkdtempSync(join(tmpdir(), 'ringlog-commands-'))
const env = {
  PATH: `${join(home, 'bin')}:${process.env['PATH']}`,
  HOME: home,
  TERM: 'xterm',
}

/** Logs into both. */
const program = `import { createLogger } from ${JSON.stringify(join(root, 'dist', 'index.js'))}
for (const config of [{}, { log_path: 'logs' }]) {
  const log = createLogger(config)
  log.enforcement.warning('Limit exceeded', { account_id: 'ABC123', rule: 'UnrealizedLoss' })
  log.error.error('Order failed', new Error('rejected'))
  await log.close()
}`

before(() => {
  mkdirSync(join(home, 'bin'))
  // As npx does it where ringlog is installed.
  const npx = `#!/bin/sh\nshift\nexec '${process.execPath}' '${cli}' "$@"\n`
  writeFileSync(join(home, 'bin', 'npx'), npx, { mode: 0o700 })
  writeFileSync(join(home, 'system.json'), '{ "logging": { "log_level": "debug" } }')
  const logged = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: home,
    env,
  })
  assert.equal(logged.status, 0, logged.stderr.toString())
})
after(() => rmSync(home, { recursive: true, force: true }))

/** A line that follows: what it prints, until that matches. */
async function follow(line: string, pattern: RegExp): Promise<void> {
  const child = spawn('bash', ['-c', `exec ${line}`], { cwd: home, env })
  let printed = ''
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString()
    if (pattern.test(printed)) child.kill()
  })
  await once(child, 'close')
  assert.match(printed, pattern)
}

describe('the command lines of README and docs/', { skip: lacks(['bash']) }, () => {
  it('are found', () => {
    assert.ok(lines.length >= 10, lines.map(({ line }) => line).join('\n'))
  })

  for (const { name, line } of lines) {
    // Those with an engine are run by test:ship.
    const engine = /\b(?:nats|postgres):/.test(line) && 'needs an engine'
    const skip = engine || lacks(tools.filter((tool) => line.includes(`${tool} `)))
    it(`${name}: ${line}`, { skip }, async () => {
      if (line.includes(' -f ')) return await follow(line, /\| Limit exceeded\n.*\| Order failed\n/)
      const typed = line.replace('/etc/risk_manager/system.json', join(home, 'system.json'))
      const { status, stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', typed], {
        cwd: home,
        env,
        encoding: 'utf8',
      })
      if (line.includes(' event-source ')) {
        assert.match(stderr, /^ringlog: Cannot .*expected Windows/)
        return
      }
      assert.equal(status, 0, stderr)
      if (line.includes(' tail ')) assert.match(stdout, /UnrealizedLoss/)
      else assert.notEqual(`${stdout}${stderr}`, '')
    })
  }

  it('have only options that there are', () => {
    const helps = new Map<string, string>()
    const helpOf = (command: string): string => {
      const known = helps.get(command)
      if (known !== undefined) return known
      const { status, stdout } = spawnSync(process.execPath, [cli, command, '--help'], {
        encoding: 'utf8',
      })
      assert.equal(status, 0, command)
      helps.set(command, stdout)
      return stdout
    }
    let found = 0
    const faults = pages.flatMap(({ name, text }) =>
      [...text.matchAll(/\bringlog ([a-z][a-z-]+)((?: [^`\n|>#)]*)?)(?=`|\n|[|>#])/g)]
        // Words of a sentence outside code follow ringlog, too.
        .filter(([whole, command = '']) => text.includes(`\`${whole}`) || isCommand(command))
        .flatMap(([, command = '', rest = '']) => {
          const help = helpOf(command)
          const options = [...rest.matchAll(/(?<= )(--?[a-z][a-z-]*)/gi)].map(([option]) => option)
          found += options.length
          return options
            .filter((option) => !new RegExp(`(?:^|[ ,])${option}(?=[ ,\n]|$)`, 'm').test(help))
            .map((option) => `${name}: ringlog ${command} has no ${option}`)
        }),
    )
    assert.deepEqual(faults, [])
    assert.ok(found > 20, `${found} options`)
  })
})

describe('docs/reading.md', { skip: lacks([]) }, () => {
  const { text } = pages.find(({ name }) => name === 'docs/reading.md')!

  it('has every option of streamLogs', () => {
    const source = readFileSync(join(root, 'lib', 'read', 'query.ts'), 'utf8')
    const [declared = ''] = /interface StreamOptions \{[^]*?^\}/m.exec(source) ?? []
    const names = [...declared.matchAll(/^  readonly (\w+)\?:/gm)].map(([, name = '']) => name)
    assert.ok(names.length >= 13, `${names.length} options`)
    assert.deepEqual(
      names.filter((name) => !text.includes(`| \`${name}\``)),
      [],
    )
  })

  it('has every option of ringlog tail', () => {
    const { stdout } = spawnSync(process.execPath, [cli, 'tail', '--help'], { encoding: 'utf8' })
    const options = [...stdout.matchAll(/^ {2}(?:(-\w), )?(--[\w-]+)/gm)]
    assert.ok(options.length >= 20, `${options.length} options`)
    const isThere = (option: string | undefined): boolean =>
      option !== undefined && new RegExp(`\`${option}[\` ]`).test(text)
    assert.deepEqual(
      options.filter(([, short, long]) => !isThere(short) && !isThere(long)).map(([all]) => all),
      ['  -h, --help'],
    )
  })
})

function isCommand(word: string): boolean {
  return /^(?:tail|export|clean|verify|ship|config|event-source|lnav)$/.test(word)
}
