// The configuration in the words of `system.json`, and the same with all defaults filled in.
//
// The interfaces carry the words, which an editor shows; the schema carries the checks; and the
// compiler ties the two: a schema that drifts from `LoggingConfig` does not compile.

import { Type, type Static, type TProperties, type TSchema } from 'typebox'
import type { BuiltinCategory } from '../entry/builtin-categories.ts'
import { type Level, type LevelName, levelsMeant, thresholdsMeant } from '../entry/level.ts'
import type { Rule } from './validate.ts'

/** The `logging` section of `system.json`. Every key is optional. */
export interface LoggingConfig {
  /**
   * The lowest level that is written: `debug`, `info`, `warning`, `error` or `critical`.
   *
   * @default 'info'
   */
  readonly log_level?: Level
  /**
   * The lowest level of single categories, in place of `log_level`: `{ "sdk": "debug" }`. `off`:
   * nothing is logged.
   *
   * @default {}
   */
  readonly levels?: ByCategory<Level | 'off' | 'OFF'>
  /**
   * The directory of the log files; made if it is missing, with mode 0700. A `~` at the start is
   * the user's home. A relative path starts at the directory of the file that says so, else at the
   * working directory. `{instance}` is the number of this one among several that run the same
   * program (NODE_APP_INSTANCE, which PM2 sets; that of a cluster's worker; that of a worker
   * thread; else 0), `{host}` and `{pid}` what they say: a directory has one writer. Nothing else
   * is filled in: variables, the `~` of other users and URLs are refused. `null`: no files at all,
   * the entries go to `stdout`, which must not be `off` then.
   *
   * @default '~/.risk_manager/logs/'
   */
  readonly log_path?: string | null
  /** When a file is set aside for a new one, and how many such files are kept. */
  readonly rotation?: {
    /**
     * A file is rotated before it would grow larger than this. Mebibytes (1024 × 1024 bytes),
     * integer, 1 to 500.
     *
     * @default 50
     */
    readonly max_size_mb?: number
    /**
     * Rotated files kept for each log file; the oldest is deleted when one more comes. Integer, 1
     * to 100.
     *
     * @default 10
     */
    readonly max_files?: number
    /**
     * Whether rotated files are compressed: `system.log.1.gz`.
     *
     * @default false
     */
    readonly compress?: boolean
    /**
     * A file whose first entry is older is rotated, also one to which nothing is written; an empty
     * one is not. Hours, integer, 1 to 8784; null: whatever its age.
     *
     * @default null
     */
    readonly max_age_hours?: number | null
    /**
     * What all files of the log may come to: above it the oldest rotated files are deleted, those
     * of the audit last; live files never are. Mebibytes, integer, 1 to 1073741824; null: any
     * number.
     *
     * @default null
     */
    readonly max_total_mb?: number | null
    /**
     * Whether a rotated file beyond `max_files` stays while it holds entries that `ringlog ship`
     * has not sent yet: up to 100 of each file, and up to `max_total_mb` and `retention_days`,
     * which hold in any case. What is deleted all the same is told.
     *
     * @default false
     */
    readonly keep_unshipped?: boolean
  }
  /**
   * Rotated files older than this are deleted. Days, integer, 1 to 365.
   *
   * @default 90
   */
  readonly retention_days?: number
  /**
   * `true`: one JSON object per line. `false`: lines for people, without the context.
   *
   * @default true
   */
  readonly structured_format?: boolean
  /**
   * What goes to stderr, from WARNING up: `fallback` writes there while a file cannot be written,
   * `always` also while it can, `off` never.
   *
   * @default 'fallback'
   */
  readonly console?: 'fallback' | 'always' | 'off'
  /**
   * Who may read the files, and write to them: `0600` nobody else, `0640` the group, `0644` all;
   * `0660` lets the group write. The directory gets the bits that go with it: 0700, 0750, 0755,
   * 0770.
   *
   * @default '0600'
   */
  readonly file_mode?: '0600' | '0640' | '0660' | '0644'
  /**
   * The lowest level that goes to stderr: `debug`, `info`, `warning`, `error` or `critical`.
   *
   * @default 'warning'
   */
  readonly console_level?: Level
  /**
   * What goes to stdout, beside the files: `json`, the lines as they are in the files; `human`,
   * lines for a developer, with milliseconds, context and exception, coloured on a terminal;
   * `off`, nothing. Each entry once, also those that are in `error.log` as well. It is never waited
   * for: what nobody takes waits in memory, `buffer.bytes` at most, and is then lost there, counted
   * in `stats().stdout_lost`. Where the journal of systemd reads it, each line has its priority.
   *
   * @default 'off'
   */
  readonly stdout?: 'off' | 'json' | 'human'
  /**
   * The lowest level that goes to stdout beside files, of what `log_level` and `levels` let
   * through: `debug`, `info`, `warning`, `error` or `critical`.
   *
   * @default 'debug': all that is logged
   */
  readonly stdout_level?: Level
  /**
   * How long a logger whose directory another one holds waits for it, its entries kept in memory,
   * before its files count as failed; it still takes over when it can. Seconds, integer, 0 to 3600.
   * 0: `createLogger` throws a `LockedError` at once.
   *
   * @default 30
   */
  readonly lock_wait_s?: number
  /**
   * The file is read again when its content changes, as `Logger.reload` does it; a wrong one
   * changes nothing, and is one entry of level WARNING with every problem. Only in a file: an
   * object cannot be watched. Whether it is watched does not change while the logger runs.
   *
   * @default false
   */
  readonly watch?: boolean
  /**
   * A storm of one and the same call is folded into its first entry, an entry that tells how many
   * were folded and from when to when, and its last entry. The same call: category, level, and
   * message; of a typed event the event, whatever its message is filled in with. What the folded
   * ones had in their contexts is not written; `stats().folded` counts them.
   */
  readonly repetition?: {
    /**
     * How long a call is folded after the first of its kind; then the next one is a first again.
     * `flush()`, `close()` and every exit write at once what is held. Seconds, integer, 0 to 60. 0:
     * nothing is folded.
     *
     * @default 0
     */
    readonly fold_s?: number
    /**
     * So many of the same call are written whole, before folding begins. Integer, 1 to 1000000.
     *
     * @default 1
     */
    readonly burst?: number
    /**
     * The highest level that is folded: `debug`, `info`, `warning`, `error` or `critical`.
     *
     * @default 'warning'
     */
    readonly max_level?: Level
    /**
     * Categories of which nothing is folded. Those with `durability` `written` never are: each of
     * their entries is in the operating system when its call returns.
     *
     * @default ['audit']
     */
    readonly except?: readonly string[]
  }
  /** The Windows Event Log. Without effect on other systems. */
  readonly windows_event_log?: {
    /**
     * Whether grave entries are reported there.
     *
     * @default true
     */
    readonly enabled?: boolean
    /**
     * `true`: CRITICAL entries only. `false`: WARNING, ERROR and CRITICAL.
     *
     * @default true
     */
    readonly log_critical_only?: boolean
    /**
     * The name of the event source: 1 to 212 characters, no backslash.
     *
     * @default 'RiskManagerDaemon'
     */
    readonly source?: string
  }
  /**
   * Which keys name a secret, beyond those that are known. Compared without case and punctuation,
   * at any depth, and within strings as well: `broker_pin=1234`. Each is the name of a key, no path
   * and no pattern.
   */
  readonly redact?: {
    /**
     * Further keys whose values are never written.
     *
     * @default []
     */
    readonly keys?: readonly string[]
    /**
     * Keys whose values are written though they look like a secret. Wins over `keys`.
     *
     * @default []
     */
    readonly allow?: readonly string[]
  }
  /**
   * Further categories by name; names of categories and files match `^[a-z0-9][a-z0-9._-]{0,63}$`.
   * Several categories may share a file, also a built-in one.
   *
   * @default {}
   */
  readonly categories?: {
    readonly [category: string]: {
      /**
       * The name of the category's file, within `log_path`. It does not end like a rotated,
       * compressed, temporary or lock file.
       *
       * @default the category's name with `.log`
       */
      readonly file?: string
    }
  }
  /**
   * What a category's entries survive. `buffered`: a normal end and an uncaught exception.
   * `written`: also SIGKILL, since each is in the operating system before its call returns.
   * `synced`: also a power loss, once `flush()` has resolved.
   *
   * @default 'buffered' for every category
   */
  readonly durability?: ByCategory<'buffered' | 'written' | 'synced'>
  /** How much may wait to be written, and what happens when that is not enough. */
  readonly buffer?: {
    /**
     * Entries that may wait. Integer, 64 to 4194304.
     *
     * @default 65536
     */
    readonly entries?: number
    /**
     * What these may come to. Bytes, integer, 65536 (64 KiB) to 4294967296 (4 GiB).
     *
     * @default 67108864 (64 MiB)
     */
    readonly bytes?: number
    /**
     * A larger entry has its longest strings cut, each with a mark of how much is missing. Bytes,
     * integer, 1024 (1 KiB) to 268435456 (256 MiB), at most `bytes`.
     *
     * @default 16777216 (16 MiB), or `bytes` if that is less
     */
    readonly entry_bytes?: number
    /**
     * What a call does when the buffer is full. `block`: writes synchronously, and loses nothing
     * while the disk answers. `drop_new`: drops the entry. `drop_old`: drops the oldest. What is
     * dropped is counted and reported in the file.
     *
     * @default 'block'
     */
    readonly on_full?: 'block' | 'drop_new' | 'drop_old'
    /**
     * How long an entry below ERROR may wait for company before it is written. Milliseconds,
     * integer, 0 to 1000. ERROR and above, 64 KiB of entries, `flush()`, `written`, `synced` and
     * the exit do not wait.
     *
     * @default 50
     */
    readonly flush_ms?: number
    /**
     * Where entries wait. `memory`: in the memory of the process. `shared`: in shared memory as
     * well, on Linux, with the package koffi: nothing accepted is lost when the process is killed,
     * and the next start writes it.
     *
     * @default 'memory'
     */
    readonly ring?: 'memory' | 'shared'
    /**
     * Who makes lines and writes them. `inline`: the thread that logs, in turns of its event loop.
     * `thread`: a worker thread; the one that logs pays for the call alone. With files of JSON
     * lines; on Windows without `windows_event_log`.
     *
     * @default 'inline'
     */
    readonly writer?: 'inline' | 'thread'
  }
  /** Where an editor finds the JSON Schema of the section. Not looked at. */
  readonly $schema?: string
}

