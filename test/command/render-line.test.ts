import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineShower } from '../../lib/command/render-line.ts'
import type { LogEntry } from '../../lib/index.ts'
import type { LogLine } from '../../lib/read/time-order.ts'

const entry: LogEntry = {
  timestamp: '2025-10-17T14:23:45.123+00:00',
  level: 'INFO',
  category: 'system',
  message: 'm\u001b',
}
const human = '[2025-10-17 14:23:45] INFO  | system      | m'
const line = (raw: string, file = 'a.log', of?: LogEntry): LogLine => ({
  raw,
  entry: of,
  file,
  offset: 0,
  cursor: '',
})

function shown(lines: readonly LogLine[], options = {}): string[] {
  const shower = new LineShower(options)
  return lines.map((each) => [...shower.show(each)].join(''))
}

test('LineShower shows an entry as its human line, with the log it is of where there are several', () => {
  const [one, other] = shown([line('{}', 'a.log', entry), line('{}', 'web-3/a.log', entry)])
  assert.equal(one, `${human}\\x1b\n`)
  assert.match(other!, /web-3/)
})

test('LineShower shows human lines, and what is indented below them, as they are', () => {
  assert.deepEqual(
    shown([
      line('    at x'),
      line(human),
      line('    at x\u001b'),
      line('    at x', 'b.log'),
      line('    at y', 'a.log.1'),
      line('torn'),
      line('    at z'),
    ]),
    [
      '[not an entry] a.log:     at x\n',
      `${human}\n`,
      '    at x\\x1b\n',
      '[not an entry] b.log:     at x\n',
      '    at y\n',
      '[not an entry] a.log: torn\n',
      '[not an entry] a.log:     at z\n',
    ],
  )
  const [colored] = shown([line('torn')], { color: true })
  assert.ok(colored!.startsWith('\u001b[33m[not an entry]'), colored)
})
