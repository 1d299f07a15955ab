// User information in URLs: `https://user:password@host`, however it is escaped, and what is
// written like it without a scheme: `user:password@tcp(host)`, `thin:scott/tiger@db`.
//
// Each `//` is looked at once, up to the next one.

import { redacted } from './secret-keys.ts'
import { looksLikePassword, looksSecret } from './secret-values.ts'

/** What ends a URL's authority, or the text that it stands in. */
const end = /[\s"`]|\\(?:["'nrt\\]|u[\da-f]{4})|[<>](?![^\s"/]{0,128}@[\w.-]+(?::\d|[/?]))/i
/**
 * A port, and what may follow one: then no user's name stands before it. A fragment in front of a
 * host's name is the rest of a password.
 */
const port = /^\d{1,5}(?:$|[/?'),;\]]|#(?![^/@]{1,128}@[\w.-]+(?::\d|[/\s]|$)))/
/** A user's name that holds an `@`, and a password. */
const mailLogin = /^[\w.+-]{1,64}@[\w.-]{1,128}:[^\s/?#@]{1,256}(?=@)/
/** What follows the `@`: a host, and where it ends. */
const host = /^[\w.-]{1,256}(?::\d{1,5})?(?:[^\w.:@-]|$)|^[[{$%(]/
/** A key as a user's name. */
const keyCharsMin = 20

/** Two slashes, also escaped or percent-encoded. */
const slashes = /(?:\\?\/){2}|%(?:25){0,2}2F%(?:25){0,2}2F/gi

/** `user:password@host`, where no scheme says that it is a URL. */
const bare =
  /(?<![\w/:.@%+-])([A-Za-z][\w.+-]{0,63}:)(?!\/)([^\s:@"'<>,;]{4,128})(?=@(?:tcp\(|unix\(|[A-Za-z][\w-]{0,62}(?:\.[\w-]{1,62}){1,6}[:/\s]|[A-Za-z][\w-]{0,62}:\d|\d{1,3}(?:\.\d{1,3}){3}[:/]))/g

/** `scott/tiger@db`, as Oracle's driver has it. */
const oracle = /(\bthin:[\w$#]{1,64}\/)[^\s@"'/]{1,128}(?=@)/gi

/**
 * The text with the credentials in it masked that stand before an `@`; the text itself when there
 * are none.
 */
export function maskUserInformation(text: string): string {
  let masked = ''
  let done = 0
  const places = [...text.matchAll(slashes)]
  for (const [i, { 0: match, index }] of places.entries()) {
    const from = index + match.length
    if (from < done) continue
    const isEncoded = match.startsWith('%')
    // Two encoded slashes may be a part of a password that stands in a plain URL.
    let next = i + 1
    if (!isEncoded) while (places[next]?.[0].startsWith('%') === true) next++
    const region = text.slice(from, places[next]?.index ?? text.length)
    const length = isEncoded ? encodedLength(region) : plainLength(region)
    if (length === 0) continue
    masked += text.slice(done, from) + redacted
    done = from + length
  }
  const rest = done === 0 ? text : masked + text.slice(done)
  return rest
    .replace(bare, (whole, user: string, password: string) =>
      looksLikePassword(password, 4) ? user + redacted : whole,
    )
    .replace(oracle, `$1${redacted}`)
}

/**
 * How long the user information is that a text begins with, up to its `@`; 0 without one that is
 * secret.
 */
function plainLength(region: string): number {
  const stop = region.search(end)
  const authority = stop === -1 ? region : region.slice(0, stop)
  const user = authority.search(/[/?#@:]/)
  if (user === -1) return 0
  if (authority[user] === '@') {
    // A mail's address as the user's name: `smtps://bob@x.com:password@host`.
    const mailed = mailLogin.exec(authority)
    if (mailed !== null) return mailed[0].length
    return user >= keyCharsMin && looksSecret(authority.slice(0, user), keyCharsMin) ? user : 0
  }
  if (authority[user] !== ':') return 0
  const password = authority.slice(user + 1)
  if (port.test(password)) return 0
  const path = password.search(/[/?#]/)
  const at = path === -1 ? password.lastIndexOf('@') : password.lastIndexOf('@', path)
  // A password that strictly must be encoded: it holds a slash, a question mark.
  let last = at === -1 ? password.indexOf('@') : at
  if (last > 0 && !host.test(password.slice(last + 1, last + 257))) {
    last = Math.max(last, password.lastIndexOf('@'))
  }
  return last > 0 ? user + 1 + last : 0
}

/** The same where the whole URL is percent-encoded. */
function encodedLength(region: string): number {
  const stop = region.search(/[\s"'<>&]|%(?:25){0,2}2F/i)
  const authority = stop === -1 ? region : region.slice(0, stop)
  const at = authority.search(/@|%(?:25){0,2}40/i)
  if (at === -1) return 0
  return /:|%(?:25){0,2}3A/i.test(authority.slice(0, at)) ? at : 0
}

export const urlPatterns: Readonly<Record<string, RegExp>> = {
  slashes,
  bare,
  oracle,
  port,
  mailLogin,
  host,
}