/** A value for single categories: an editor completes the names that are known. */
export type ByCategory<Value, Configured extends string = never> = {
  readonly [category: string]: Value
} & { readonly [category in BuiltinCategory | Configured]?: Value }

/** A {@link LoggingConfig} that was checked, with every default filled in. */
export interface ResolvedConfig {
  /** Lower case. */
  readonly log_level: Lowercase<LevelName>
  /** The configured ones only, lower case: the others have `log_level`. */
  readonly levels: { readonly [category: string]: Lowercase<LevelName> | 'off' }
  /**
   * Absolute, `{instance}` and the like not filled in; as it was configured where there is no home
   * for its `~`, or no working directory to start at. Null: no files.
   */
  readonly log_path: string | null
  readonly rotation: Required<NonNullable<LoggingConfig['rotation']>>
  readonly retention_days: number
  readonly file_mode: NonNullable<LoggingConfig['file_mode']>
  readonly lock_wait_s: number
  readonly watch: boolean
  readonly structured_format: boolean
  readonly console: NonNullable<LoggingConfig['console']>
  /** Lower case. */
  readonly console_level: Lowercase<LevelName>
  readonly stdout: NonNullable<LoggingConfig['stdout']>
  /** Lower case. */
  readonly stdout_level: Lowercase<LevelName>
  readonly repetition: Omit<Required<NonNullable<LoggingConfig['repetition']>>, 'max_level'> & {
    /** Lower case. */
    readonly max_level: Lowercase<LevelName>
  }
  readonly windows_event_log: Required<NonNullable<LoggingConfig['windows_event_log']>>
  readonly redact: Required<NonNullable<LoggingConfig['redact']>>
  /** The configured ones only, not the built-in ones. */
  readonly categories: { readonly [category: string]: { readonly file: string } }
  /** The configured ones only: the others are `buffered`. */
  readonly durability: NonNullable<LoggingConfig['durability']>
  readonly buffer: Required<NonNullable<LoggingConfig['buffer']>>
}

