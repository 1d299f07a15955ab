// Secrets inside strings: what a message, a stack or any other text holds of credentials is masked
// before it becomes part of a line, so that no file, no console and no event log ever sees it.
//
// A text is first asked what it may hold, which most texts end with: the letters of a name
// (`name-grams.ts`), a run as long as a token (`token-matcher.ts`), an `@`. What passes is searched
// for each form a secret has: private keys, credentials in URLs and headers, values behind a name
// that names a secret, command lines, tokens that are known by their own shape. All of it takes
// time in proportion to the text, whatever the text is.
//
// It is best effort: a secret in prose (`the word is hunter2`) has no form. What is sure is the
// value of a key that names a secret (`secret-keys.ts`).

import { assignmentPatterns } from './assigned-value.ts'
import { maskNamedValues, namePatterns } from './secret-assignments.ts'
import { blockPatterns, maskBlocks } from './secret-blocks.ts'
import {
  commandPatterns,
  maskCommands,
  maskFix,
  maskInserted,
  maskProtocols,
} from './secret-commands.ts'
import { redacted, type Redactor, SHORT, type Strength } from './secret-keys.ts'
import { maskTables, tablePatterns } from './secret-tables.ts'
import { maskUserInformation, urlPatterns } from './secret-urls.ts'
import { formPatterns, hidesString, looksSecret } from './secret-values.ts'
import { markPatterns } from './text-marks.ts'
import { extentPatterns } from './value-extent.ts'
import {
  AT,
  BLOCK,
  CARD,
  COMMAND,
  DASH,
  EQUALS,
  formsOf,
  NAME,
  PERCENT,
  PROTOCOL,
  RUN,
  SCHEME,
} from './name-grams.ts'
import { maskTokens, tokenPatterns } from './token-matcher.ts'

/** The shortest text that can hold a secret, a configured name and one character: `a=1`. */
const secretCharsMin = 3

/**
 * An authentication scheme, and what follows it, unless that is a word of prose or a name with its
 * value.
 */
const schemeCredentials = new RegExp(
  ['bearer[ \\t]{1,4}', 'basic[ \\t]{1,4}']
    .map(
      (scheme) =>
        String.raw`\b(${scheme})(?![a-z]{1,14}(?![\w~+/=-]))(?![a-z][\w-]{0,40}=[^=\s,;)])`,
    )
    .join(String.raw`[\w.~+/=-]{4,}|`)
    .concat(String.raw`[\w.~+/=-]{8,}`),
  'gi',
)

