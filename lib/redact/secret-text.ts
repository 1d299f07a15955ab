// Secrets inside strings: what a message, a stack or any other text holds of credentials is masked before it
// becomes part of a line, so that no file, no console and no event log ever sees it.
//
// A text goes through `formsOf` first, which most texts end with. What passes is searched for each form a
// secret has: private keys, credentials in URLs and headers, tokens that are known by their own shape, and
// values behind a name that names a secret (`name-value.ts`). All of it takes time in proportion to the text,
// whatever the text is: every pattern starts at a place that the one before cannot reach across.
//
// It is best effort: a secret in prose (`the password is hunter2`) has no form. What is sure is the value of
// a key that names a secret (`redact.ts`).

import { maskNamedValues } from './secret-assignments.ts'
import { redacted, type Redactor } from './secret-keys.ts'

/** The shortest text that can hold a secret, a configured name and one character: `a=1`. */
const secretCharsMin = 3

/** The shortest run of letters, digits, `_` and `-` that can be a token by itself: a key's name at Amazon. */
const tokenCharsMin = 20

/** The shortest scheme with its credential: `bearer abcd`. */
const credentialCharsMin = 11

/** What can stand before a credential, in the spellings that occur; the case of all letters would double the time. */
const schemes = /(?:[Bb]earer|[Bb]asic|[Tt]oken|[Pp]assword|PASSWORD)[ \t]/

