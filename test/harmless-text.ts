// Random text in which masking can find no secret, whatever it knows: a property about something
// else must hold for every input. There are no letters and digits to name a secret with or to look
// like one, no mark that puts a value behind a name, and yet all that is hard to write: escapes of
// JSON, two to four bytes, what drives a terminal.

import fc from 'fast-check'

/**
 * One character of it, or a backslash with a blank. JSON.parse of Node 24.21 and 26.10 takes a key
 * that begins as one it has met, `a\`, and goes on with an escape, `a\n`, for that one (V8,
 * 2026-11): no key here ends with a backslash.
 */
export const harmlessUnit: fc.Arbitrary<string> = fc.constantFrom(
  ' ',
  'a',
  'é',
  '漢',
  '😀',
  '"',
  '\\ ',
  '\n',
  '\u0000',
  '\u007f',
  '\u202e',
  '{',
  ',',
)

/** A string of up to ten. */
export const harmlessText: fc.Arbitrary<string> = fc.string({ unit: harmlessUnit })
