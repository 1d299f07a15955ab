// Files of lib/ with behaviour that no test of their name shows, and which tests do. A new file
// needs a test of its name, or a line here that says why another one shows what it does.

/** Files that are shown by tests of other names. */
export interface ShownElsewhere {
  readonly files: readonly string[]
  /** Below test/. One that imports nothing of lib/ starts the program. */
  readonly by: readonly string[]
  readonly because: string
}

export const shownElsewhere: readonly ShownElsewhere[] = [
  {
    files: [
      'redact/assigned-value.ts',
      'redact/assignment.ts',
      'redact/encoded-text.ts',
      'redact/field-value.ts',
      'redact/header-value.ts',
      'redact/name-grams.ts',
      'redact/named-tokens.ts',
      'redact/plain-value.ts',
      'redact/prose.ts',
      'redact/secret-assignments.ts',
      'redact/secret-blocks.ts',
      'redact/secret-commands.ts',
      'redact/secret-tables.ts',
      'redact/secret-urls.ts',
      'redact/spaced-value.ts',
      'redact/text-marks.ts',
      'redact/token-matcher.ts',
      'redact/token-runs.ts',
      'redact/value-extent.ts',
    ],
    by: ['redact/secret-text.test.ts', 'redact/corpus.test.ts'],
    because:
      'they are steps of one pass over a text: what one of them may mask hangs on what those before it have found, so each form of a secret is shown by mask() on whole texts',
  },
  {
    files: ['capture/lanes.ts'],
    by: ['capture/context.test.ts', 'capture/ring.test.ts'],
    because: 'whatever is captured is read back from them, and the ring has them wrap and grow',
  },
  {
    files: [
      'command/clean.ts',
      'command/config.ts',
      'command/show-lines.ts',
      'command/tail.ts',
      'command/target-directory.ts',
      'command/verify.ts',
    ],
    by: ['command/cli.process.ts', 'command/typed.process.ts'],
    because: 'they are the command as it is typed: exit codes, streams, signals',
  },
  {
    files: ['command/otlp.ts'],
    by: ['command/export.test.ts'],
    because: 'the test has OpenTelemetry’s own transformer as its judge, for the records of export',
  },
  {
    files: ['command/lnav.ts'],
    by: ['recipes/commands.recipe.ts'],
    because: 'lnav itself is the judge of its format',
  },
  {
    files: ['command/event-source.ts'],
    by: ['command/cli.process.ts'],
    because:
      'elsewhere than on Windows it says so; what it registers is event-source-registration.ts',
  },
  {
    files: ['command/tail-fleet.ts', 'command/verify-fleet.ts', 'ship/fleet-lines.ts'],
    by: ['ship/fleet-command.soak.ts'],
    because: 'they join the command with an engine, and the servers are real ones',
  },
  {
    files: ['config/config-watch.ts', 'logger/live-config.ts'],
    by: ['logger/watch.test.ts', 'logger/reload.test.ts'],
    because: 'what a change of the file comes to is seen in a logger that runs',
  },
  {
    files: ['config/instance.ts'],
    by: ['logger/instances.process.ts'],
    because: 'which instance it is, only a process of its own can say',
  },
  {
    files: ['config/schema.ts'],
    by: ['config/resolve.test.ts', 'config/validate.test.ts'],
    because: 'a schema is shown by what is checked with it',
  },
  {
    files: ['deliver/category.ts'],
    by: ['deliver/route.test.ts'],
    because: 'a category has its place and its last number by the file that it goes to',
  },
  {
    files: ['directory/clean-logs.ts'],
    by: ['directory/clean-directory.test.ts'],
    because: 'one deletes and compresses what the other finds',
  },
  {
    files: ['directory/lock-files.ts', 'directory/lock-owner.ts'],
    by: ['directory/lock.test.ts', 'directory/takeover.test.ts'],
    because: 'a lock is its files and its owner',
  },
  {
    files: ['directory/last-numbers.ts'],
    by: ['directory/checkpoint.test.ts', 'directory/takeover.test.ts', 'directory/open.test.ts'],
    because: 'the numbers go on from a checkpoint, and from the files behind it',
  },
  {
    files: ['encode/beside.ts', 'encode/key-role.ts'],
    by: ['encode/secret-list.test.ts'],
    because: 'names and values beside each other are shown where they are written',
  },
  {
    files: ['encode/line-template.ts'],
    by: ['encode/joined-fields.test.ts', 'logger/category-logger.test.ts'],
    because: 'what is decided before a call is seen in the line that the call makes',
  },
  {
    files: ['event/compile-encoder.ts', 'event/interpret.ts', 'event/plan.ts'],
    by: ['event/event-definition.test.ts', 'event/compile-capture.test.ts'],
    because:
      'generated code and what walks the plan are one thing twice: each test is run with both',
  },
  {
    files: [
      'journal/block.ts',
      'journal/definition.ts',
      'journal/journaled-ring.ts',
      'journal/layout.ts',
      'journal/record-writer.ts',
      'journal/restore.ts',
    ],
    by: ['journal/codec.test.ts'],
    because: 'bytes that are written are shown by reading them, whatever was done to them',
  },
  {
    files: [
      'journal/entries-in-files.ts',
      'journal/journal.ts',
      'journal/recover.ts',
      'logger/shared-ring.ts',
    ],
    by: ['journal/ring-file.process.ts'],
    because: 'they are for what a process leaves that was killed',
  },
  {
    files: [
      'logger/begin-writer.ts',
      'logger/handed.ts',
      'logger/take-over.ts',
      'thread/control.ts',
      'thread/hand.ts',
      'thread/handed-ring.ts',
      'thread/messages.ts',
      'thread/writer.ts',
    ],
    by: ['thread/writer-thread.process.ts'],
    because: 'two threads share the ring: each alone does nothing that can be seen',
  },
  {
    files: ['logger/event-calls.ts', 'logger/oversize.ts'],
    by: ['logger/odd-call.test.ts', 'encode/line-limit.test.ts'],
    because: 'they are what a call of another kind, or one that is too large, comes to',
  },
  {
    files: [
      'logger/shown.ts',
      'logger/stdout-place.ts',
      'sinks/stdout-copies.ts',
      'sinks/stdout-target.ts',
    ],
    by: ['sinks/stdout.process.ts'],
    because: 'standard output is that of a process: a pipe, a terminal, a socket, a file',
  },
  {
    files: ['pino/call.ts'],
    by: ['pino/pino-logger.test.ts'],
    because: 'a call is shown by the entry that it makes, beside that of pino',
  },
  {
    files: [
      'read/base-files.ts',
      'read/cursor-logs.ts',
      'read/history.ts',
      'read/one-log.ts',
      'read/query.ts',
      'read/resume.ts',
      'read/time-order.ts',
    ],
    by: ['read/read-logs.test.ts', 'read/cursor.test.ts', 'read/merge.test.ts'],
    because: 'they are streamLogs(): its files, its order, its beginning and its end',
  },
  {
    files: ['read/log-file.ts'],
    by: ['read/read-lines.test.ts', 'read/tail-series.test.ts'],
    because: 'a file that is open is shown by the lines that are read from it',
  },
  {
    files: ['read/passed-files.ts'],
    by: ['read/stream-batches.test.ts'],
    because: 'which files are passed over is seen in the batches that come',
  },
  {
    files: ['ship/client.ts'],
    by: ['ship/engines.test.ts'],
    because: 'it is how an engine’s package is loaded, and what is said when it is missing',
  },
  {
    files: ['ship/engine.ts', 'ship/log-shipper.ts', 'ship/pass.ts'],
    by: ['ship/ship-logs.test.ts'],
    because: 'they are ship() against an engine in memory',
  },
  {
    files: [
      'ship/first-answer.ts',
      'ship/nats-connection.ts',
      'ship/nats-stream.ts',
      'ship/nats.ts',
      'ship/postgres-reader.ts',
      'ship/postgres-table.ts',
      'ship/postgres.ts',
    ],
    by: ['ship/ship.soak.ts', 'ship/fleet.soak.ts', 'ship/access.soak.ts'],
    because:
      'what a server answers, only the server can say: real ones, which are killed meanwhile',
  },
]