const privateKey =
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----))*(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?/g

/**
 * User information in a URL, also where slashes are escaped; a password may hold `@`, and what strictly must
 * be encoded in one. Without a colon it is a user's name, unless it is as long as a key.
 */
const userInformation =
  /((?:\\?\/){2})(?:[^\s/?#@:"'<>\\]{0,128}:(?:[^\s/?#"'<>\\]{1,256}(?=@)|(?!\d{1,5}[/?#])(?:[^\s"'<>/\\]|\/(?!\/)){1,256}(?=@))|[\w-]{20,128}(?=@))/g

/** An authentication scheme, and what follows it, unless that is a word of prose or the name of a parameter. */
const schemeCredentials = new RegExp(
  ['bearer[ \\t]{1,4}', '(?:basic|token)[ \\t]{1,4}']
    .map((scheme) => String.raw`\b(${scheme})(?![a-z]{1,14}(?![\w~+/=-]))(?![a-z]{1,14}=["'])`)
    .join(String.raw`[\w.~+/=-]{4,}|`)
    .concat(String.raw`[\w.~+/=-]{8,}`),
  'gi',
)

/** `PASSWORD 'hunter2'`, as in SQL. */
const quotedPassword = /(\bpassword[ \t]{1,4})(?:'[^'\n]{1,256}'|"[^"\n]{1,256}")/gi

/** `-u user:password`, as curl has it. */
const userOption = /((?:^|\s)(?:-u|--user)[ \t=]{1,4})[^\s:]{1,128}:\S{1,256}/g

/** JSON Web Tokens, signed (three parts) or encrypted (five). */
const webToken = /(?<![\w-])eyJ[\w-]{8,}(?:\.[\w-]*){2,4}/g

/** Tokens that their issuers made to be known by a prefix. */
const vendorToken = new RegExp(
  String.raw`(?<![\w-])(?:${[
    'A[KS]IA[A-Z2-7]{16}', // Amazon
    // GitHub, npm, Hugging Face, Shopify, DigitalOcean.
    '(?:gh[pousr]_|npm_|hf_|shp(?:at|ca|pa|ss)_|do[opr]_v1_)[0-9A-Za-z]{20,}',
    // GitHub, GitLab, Google, PyPI, OpenAI, Anthropic.
    String.raw`(?:github_pat_|gl(?:pat|dt|rt|ptt|soat)-|AIza|GOCSPX-|ya29\.|pypi-|sk-)[\w-]{20,}`,
    String.raw`(?:xox[a-z]|xapp)-[\w-]{10,}`, // Slack
    '(?:[rs]k|whsec)_(?:(?:test|live|prod)_)?[0-9A-Za-z]{10,}', // Stripe
    String.raw`SG\.[\w-]{10,}\.[\w-]{10,}`, // SendGrid
    'AGE-SECRET-KEY-1[0-9A-Z]{20,}',
    String.raw`\d{8,10}:[\w-]{30,}`, // Telegram
  ].join('|')})`,
  'g',
)

/** Keys in the path of a web hook. */
const hookPath =
  /((?:hooks\.slack\.com\/services|discord(?:app)?\.com\/api\/webhooks)\/)[\w/-]{16,}/g

/** `<password>hunter2</password>`. */
const element = /(<([\w.:-]{2,64})(?:\s[^<>]{0,256})?>)[^<]{1,4096}(?=<\/)/g

/** `--password hunter2`. */
const option =
  /((?:^|\s)--?([A-Za-z][\w-]{1,63})[ \t]{1,4})(?:"[^"\n]{1,256}"|'[^'\n]{1,256}'|(?!-)[^\s"']\S{0,255})/g

/** Every pattern by name: what the tests prove to be safe. */
export const patterns: { readonly [name: string]: RegExp } = {
  schemes,
  privateKey,
  userInformation,
  schemeCredentials,
  quotedPassword,
  userOption,
  webToken,
  vendorToken,
  hookPath,
  element,
  option,
}

// The forms that a text may have a secret in: what `formsOf` gives is a sum of these.
const NAMED = 1
const URL = 2
const ELEMENT = 4
const OPTION = 8
const TOKEN = 16
const SCHEME = 32

/**
 * The forms of secrets that a text may hold; 0 for most. No secret is recognised without one of these: `=`, `:`,
 * `%3`, `@`, `</` or `--`; the name of a scheme and a blank; a run of letters, digits, `_` or `-` as long as a token.
 * Substrings are looked for by `includes`, which costs a tenth of a pattern: all together 0.2 µs for 140 characters
 * of prose (Node 20.20, 2026-11).
 */
function formsOf(text: string): number {
  const { length } = text
  if (length < secretCharsMin) return 0
  let forms = text.includes('=') || text.includes(':') || text.includes('%3') ? NAMED : 0
  if (text.includes('@')) forms |= URL
  if (text.includes('</')) forms |= ELEMENT
  if (text.includes('--')) forms |= OPTION
  if (length >= credentialCharsMin && schemes.test(text)) forms |= SCHEME
  if (length >= tokenCharsMin && hasLongRun(text)) forms |= TOKEN
  return forms
}

/**
 * The text with the secrets in it masked; the text itself when there are none. Masking twice changes nothing.
 *
 * @param redactor Decides which names name a secret, as it does for keys.
 */
export function mask(text: string, redactor: Redactor): string {
  const forms = formsOf(text)
  if (forms === 0) return text
  let masked = text
  if ((forms & OPTION) !== 0) masked = masked.replace(privateKey, redacted)
  if ((forms & URL) !== 0) masked = masked.replace(userInformation, `$1${redacted}`)
  if ((forms & NAMED) !== 0) {
    masked = maskNamedValues(masked, redactor)
    if (text.includes('-u')) masked = masked.replace(userOption, `$1${redacted}`)
  }
  if (text.includes('hooks')) masked = masked.replace(hookPath, `$1${redacted}`)
  if ((forms & TOKEN) !== 0) {
    masked = masked.replace(vendorToken, redacted)
    if (text.includes('eyJ')) masked = masked.replace(webToken, redacted)
  }
  if ((forms & SCHEME) !== 0) {
    masked = masked
      .replace(schemeCredentials, `$1$2${redacted}`)
      .replace(quotedPassword, `$1${redacted}`)
  }
  if ((forms & (ELEMENT | OPTION)) !== 0) {
    const ifSecret = (whole: string, before: string, name: string): string =>
      redactor.isSecret(name) ? `${before}${redacted}` : whole
    masked = masked.replace(element, ifSecret).replace(option, ifSecret)
  }
  return masked
}

/** By ASCII code: letters, digits, `_` and `-`. What is beyond ASCII counts as one of them or not: it may only pass too much. */
const isTokenCode = new Uint8Array(128)
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-') {
  isTokenCode[character.charCodeAt(0)] = 1
}

/**
 * Whether there is a run as long as a token. Looks at the place where such a run would end and goes back from
 * there, so of plain words it sees a third of the letters.
 */
function hasLongRun(text: string): boolean {
  const { length } = text
  let start = 0
  let end = tokenCharsMin - 1
  while (end < length) {
    let at = end
    while (at >= start && isTokenCode[text.charCodeAt(at) & 0x7f] === 1) at--
    if (at < start) return true
    start = at + 1
    end = at + tokenCharsMin
  }
  return false
}
