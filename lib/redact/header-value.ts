// The value behind the name of a header: a scheme with its credential, names with their values, a
// single word.

import { type Assigned, lookedCharsMax, take } from './assignment.ts'
import { isNothing, looksLikePassword, looksSecret } from './secret-values.ts'
import { headerEnd } from './value-extent.ts'

/** Headers whose value goes on to the end of the line. */
const headerName = /(?:authorization|cookies?2?)$/i

const schemes: ReadonlySet<string> = new Set(
  'bearer basic digest token negotiate ntlm apikey api-key bot hawk oauth aws aws4-hmac-sha256 hmac hmac-sha256 signature sharedkey sharedaccesssignature geniekey ssws splunk klaviyo-api-key googlelogin key jwt mac scram-sha-256 deri-hmac-sha256'.split(
    ' ',
  ),
)

const restOfLine = /^[^\r\n<]*/

/** Whether a name is that of a header with credentials. */
export function isHeaderName(name: string): boolean {
  return headerName.test(name)
}

/** Takes a header's value, unless it is a number or a word of prose: `Authorization: required`. */
export function headerValue(into: Assigned, at: number): boolean {
  const { text } = into
  const shown = lineFrom(text, at)
  if (isNothing(shown) || /^\d{1,4}(?!\S)/.test(shown)) return false
  const [first = '', second] = shown.split(/[ \t]+/, 2)
  const isWord = /^[A-Za-z-]+$/.test(first)
  let hides = /[\w-]=[^\s=]/.test(shown)
  if (second === undefined || !isWord) hides ||= !isWord || first.length > 24
  else if (schemes.has(first.toLowerCase())) hides ||= !/^[a-z]{1,14}$/.test(second)
  else hides ||= looksLikePassword(second) || looksSecret(second)
  return hides && take(into, at, headerEnd(text, at))
}

/**
 * Takes a value in several parts, one of which looks like a secret: `t=1492774577,v1=5257a8…`,
 * `BITSTAMP …`.
 */
export function signedValue(into: Assigned, at: number): boolean {
  const { text } = into
  const parts = lineFrom(text, at).split(/[\s,;]+/, 4)
  const isSigned = parts.some((part) =>
    looksSecret(part.slice(part.indexOf('=') + 1).replace(/[\])}"'.:]{1,8}$/, '')),
  )
  return isSigned && take(into, at, headerEnd(text, at))
}

function lineFrom(text: string, at: number): string {
  return restOfLine.exec(text.slice(at, at + 2 * lookedCharsMax))![0]
}
