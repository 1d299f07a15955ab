// The registration of an event source in the registry that Wine has.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { nodes, runUnderWine, skip } from './wine.ts'

const key = String.raw`HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application`

/** Runs the reg.exe of Wine. */
function reg(...words: string[]): { readonly status: number | null; readonly stdout: string } {
  const env = { ...process.env, WINEDEBUG: '-all' }
  return spawnSync('wine', ['reg', ...words], { encoding: 'utf8', env })
}

/** The values of a source by name; undefined when it is not registered. */
function valuesOf(source: string): Record<string, string> | undefined {
  const { status, stdout } = reg('query', `${key}\\${source}`)
  if (status !== 0) return undefined
  const values = stdout.matchAll(/^ {4}(\w+) {4}(\w+) {4}(.*?)\r?$/gm)
  return Object.fromEntries([...values].map(([, name, type, data]) => [name, `${type} ${data}`]))
}

/** What the action complains of; undefined when it does not. */
async function act(action: 'install' | 'remove', source: string): Promise<string | undefined> {
  const { code, stdout, stderr } = await runUnderWine(nodes[0]!, 'none', [
    'program.mjs',
    'event source',
    '',
    action,
    source,
  ])
  assert.equal(code, 0, stderr)
  return (JSON.parse(stdout) as { readonly message?: string }).message
}

for (const source of ['RiskManagerDaemon', 'Ünï "quoted" %PATH% & /v']) {
  test(`${source}: is installed, again, and removed, again`, { skip }, async () => {
    assert.equal(valuesOf(source), undefined)
    for (let i = 0; i < 2; i++) {
      assert.equal(await act('install', source), undefined)
      assert.deepEqual(valuesOf(source), {
        CustomSource: 'REG_DWORD 0x1',
        EventMessageFile: String.raw`REG_EXPAND_SZ %SystemRoot%\System32\EventCreate.exe`,
        TypesSupported: 'REG_DWORD 0x7',
      })
    }
    for (let i = 0; i < 2; i++) {
      assert.equal(await act('remove', source), undefined)
      assert.equal(valuesOf(source), undefined)
    }
  })
}

test('the source of another application is neither changed nor removed', { skip }, async (t) => {
  const source = 'Somebody Else'
  const data = String.raw`C:\Program Files\Else\messages.dll`
  reg('add', `${key}\\${source}`, '/v', 'EventMessageFile', '/t', 'REG_SZ', '/d', data, '/f')
  t.after(() => reg('delete', `${key}\\${source}`, '/f'))
  const before = valuesOf(source)
  assert.deepEqual(before, { EventMessageFile: `REG_SZ ${data}` })
  for (const action of ['install', 'remove'] as const) {
    assert.match(
      (await act(action, source)) ?? '',
      /got one of another application, with C:\\Program Files/,
    )
    assert.deepEqual(valuesOf(source), before)
  }
})
