// No library: JSON.stringify into rotating-file-stream, which ringlog stands on, and into
// fs.writeSync. What one would write by hand.

import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createStream } from 'rotating-file-stream'
import { account, enforcementContext, message, smallContext, smallMessage } from '../workload.ts'
import type { Subject, SubjectOptions } from './subject.ts'

export function openRotatingFileStream({ directory, rotation }: SubjectOptions): Subject {
  const stream = createStream('bench.log', {
    path: directory,
    ...(rotation && { size: '50M', rotate: 100 }),
  })
  return {
    entry: (i) => {
      stream.write(lineOf(message, account, enforcementContext(i)))
    },
    message: () => {
      stream.write(lineOf(message, undefined, undefined))
    },
    small: (i) => {
      stream.write(lineOf(smallMessage, undefined, smallContext(i)))
    },
    end: () =>
      new Promise((resolve, reject) => {
        stream.once('error', reject)
        stream.end(resolve)
      }),
  }
}

export function openWriteSync({ directory }: SubjectOptions): Subject {
  const file = openSync(join(directory, 'bench.log'), 'a')
  return {
    entry: (i) => {
      writeSync(file, lineOf(message, account, enforcementContext(i)))
    },
    message: () => {
      writeSync(file, lineOf(message, undefined, undefined))
    },
    small: (i) => {
      writeSync(file, lineOf(smallMessage, undefined, smallContext(i)))
    },
    end: async () => {
      closeSync(file)
    },
  }
}

/** The line which the others write, by hand. */
export function lineOf(
  text: string,
  accountId: string | undefined,
  context: object | undefined,
): string {
  const entry = {
    timestamp: new Date().toISOString(),
    level: 'INFO',
    category: 'enforcement',
    account_id: accountId,
    message: text,
    context,
  }
  return `${JSON.stringify(entry)}\n`
}
