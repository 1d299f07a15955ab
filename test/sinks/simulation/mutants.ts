// Ways to break the sink by one line, each of which an exploration has to find. Some are faults
// that it had.

import { transformSync } from 'esbuild'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export interface Mutant {
  readonly breaks: string
  readonly file: string
  /** Text that stands in its source once; blanks and semicolons may be others. */
  readonly from: string
  readonly to: string
  /** The variant in which it shows. */
  readonly variant: string
}

export const mutants: readonly Mutant[] = [
  {
    breaks: 'a short write counts as whole',
    file: 'write-progress.js',
    from: 'growth < this.pending',
    to: 'growth < 0',
    variant: 'open and write fail, and are short',
  },
  {
    breaks: 'a piece counts, however little of it has come to the file',
    file: 'append-file.js',
    from: 'Number(stat.size) === this.size + bytes',
    to: 'true',
    variant: 'open and write fail, and are short',
  },
  {
    breaks: 'what was written to a removed file counts',
    file: 'write-progress.js',
    from: "if (whereabouts === 'removed')",
    to: 'if (false)',
    variant: 'tampering',
  },
  {
    breaks: 'what has landed of a piece that failed is written again',
    file: 'write-progress.js',
    from: "file.whereabouts() !== 'removed'",
    to: 'false',
    variant: 'looks fail',
  },
  {
    breaks: 'a line goes on in another file',
    file: 'write-progress.js',
    from: 'isRemoved ? this.#before : this.#lineStart',
    to: 'isRemoved ? this.#before : this.written',
    variant: 'tampering, and writes fail',
  },
  {
    breaks: 'what others have cut off is not seen',
    file: 'file-sink.js',
    from: 'if (written === 0)\n                this.#file.look();',
    to: '',
    variant: 'tampering, and writes fail',
  },
  {
    breaks: 'a batch is cut in the middle of a line',
    file: 'rotation.js',
    from: 'bytes.lastIndexOf(lineEnd, from + room - 1) + 1',
    to: 'from + room',
    variant: 'no faults',
  },
  {
    breaks: 'a failed sink does not try again',
    file: 'file-sink.js',
    from: 'setTimeout(() => this.#reopen(), this.#retryMs)',
    to: 'setTimeout(() => {}, this.#retryMs)',
    variant: 'open and write fail, and are short',
  },
  {
    breaks: 'the stream goes on with the file that was put aside',
    file: 'file-sink.js',
    from: 'this.#stale = true;\n        if (flight !== undefined)',
    to: 'if (flight !== undefined)',
    variant: 'no faults',
  },
  {
    breaks: 'the synchronous path does not wait for the thread pool',
    file: 'file-sink.js',
    from: 'if (!this.#landed(flight, patience) || ',
    to: 'if (',
    variant: 'no faults',
  },
  {
    breaks: 'a batch is acknowledged before it is on the device',
    file: 'file-sink.js',
    from: 'this.#isSynced && flight.synced < written;',
    to: 'false;',
    variant: 'synced',
  },
  {
    breaks: 'an fdatasync is believed after one has failed',
    file: 'file-sink.js',
    from: 'this.#doubtful = !this.#doubtful;',
    to: 'this.#doubtful = false;',
    variant: 'synced',
  },
  {
    breaks: 'an fdatasync is believed while one is under way',
    file: 'file-sink.js',
    from: "if (this.#state !== 'syncing')\n            return",
    to: 'return',
    variant: 'synced',
  },
  {
    breaks: 'what is written once more may be in a file without a name',
    file: 'append-file.js',
    from: 'refusal = await this.#writeThrough(bytes) } return refusal ?? this.#syncNames(opened)',
    to: 'refusal = await this.#writeThrough(bytes) } return refusal',
    variant: 'synced',
  },
  {
    breaks: 'a stream is not told of the end',
    file: 'file-sink.js',
    from: 'this.#stream.end();\n        });',
    to: 'resolve();\n        });',
    variant: 'no faults',
  },
  {
    breaks: 'a directory that another writer has is written to',
    file: 'file-sink.js',
    from: '!flight.isWhole && !this.#file.isHeld',
    to: 'false',
    variant: 'another writer',
  },
  {
    breaks: 'the synchronous path writes to a directory that another writer has',
    file: 'file-sink.js',
    from: '!isOpen || !this.#file.isHeld || ',
    to: '!isOpen || ',
    variant: 'another writer',
  },
  {
    breaks: 'the synchronous path writes to a removed file',
    file: 'file-sink.js',
    from: "!this.#file.isHeld || this.#file.whereabouts() !== 'ours'",
    to: '!this.#file.isHeld',
    variant: 'tampering',
  },
  {
    breaks: 'half a line stays where the system lets the file grow no further',
    file: 'file-sink.js',
    from: 'flight?.takeBackLine(this.#file);',
    to: '',
    variant: 'EFBIG',
  },
  {
    breaks: 'a file that works again does not say so',
    file: 'file-sink.js',
    from: 'this.#events.recovered();',
    to: '',
    variant: 'open and write fail, and are short',
  },
  {
    breaks: 'a disk that does not answer holds up the end',
    file: 'file-sink.js',
    from: 'if (!isSilent)\n            await',
    to: 'await',
    variant: 'no faults',
  },
  {
    breaks: 'the synchronous path acknowledges before the batch is on the device',
    file: 'file-sink.js',
    from: '}\n            return this.#syncNow(flight, patience);',
    to: '}\n            return true;',
    variant: 'synced',
  },
  {
    breaks: 'a file is put aside before it is on the device',
    file: 'file-sink.js',
    from: 'isUnsynced && (end === written || this.#stale || this.#doubtful)',
    to: 'isUnsynced && flight.isWhole',
    variant: 'synced',
  },
  {
    breaks: 'the synchronous path puts a file aside before it is on the device',
    file: 'file-sink.js',
    from: 'else if (this.#syncNow(flight, patience))',
    to: 'else if (true)',
    variant: 'synced',
  },
  {
    breaks: 'what the device refuses twice stays in the old file, and comes to the next one too',
    file: 'file-sink.js',
    from: 'flight.takeBack(this.#file);\n            this.#rotation',
    to: 'flight.written = flight.handed = flight.synced;\n            this.#rotation',
    variant: 'synced, everything',
  },
  {
    breaks: 'what is not on the device of a file that is gone is not written again',
    file: 'write-progress.js',
    from: 'isSynced ? Math.min(whole, this.synced) : whole',
    to: 'whole',
    variant: 'another writer, and synced',
  },
  {
    breaks: 'an fdatasync is believed when the directory is lost, after one has failed',
    file: 'file-sink.js',
    from: 'if (this.#doubtful || this.#syncing !== undefined)',
    to: 'if (false)',
    variant: 'another writer, and synced',
  },
  {
    breaks: 'what is being written once more goes on when the directory is lost',
    file: 'append-file.js',
    from: "if (!this.isHeld)\n            throw new Error('another",
    to: "if (false)\n            throw new Error('another",
    variant: 'another writer, and synced',
  },
  {
    breaks: 'a descriptor is left open',
    file: 'file-sink.js',
    from: 'this.#file.close();',
    to: '',
    variant: 'no faults',
  },
  {
    breaks: 'a timer is left',
    file: 'file-sink.js',
    from: 'clearTimeout(this.#retryTimer);',
    to: '',
    variant: 'open and write fail, and are short',
  },
]

/**
 * Makes a copy of the compiled library with the line broken; what is done with it ends before it is
 * removed.
 */
export async function withMutant<T>(
  lib: string,
  { file, from, to }: Mutant,
  work: (lib: string) => Promise<T>,
): Promise<T> {
  const copy = mkdtempSync(join(lib, '../mutant-'))
  try {
    cpSync(lib, copy, { recursive: true })
    const source = readFileSync(resolve('lib/sinks', file.replace(/js$/, 'ts')), 'utf8')
    const parts = source.split(patternOf(from))
    if (parts.length !== 2) {
      throw new Error(`Cannot break ${file}: expected ${from} once, got ${parts.length - 1}`)
    }
    const { code } = transformSync(parts.join(to), {
      loader: 'ts',
      format: 'esm',
      target: 'es2023',
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    })
    const ofNeighbour = /(?<=\bfrom ["'])(\.{1,2}\/[^"'\n]+)\.ts(?=["'])/g
    writeFileSync(join(copy, 'sinks', file), code.replaceAll(ofNeighbour, '$1.js'))
    return await work(copy)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

function patternOf(text: string): RegExp {
  const words = text.split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(words.map((word) => word.replaceAll(';', ';?')).join('\\s*'))
}