/**
 * Identity of types, which no conditional without type parameters can tell from mere assignability.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what tells identity
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T

/** Names of categories are for the editor: what is checked is any name's value. */
type AnyCategory<Config> = {
  [Key in keyof Config]: Key extends 'levels' | 'durability'
    ? { readonly [category: string]: NonNullable<Config[Key]>[keyof NonNullable<Config[Key]>] }
    : Config[Key]
}

/** Ties a schema to the interface it checks. */
const schemaOf =
  <T>() =>
  <S extends TSchema>(schema: Same<DeepReadonly<Static<S>>, T> extends true ? S : never): TSchema =>
    schema

const section = <P extends TProperties>(properties: P) =>
  Type.Partial(Type.Object(properties, { additionalProperties: false }))
const levels = 'one of debug, info, warning, error, critical'
const level = Type.Enum(
  [
    'debug',
    'info',
    'warning',
    'error',
    'critical',
    'DEBUG',
    'INFO',
    'WARNING',
    'ERROR',
    'CRITICAL',
  ],
  { description: levels, meant: levelsMeant },
)
const threshold = Type.Enum(
  [
    'debug',
    'info',
    'warning',
    'error',
    'critical',
    'off',
    'DEBUG',
    'INFO',
    'WARNING',
    'ERROR',
    'CRITICAL',
    'OFF',
  ],
  { description: `${levels}, off`, meant: thresholdsMeant },
)
const stdoutMeant = { ndjson: 'json', pretty: 'human', text: 'human', none: 'off' }
const integer = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum })
const integerOrNull = (minimum: number, maximum: number) =>
  Type.Union([integer(minimum, maximum), Type.Null()], {
    description: `an integer from ${minimum} to ${maximum}, or null`,
  })
