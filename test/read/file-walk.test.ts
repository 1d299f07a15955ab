import { strict as assert } from 'node:assert'
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { filesByBase, nameOf } from '../../lib/directory/names.ts'
import { Descriptors } from '../../lib/read/descriptors.ts'
import { walkFiles } from '../../lib/read/file-walk.ts'
import { Remarks } from '../../lib/read/remark.ts'
import { logDirectory } from '../log-directory.ts'

const base = 'system.log'

test('walkFiles() gives the files in their order, however many rotations come between two steps', (t) => {
  const parent = logDirectory(t)
  const rotationsBefore = fc.array(fc.nat(4), { maxLength: 12 })
  fc.assert(
    fc.property(rotationsBefore, fc.integer({ min: 0, max: 4 }), (rotations, known) => {
      const directory = join(parent, 'each')
      rmSync(directory, { recursive: true, force: true })
      mkdirSync(directory, { recursive: true })
      let made = 0
      const write = (): void => writeFileSync(join(directory, base), `file ${made++}\n`)
      const rotate = (): void => {
        for (const { name, index } of filesByBase(readdirSync(directory)).get(base)!) {
          renameSync(join(directory, name), join(directory, nameOf(base, index + 1, false)))
        }
        write()
      }
      write()
      for (let i = 0; i < 4; i++) rotate()
      const ages: number[] = []
      const steps = rotations.values()
      const logs = walkFiles({
        directory,
        base,
        how: 'open',
        descriptors: new Descriptors(),
        remarks: new Remarks(({ text }) => assert.fail(text)),
        isKnown: (log) => {
          for (let left = steps.next().value ?? 0; left > 0; left--) rotate()
          return Number(log.head().toString().slice(5)) < known
        },
      })
      for (const log of logs) {
        ages.push(Number(log.head().toString().slice(5)))
        log.close()
      }
      assert.deepEqual(
        ages,
        Array.from({ length: made - known }, (_, i) => known + i),
      )
    }),
  )
})
