// Any character, for random text: of one to four bytes in UTF-8, each as often. fast-check's own
// unit `binary` takes nine in ten from beyond the first 65 536, and 1.2 s of the processor in each
// process for a table of all of them (fast-check 4.10, Node 20.20, 2026-11).

import fc from 'fast-check'

/** Half characters, which stand for nothing alone, are none. */
export const anyCharacter: fc.Arbitrary<string> = fc
  .oneof(
    fc.nat(0x7f),
    fc.integer({ min: 0x80, max: 0x7ff }),
    fc.integer({ min: 0x800, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0xffff }),
    fc.integer({ min: 0x1_0000, max: 0x10_ffff }),
  )
  .map((code) => String.fromCodePoint(code))
