// A line of JSON as PostgreSQL's jsonb takes it: without NULs and lone halves of characters outside
// the basic plane, which JSON may escape and jsonb refuses. The line itself is kept beside it.

const suspicious = /\\u(?:0000|d[89a-f])/i

/** Any escape; the two halves of a character together. */
const escapes = /\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|\\u([0-9a-f]{4})|\\./gi

/** The line with U+FFFD in the place of what jsonb refuses; undefined when it is fit as it is. */
export function fitForJsonb(line: string): string | undefined {
  if (!suspicious.test(line)) return undefined
  return line.replace(escapes, (whole: string, high: string | undefined, _low, single?: string) => {
    const isRefused =
      high === undefined && single !== undefined && /^(?:0000|d[89a-f])/i.test(single)
    return isRefused ? String.raw`\ufffd` : whole
  })
}