/** A key's own name: a path or a wildcard would match nothing, and nobody would know. */
const keyName = Type.String({
  pattern: '^(?=[_ $-]*[A-Za-z0-9\\u00aa-\\uffff])[\\w $\\u00aa-\\uffff-]+$',
  description: 'the name of a key: letters, digits, spaces, _, - and $ (no path, no wildcard)',
})
const keys = Type.Array(keyName, {
  maxItems: 10_000,
  description: 'an array of strings, at most 10000',
})

/**
 * What each key may hold; TypeBox makes it, and none of its types get out. Where a `description`
 * stands, it is the "expected" of the error.
 */
export const loggingSchema: Rule = schemaOf<AnyCategory<LoggingConfig>>()(
  section({
    log_level: level,
    levels: Type.Record(Type.String(), threshold),
    log_path: Type.Union([Type.String({ pattern: '^[^\\0]+$' }), Type.Null()], {
      description: 'a non-empty string without NUL, or null',
    }),
    rotation: section({
      max_size_mb: integer(1, 500),
      max_files: integer(1, 100),
      compress: Type.Boolean(),
      max_age_hours: integerOrNull(1, 8_784),
      max_total_mb: integerOrNull(1, 1_073_741_824),
      keep_unshipped: Type.Boolean(),
    }),
    retention_days: integer(1, 365),
    file_mode: Type.Enum(['0600', '0640', '0660', '0644'], {
      meant: { 600: '0600', 640: '0640', 660: '0660', 644: '0644' },
    }),
    lock_wait_s: integer(0, 3_600),
    watch: Type.Boolean(),
    structured_format: Type.Boolean(),
    console: Type.Enum(['fallback', 'always', 'off']),
    console_level: level,
    stdout: Type.Enum(['off', 'json', 'human'], { meant: stdoutMeant }),
    stdout_level: level,
    repetition: section({
      fold_s: integer(0, 60),
      burst: integer(1, 1_000_000),
      max_level: level,
      except: Type.Array(Type.String(), {
        maxItems: 10_000,
        description: 'an array of names of categories, at most 10000',
      }),
    }),
    windows_event_log: section({
      enabled: Type.Boolean(),
      log_critical_only: Type.Boolean(),
      source: Type.String({
        pattern: '^[^\\0\\\\]{1,212}$',
        description: 'a name of 1 to 212 characters without backslash',
      }),
    }),
    redact: section({ keys, allow: keys }),
    categories: Type.Record(Type.String(), section({ file: Type.String() })),
    durability: Type.Record(Type.String(), Type.Enum(['buffered', 'written', 'synced'])),
    buffer: section({
      entries: integer(64, 4_194_304),
      bytes: integer(65_536, 4_294_967_296),
      entry_bytes: integer(1_024, 268_435_456),
      on_full: Type.Enum(['block', 'drop_new', 'drop_old']),
      flush_ms: integer(0, 1_000),
      ring: Type.Enum(['memory', 'shared']),
      writer: Type.Enum(['inline', 'thread']),
    }),
    $schema: Type.String(),
  }),
)
