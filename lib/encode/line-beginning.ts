// The first bytes of a line, its timestamp included. Consecutive entries mostly have the second in
// common: then three digits are written anew, in place. At 1 000 entries a second each has a
// millisecond of its own, and making the whole anew was a quarter of what an entry took (Node 20,
// 2026-11).

import { isoOf } from '../entry/clock.ts'
import { beforeValue } from '../entry/line.ts'
import { readyText, type ReadyText } from './json-bytes.ts'

const zone = '+00:00'
const zero = 0x30

/** `{"timestamp":"2026-11-28T10:00:00.123+00:00`: ISO 8601 in UTC, with milliseconds. */
export class LineBeginning {
  #time = NaN
  #second = NaN
  #text = readyText('')
  #bytes: Uint8Array = new Uint8Array(0)

  /**
   * The beginning of a line of this moment; it is valid until the next call.
   *
   * @param time Milliseconds since 1970.
   * @throws {RangeError} when that is no moment.
   */
  at(time: number): ReadyText {
    if (time === this.#time) return this.#text
    // As the text of a date has it: a fraction of a millisecond is left out.
    const whole = Math.trunc(time)
    const second = Math.floor(whole / 1000)
    if (second === this.#second) {
      this.#setMilliseconds(whole - second * 1000)
    } else {
      this.#text = readyText(`${beforeValue.timestamp}${isoOf(time).slice(0, -1)}${zone}`)
      this.#bytes = new Uint8Array(this.#text.words.buffer)
      this.#second = second
    }
    this.#time = time
    return this.#text
  }

  #setMilliseconds(milliseconds: number): void {
    const at = this.#text.length - zone.length - 3
    const bytes = this.#bytes
    bytes[at] = zero + Math.floor(milliseconds / 100)
    bytes[at + 1] = zero + (Math.floor(milliseconds / 10) % 10)
    bytes[at + 2] = zero + (milliseconds % 10)
  }
}
