// A file to which another writer may have written, because the directory was lost for a while: what
// is ours in it, and that nothing is written before the directory is ours again.

import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import type { Claim } from '../../lib/directory/lock.ts'
import { makeDirectory } from '../../lib/directory/open.ts'
import { AppendFile } from '../../lib/sinks/append-file.ts'
import { FileSink } from '../../lib/sinks/file-sink.ts'
import { Patience } from '../../lib/sinks/disk-timeout.ts'
import { WriteProgress } from '../../lib/sinks/write-progress.ts'
import { logDirectory } from '../log-directory.ts'

/** A claim that a test takes away and gives back. */
class Contest implements Claim {
  tenure = 1
  /** Where the file ended when somebody else took over. */
  bound = Infinity
  /** Somebody else has the directory. */
  isLost = false
  /** What is known without a look. */
  #isKnown = false
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  hold(): void {
    makeDirectory(this.#directory)
    if (this.isLost) throw new Error('another has it')
    if (this.#isKnown) this.tenure++
    this.#isKnown = false
  }
  check(): boolean {
    this.#isKnown ||= this.isLost
    return !this.#isKnown
  }
  checkAfter(): boolean {
    return this.check()
  }
  boundOf(): number {
    return this.bound
  }
}

/** A promise, and what resolves it. */
function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve: () => resolve() }
}

const lines = 'ours 1\nours 2\nours 3\n'

describe('WriteProgress', () => {
  /** What of a piece is found to be written, when the file has got this. */
  function settled(
    t: TestContext,
    came: string,
    before = '',
    bound = Infinity,
  ): [WriteProgress, string] {
    const directory = logDirectory(t)
    makeDirectory(directory)
    const claim = new Contest(directory)
    const file = new AppendFile(directory, 'a.log', claim)
    file.open(false)
    const flight = new WriteProgress(Buffer.from(lines))
    if (before !== '') flight.append(file, before.length)
    flight.handed = lines.length
    appendFileSync(join(directory, 'a.log'), came)
    claim.isLost = true
    claim.bound = bound
    flight.settle(file)
    file.close()
    return [flight, readFileSync(join(directory, 'a.log'), 'utf8')]
  }

  for (const [what, came, written, late, before] of [
    ['nothing has come', '', 0, 0],
    ['only others have come', 'theirs 1\ntheirs 2\ntheirs 3\n', 0, 0],
    ['all of it came, before others', `${lines}theirs\n`, lines.length, 0],
    ['all of it came, after others', `theirs\n${lines}theirs\n`, lines.length, lines.length],
    ['a part of it came, before others', 'ours 1\nours \ntheirs\n', 7, 0],
    ['a part of it came, at the end', 'ours 1\nours 2\nou', 14, 0],
    ['a line of it came, torn', 'our\ntheirs\n', 0, 0],
    ['the rest of it came, before others', 's 1\nours 2\nours 3\ntheirs\n', lines.length, 0, 'our'],
    ['others came after half a line', '\ntheirs\n', 0, 0, 'our'],
    ['others came behind whole lines', 'theirs\n', 7, 0, 'ours 1\n'],
  ] as const) {
    test(`settle() knows what is written when ${what}`, (t) => {
      const [flight] = settled(t, came, before)
      assert.deepEqual([flight.written, flight.handed, flight.late], [written, written, late])
    })
  }

  for (const [what, came, written, takenBack, found, before] of [
    [
      'all of it came behind the end',
      `theirs\n${lines}theirs\n`,
      0,
      21,
      `theirs\n${' '.repeat(20)}\ntheirs\n`,
    ],
    ['all of it came at the end', lines, 0, 21, `${' '.repeat(20)}\n`],
    ['two lines of it came', 'ours 1\nours 2\nou', 0, 14, `${' '.repeat(13)}\nou`],
    ['the rest of a line came', 's 1\nours 2\nours 3\n', 0, 21, `${' '.repeat(20)}\n`, 'our'],
    ['nothing of it came', 'theirs\n', 0, 0, 'theirs\n'],
  ] as const) {
    test(`settle() takes back what came behind the end that another has noted: ${what}`, (t) => {
      const [flight, text] = settled(t, came, before, 0)
      assert.deepEqual(
        [flight.written, flight.handed, flight.takenBack, flight.late],
        [written, written, takenBack, 0],
      )
      assert.equal(text, found)
    })
  }

  test('settle() keeps what came before the end that another has noted', (t) => {
    const [flight, text] = settled(t, `${lines}theirs\n`, '', lines.length)
    assert.deepEqual([flight.written, flight.takenBack, flight.late], [lines.length, 0, 0])
    assert.equal(text, `${lines}theirs\n`)
    const [half, rest] = settled(t, `${lines}theirs\n`, '', 16)
    assert.deepEqual([half.written, half.takenBack, half.late], [14, 7, 0])
    assert.equal(rest, `ours 1\nours 2\n      \ntheirs\n`)
  })

  test('advance() believes nothing that came behind its look at the directory', (t) => {
    const directory = logDirectory(t)
    makeDirectory(directory)
    const claim = new Contest(directory)
    const file = new AppendFile(directory, 'a.log', claim)
    file.open(false)
    const flight = new WriteProgress(Buffer.from(lines))
    flight.handed = lines.length
    // Paused right behind the look, and taken over.
    claim.checkAfter = () => {
      claim.isLost = true
      claim.bound = 0
      appendFileSync(join(directory, 'a.log'), 'ours 1\n')
      claim.checkAfter = () => claim.check()
      return true
    }
    assert.equal(flight.advance(file), false)
    assert.deepEqual([flight.written, flight.pending], [0, lines.length])
    // A part of the piece: the rest is on its way.
    assert.equal(flight.advance(file), false)
    appendFileSync(join(directory, 'a.log'), 'ours 2\nours 3\n')
    assert.equal(flight.advance(file), true)
    assert.deepEqual([flight.written, flight.pending, flight.takenBack], [0, 0, lines.length])
    file.close()
  })

  test('append() that has come too late is no success, and is taken back', (t) => {
    const directory = logDirectory(t)
    makeDirectory(directory)
    const claim = new Contest(directory)
    const file = new AppendFile(directory, 'a.log', claim)
    file.open(false)
    const flight = new WriteProgress(Buffer.from(lines))
    flight.append(file, 7)
    // Paused between the look and the write.
    appendFileSync(join(directory, 'a.log'), 'theirs\n')
    claim.isLost = true
    claim.bound = 7
    assert.throws(() => flight.append(file, lines.length), /another writer had taken over/)
    assert.deepEqual([flight.written, flight.handed, flight.takenBack], [7, 7, 14])
    assert.equal(
      readFileSync(join(directory, 'a.log'), 'utf8'),
      `ours 1\ntheirs\n${' '.repeat(13)}\n`,
    )
    file.close()
  })

  test('settle() finds a piece behind megabytes of others', (t) => {
    const megabytes = `${'theirs '.repeat(99)}\n`.repeat(5_000)
    assert.equal(settled(t, `${megabytes}${lines}`)[0].late, lines.length)
  })
})

