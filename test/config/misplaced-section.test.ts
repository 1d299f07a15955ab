import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { misplacedSectionOf } from '../../lib/config/misplaced-section.ts'
import { loggingSchema } from '../../lib/config/schema.ts'

const known = Object.keys(loggingSchema.properties ?? {})

function actualOf(document: object): string | undefined {
  return misplacedSectionOf(document, known)?.actual
}

describe('misplacedSectionOf()', () => {
  it('finds a section by its name, whatever stands in it', () => {
    for (const name of [
      'Logging',
      'LOGGING',
      'log_ging',
      'loging',
      'loggin',
      'loggign',
      'logginng',
    ]) {
      for (const value of [{}, { any: 1 }, null, 'debug', []]) {
        const found = `none, but "${name}" (did you mean logging?)`
        assert.equal(actualOf({ risk: { max: 5 }, [name]: value }), found, name)
      }
    }
  })

  it('finds a section by a name that is near, and a key that is ours or nearly so', () => {
    const section = { log_levl: 'debug' }
    for (const name of ['lgging', 'logginggg', 'looging_', 'logings']) {
      assert.ok(actualOf({ [name]: section })?.includes('did you mean logging'), name)
    }
    for (const name of [
      'log',
      'logs',
      'logger',
      'ringlog',
      'log_config',
      'riskLogger',
      'logging2',
    ]) {
      assert.ok(actualOf({ [name]: { rotation: {} } })?.includes('did you mean logging'), name)
    }
  })

  it('finds the keys of the section at the top of the file', () => {
    const top = 'its keys at the top of the file: '
    assert.equal(actualOf({ log_level: 'debug' }), `${top}log_level`)
    assert.equal(actualOf({ version: 1, rotation: {}, console: 'off' }), `${top}rotation, console`)
    assert.equal(
      actualOf(Object.fromEntries(known.map((key) => [key, 1]))),
      `${top}${known.slice(0, 4).join(', ')}, …`,
    )
  })

  it('finds the section within another one', () => {
    const logging = { log_level: 'debug', rotation: {} }
    const found = 'one within "risk_manager", not at the top of the file'
    assert.equal(actualOf({ risk_manager: { logging } }), found)
  })

  it('takes nothing for a section that is somebody else’s', () => {
    for (const document of [
      {},
      { risk: { max: 5 } },
      { login: { user: 'risk', attempts: 3 } },
      { loading: true, lodging: { beds: 2 }, login: null },
      { catalog: { levels: 3 }, blog: { rotation: 1 }, analogue: {} },
      { log: { file: 'x.log' }, logger: 'pino', logs: ['a'] },
      { broker: { log_level: 'debug', host: 'example.org' } },
      { broker: { log_level: 'debug', log_path: './x' } },
      { web: { logging: { log_level: 'debug', format: 'combined' } } },
      { web: { logging: { console: 'off' } } },
      { buffer: { bytes: 1 } },
      { $schema: './system.schema.json' },
    ]) {
      assert.equal(actualOf(document), undefined, JSON.stringify(document))
    }
  })

  it('reads a document that refuses to be read', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    assert.equal(actualOf({ log: proxy, web: proxy }), undefined)
  })
})
