// `npm run build`: the JSON Schemas of the package, in schema/: of the `logging` section, of the
// whole file it stands in, and of an entry. Editors complete `system.json` from them, and others
// check lines by them.
//
// Nothing is said twice: the checks are those of the TypeBox schemas, the words those of the
// interfaces' docstrings, the defaults those that an empty configuration comes to.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type {
  InterfaceDeclaration,
  Node,
  NodeArray,
  SourceFile,
  TypeElement,
  TypeNode,
} from 'typescript-5'
import { builtinCategories, namePattern } from '../lib/entry/builtin-categories.ts'
import { defaultLogPath } from '../lib/config/log-path.ts'
import { resolveConfig } from '../lib/config/resolve.ts'
import { loggingSchema } from '../lib/config/schema.ts'
import { entrySchema } from './entry-schema.ts'
import { ts } from './typescript.ts'

/** A JSON Schema, as far as it is looked at here. */
export interface JsonSchema {
  [keyword: string]: unknown
  properties?: { [key: string]: JsonSchema }
  /** `false`, or what the values of a map are. */
  additionalProperties?: JsonSchema | false
}

/** The schemas by the name of their file. */
export function schemas(): { readonly [file: string]: JsonSchema } {
  return { 'logging.json': sectionSchema(), 'system.json': fileSchema, 'entry.json': lineSchema() }
}

/** Writes the schemas into a directory that holds nothing else. */
export function writeSchemas(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory)
  for (const [file, schema] of Object.entries(schemas())) {
    writeFileSync(join(directory, file), `${JSON.stringify(schema, undefined, 2)}\n`)
  }
}

const draft = { $schema: 'http://json-schema.org/draft-07/schema#' }

/** What an editor completes a `system.json` from: other sections are none of our business. */
const fileSchema: JsonSchema = {
  ...draft,
  title: 'system.json',
  description:
    'A system.json whose `logging` section is read by ringlog. Other sections may hold anything.',
  type: 'object',
  properties: {
    $schema: { type: 'string', description: 'Where an editor finds this schema. Not looked at.' },
    logging: { $ref: 'logging.json' },
  },
}

function sectionSchema(): JsonSchema {
  const schema = plain(loggingSchema)
  close(schema)
  describe(schema, interfaceOf('lib/config/schema.ts', 'LoggingConfig'))
  // The path as people write it, not where it leads on this machine.
  fillDefaults(schema, { ...resolveConfig({}), log_path: defaultLogPath })
  completeCategories(schema)
  const title = 'The logging section of system.json'
  return { ...draft, title, description: 'Every key is optional.', ...schema }
}

function lineSchema(): JsonSchema {
  const schema = plain(entrySchema)
  close(schema)
  const path = 'lib/entry/entry.ts'
  describe(schema, interfaceOf(path, 'LogEntry'))
  describe(schema.properties!['exception']!, interfaceOf(path, 'ExceptionInfo'))
  return { ...draft, title: 'One line of a log of ringlog', ...schema }
}

/** A copy without what JSON Schema does not know. */
function plain(schema: unknown): JsonSchema {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => (key === 'meant' ? undefined : value)),
  ) as JsonSchema
}

/**
 * Keys that nobody knows are refused: TypeBox forgets to say so of what is partial. A map is one of
 * its values, not a pattern that every key matches: beside that no key may be named (typebox 1.4.3,
 * 2026-11).
 */
function close(schema: JsonSchema): void {
  const { patternProperties, ...rest } = schema
  const [value] = Object.values((patternProperties ?? {}) as { [pattern: string]: JsonSchema })
  delete schema['patternProperties']
  if (value !== undefined) schema.additionalProperties = value
  else if (rest.properties !== undefined) schema.additionalProperties = false
  for (const member of [value, ...Object.values(rest.properties ?? {})]) {
    if (member !== undefined) close(member)
  }
}

/**
 * The categories that always exist as keys of the maps by category, and which names others may
 * have.
 */
function completeCategories({ properties }: JsonSchema): void {
  for (const name of ['levels', 'durability']) {
    const map = properties![name]!
    const value = mapValue(map)!
    map.properties = Object.fromEntries(
      Object.keys(builtinCategories).map((category) => [category, value]),
    )
  }
  const categories = properties!['categories']!
  const isTaken = { enum: Object.keys(builtinCategories) }
  categories['propertyNames'] = { pattern: namePattern.source, not: isTaken }
  mapValue(categories)!.properties!['file']!['pattern'] = namePattern.source
}

/** What the values of a map are; `undefined` of what is none. */
function mapValue({ additionalProperties }: JsonSchema): JsonSchema | undefined {
  return additionalProperties === false ? undefined : additionalProperties
}

function fillDefaults(schema: JsonSchema, defaults: object): void {
  for (const [key, value] of Object.entries(defaults)) {
    const member = schema.properties?.[key]
    if (member === undefined) continue
    if (member.properties === undefined) member['default'] = value
    else fillDefaults(member, value as object)
  }
}

// --- the words ---

interface Source {
  readonly file: SourceFile
  readonly members: NodeArray<TypeElement>
}

function interfaceOf(path: string, name: string): Source {
  const text = readFileSync(resolve(path), 'utf8')
  return declared(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true), name)
}

function declared(file: SourceFile, name: string): Source {
  const found = file.statements.find(
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  )
  if (found === undefined) {
    throw new Error(`Cannot make the schemas: expected an interface ${name}, got none`)
  }
  return { file, members: (found as InterfaceDeclaration).members }
}

/** Gives every key of a schema the words that stand at the member of its name. */
function describe(schema: JsonSchema, source: Source): void {
  const record = mapValue(schema)
  if (record !== undefined) {
    const inner = source.members.find(ts.isIndexSignatureDeclaration)
    const below = inner && membersOf(inner.type, source)
    if (below !== undefined) describe(record, below)
  }
  for (const [key, member] of Object.entries(schema.properties ?? {})) {
    const found = source.members
      .filter(ts.isPropertySignature)
      .find(({ name }) => name.getText(source.file) === key)
    if (found === undefined) continue
    const words = wordsOf(found)
    if (words !== '') member['description'] = words
    const below = found.type && membersOf(found.type, source)
    if (below !== undefined) describe(member, below)
  }
}

/** The members of the type of a member, where it has some of its own. */
function membersOf(type: TypeNode, { file }: Source): Source | undefined {
  if (ts.isTypeLiteralNode(type)) return { file, members: type.members }
  return undefined
}

/** A docstring as plain text: each paragraph one line. */
function wordsOf(member: Node): string {
  const [doc] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc)
  const text = ts.getTextOfJSDocComment(doc?.comment) ?? ''
  return text.replaceAll(/(?<!\n)\n(?!\n)/g, ' ').trim()
}