describe('FileSink', () => {
  function rig(t: TestContext) {
    const directory = logDirectory(t)
    const claim = new Contest(directory)
    const told: string[] = []
    const written = deferred()
    const failed = deferred()
    const sink = new FileSink(
      { directory, name: 'a.log', limitBytes: 1e6, keep: 2, synced: false, claim },
      {
        written: written.resolve,
        failed: ({ message }) => {
          told.push(message)
          failed.resolve()
        },
        fault: ({ message }) => told.push(`fault ${message}`),
        recovered: () => told.push('recovered'),
        rotated: () => told.push('rotated'),
        torn: () => told.push('torn'),
        late: (bytes, isTakenBack) => told.push(`late ${bytes} ${isTakenBack}`),
        refused: ({ message }) => told.push(message),
      },
    )
    sink.open()
    const textOf = (): string => readFileSync(join(directory, 'a.log'), 'utf8')
    return { directory, claim, told, sink, textOf, written, failed }
  }

  for (const isSync of [false, true]) {
    test(`${isSync ? 'writeSync()' : 'write()'} writes nothing while the directory is lost, and once when it is ours again`, async (t) => {
      const { claim, told, sink, textOf, written, failed } = rig(t)
      claim.isLost = true
      if (isSync) assert.equal(sink.writeSync(Buffer.from(lines), new Patience(false)), false)
      else sink.write(Buffer.from(lines))
      await failed.promise
      assert.deepEqual(told, ['another has it'])
      assert.equal(textOf(), '')
      claim.isLost = false
      sink.revisit()
      await written.promise
      assert.equal(textOf(), lines)
      assert.deepEqual(told, ['another has it', 'recovered'])
      await sink.close()
    })
  }

  test('goes on in the file that bears the name when others have put the old one aside', async (t) => {
    const { directory, claim, told, sink, textOf, written } = rig(t)
    assert.equal(sink.writeSync(Buffer.from('ours 0\n'), new Patience(false)), true)
    claim.isLost = true
    renameSync(join(directory, 'a.log'), join(directory, 'a.log.1'))
    appendFileSync(join(directory, 'a.log'), 'theirs\n')
    claim.check()
    claim.isLost = false
    sink.write(Buffer.from(lines))
    await written.promise
    assert.equal(textOf(), `theirs\n${lines}`)
    assert.equal(readFileSync(join(directory, 'a.log.1'), 'utf8'), 'ours 0\n')
    assert.deepEqual(told, [])
    await sink.close()
  })

  test('replace() has the rest of a batch under way written with other bytes', async (t) => {
    const { claim, sink, textOf, written, failed } = rig(t)
    claim.isLost = true
    sink.write(Buffer.from(lines))
    await failed.promise
    assert.equal(sink.isQuiet, true)
    assert.equal(sink.landed, 0)
    sink.replace(Buffer.from('ours 10\n'))
    claim.isLost = false
    sink.revisit()
    await written.promise
    assert.equal(textOf(), 'ours 10\n')
    await sink.close()
  })
})