/** The private part of a key in JSON, of one in XML. */
const jsonKey = /("(?:d|p|q|dp|dq|qi|k)"\s{0,4}:\s{0,4}")[\w-]{20,4096}/g
const xmlKey = /(<(?:D|P|Q|DP|DQ|InverseQ)>)[\w+/=\s]{16,4096}(?=<)/g

/** An `@` that is percent-encoded. */
const encodedAt = /%(?:25){0,2}40/

/** A secret of Kubernetes: all that is in its data is one. */
const manifest = /\bkind["']?:\s{0,4}["']?Secret\b/i
const manifestData =
  /([ \t{,]["']?[\w.-]{1,64}["']?:[ \t]{0,4}(?:[|>][+-]?\r?\n[ \t]{1,64})?["']?)(?=[A-Za-z]{0,80}[\d+/=A-Z])[\w+/]{8,4096}={0,2}(?=:?(?:["'\s,})\]]|$))/g

/** What is a key where it stands in a URL, and anything elsewhere. */
const queryKey = /([?&](?:key|code|appid|app_id|ticket|hash)=)([^\s&#"'<>()[\]{}]{16,1024})/g

/** The number of a card, also in groups; its last digit checks the others. */
const cardNumber = /(?<![\w.-])(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}|[3-6]\d{12,15})(?![\w-])/g

/** A password that stands alone below a sentence, as Jenkins shows its first one. */
const passwordBelow = /(\bfollowing password[^\n:]{0,64}:\s{1,8})[\w-]{16,128}(?=\s|$)/gi

/** `SET PASSWORD FOR bob = '…'`. */
const passwordFor =
  /(\bset\s{1,4}password\s{1,4}for\s{1,4}\S{1,128}\s{1,4}(?:=|to)\s{1,4}["'])(?:[^"'\r\n]|'')+/gi

/** Bytes as they are written of a buffer: their hexadecimal digits, cut or not. */
const hexOfBytes = /^(?:[\da-f]{2}){4,64}…?$/

/** Every pattern by name: what the tests prove to be safe. */
export function patterns(): Record<string, RegExp> {
  return {
    schemeCredentials,
    jsonKey,
    xmlKey,
    queryKey,
    cardNumber,
    manifest,
    manifestData,
    hexOfBytes,
    passwordBelow,
    passwordFor,
    ...assignmentPatterns,
    ...blockPatterns,
    ...commandPatterns,
    ...tokenPatterns(),
    ...urlPatterns,
    ...extentPatterns,
    ...markPatterns,
    ...namePatterns,
    ...tablePatterns,
    ...formPatterns,
  }
}

/**
 * The text with the secrets in it masked; the text itself when there are none. Masking twice
 * changes nothing.
 *
 * @param redactor Decides which names name a secret, as it does for keys.
 */
export function mask(text: string, redactor: Redactor): string {
  if (text.length < secretCharsMin) return text
  const forms = formsOf(text, redactor.grams)
  if (forms === 0) return text
  let masked = text
  if (
    (forms & AT) !== 0 ||
    ((forms & PERCENT) !== 0 && (forms & RUN) !== 0 && encodedAt.test(text))
  ) {
    masked = maskUserInformation(masked)
  }
  if ((forms & names) !== 0) masked = maskForms(masked, forms, redactor)
  if ((forms & COMMAND) !== 0 || ((forms & DASH) !== 0 && hasOption(text))) {
    masked = maskCommands(masked)
  }
  if ((forms & RUN) !== 0) {
    masked = maskTokens(masked, (decoded) => mask(decoded, redactor) !== decoded)
    if ((forms & EQUALS) !== 0) masked = masked.replace(queryKey, ifSecret)
  }
  if ((forms & EQUALS) !== 0 && (text.includes('35=') || text.includes('8=FIX'))) {
    masked = maskFix(masked)
  }
  // The last: the digits may be a part of a longer secret, which is not known without them.
  if ((forms & CARD) !== 0) {
    masked = masked.replace(cardNumber, (digits) => (checks(digits) ? redacted : digits))
  }
  return masked
}

/** A string that is the value of a key of that strength, without what is secret of it. */
export function maskValue(text: string, strength: Strength, redactor: Redactor): string {
  return hidesString(strength, text) ? redacted : mask(text, redactor)
}

/** The first bytes of a buffer, or the mask, where they are a text with a secret in it. */
export function maskHex(hex: string, redactor: Redactor): string {
  if (!hexOfBytes.test(hex)) return hex
  // Text of two bytes a character has a zero behind each letter.
  const text = Buffer.from(hex.replace('…', ''), 'hex').toString('latin1').replaceAll('\0', '')
  return mask(text, redactor) === text ? hex : redacted
}

/** The forms that are searched for by letters. */
const names = NAME | SCHEME | PROTOCOL | BLOCK

/** Whether there is an option of a command: ` -p`, ` --user`. */
function hasOption(text: string): boolean {
  for (let at = text.indexOf('-', 1); at !== -1; at = text.indexOf('-', at + 1)) {
    if (text.charCodeAt(at - 1) !== 0x20) continue
    const next = text.charCodeAt(at + 1)
    if (next === 0x2d || ((next | 0x20) >= 0x61 && (next | 0x20) <= 0x7a)) return true
  }
  return false
}

/** What stands behind a name, a scheme, a keyword. */
function maskForms(text: string, forms: number, redactor: Redactor): string {
  let masked = text
  if ((forms & BLOCK) !== 0) masked = maskBlocks(masked)
  if ((forms & NAME) !== 0) {
    masked = maskTables(masked, redactor)
    masked = maskNamedValues(masked, redactor)
    if (masked.includes('nsert') || masked.includes('NSERT')) {
      masked = maskInserted(masked, (column) => redactor.strengthOf(column) >= SHORT)
    }
    if (masked.includes('ollowing pass')) masked = masked.replace(passwordBelow, `$1${redacted}`)
    if (/password\s{1,4}for/i.test(masked)) masked = masked.replace(passwordFor, `$1${redacted}`)
    if (manifest.test(masked)) masked = masked.replace(manifestData, `$1${redacted}`)
  }
  if ((forms & SCHEME) !== 0) masked = masked.replace(schemeCredentials, `$1$2${redacted}`)
  if ((forms & PROTOCOL) !== 0) masked = maskProtocols(masked)
  if ((forms & BLOCK) !== 0) {
    if (masked.includes('"kty"')) masked = masked.replace(jsonKey, `$1${redacted}`)
    if (masked.includes('<RSAKeyValue>')) masked = masked.replace(xmlKey, `$1${redacted}`)
  }
  return masked
}

const ifSecret = (whole: string, name: string, value: string): string =>
  looksSecret(value) ? name + redacted : whole

/** Luhn's check. */
function checks(number: string): boolean {
  const digits = number.replaceAll(/\D/g, '')
  let sum = 0
  for (const [i, digit] of Array.from(digits).entries()) {
    const value = Number(digit) * (i % 2 === digits.length % 2 ? 2 : 1)
    sum += value > 9 ? value - 9 : value
  }
  return sum % 10 === 0
}
