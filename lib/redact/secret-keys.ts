// Which keys name a secret. The value of such a key is never written, at any depth: `"[REDACTED]"` stands
// in its place. Names are compared without case and punctuation, so that `apiKey`, `API-KEY` and `x_api_key`
// are one word. The same names are looked for within strings (`mask.ts`).

/** What stands in place of a secret. */
export const redacted = '[REDACTED]'

/** A key that contains one of these names a secret, whatever stands around it. */
const fragments: readonly string[] = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'token',
  'apikey',
  'privatekey',
  'accesskey',
  'signingkey',
  'encryptionkey',
  'masterkey',
  'sshkey',
  'authorization',
  'credential',
  'cookie',
  'connectionstring',
  'seedphrase',
  'mnemonic',
  'authkey',
  'clientkey',
  'keypass',
  'storepass',
  'mysqlpwd',
  'accountkey',
  'bearer',
  'csrf',
  'xsrf',
]

/** Short words that name a secret only when they are the whole key: `pin`, but not `pinned`. */
const words: readonly string[] = [
  'pwd',
  'pass',
  'auth',
  'pin',
  'otp',
  'cvv',
  'cvc',
  'ssn',
  'jwt',
  'sid',
  'psk',
  'dsn',
  'session',
  'sessionid',
  'connectsid',
  'phpsessid',
  'jsessionid',
  'signature',
  'sig',
  'salt',
  'iban',
  'cardnumber',
]

/** Keys that look like a secret and are none. */
const harmless: readonly string[] = [
  'tokens',
  'tokencount',
  'maxtokens',
  'totaltokens',
  'prompttokens',
  'completiontokens',
  'tokentype',
  'tokenbucket',
  'tokenizer',
  'tokenexpiresat',
  'accesstokenexpiry',
  'tokensperminute',
  'passwordpolicy',
  'secretary',
]

/**
 * Keys remembered, and the longest of them: past this the memory starts anew, so that keys made of data cannot
 * fill it.
 */
const cacheMax = 4096
const cachedCharsMax = 128

const anyFragment = new RegExp(fragments.join('|'))

/** Decides which keys are secret, and remembers what it decided. */
export class Redactor {
  readonly #words: ReadonlySet<string>
  readonly #harmless: ReadonlySet<string>
  readonly #decided = new Map<string, boolean>()
  /**
   * By three letters, of each the five low bits: 1 where a name that contains them may name a secret. A name
   * without any of them names none: how text is searched for names without cutting each of them out.
   */
  readonly trigrams: Uint8Array = new Uint8Array(1 << 15)

  /** @param options `keys`: further keys that are secret; `allow`: keys that are not, which wins. */
  constructor(
    options: { readonly keys?: readonly string[]; readonly allow?: readonly string[] } = {},
  ) {
    this.#words = new Set([...words, ...(options.keys ?? []).map(normalized)])
    this.#harmless = new Set([...harmless, ...(options.allow ?? []).map(normalized)])
    for (const name of [...fragments, ...this.#words]) {
      // Most keys that are secret end with `key`, and few others do.
      const at = name.endsWith('key') ? name.length - 3 : 0
      if (/^[a-z0-9]{3}/.test(name.slice(at))) this.trigrams[trigramOf(name, at)] = 1
      else this.trigrams.fill(1)
    }
  }

  /** Whether the value of this key must not be written. A key met before costs one look into a map. */
  isSecret(key: string): boolean {
    const known = this.#decided.get(key)
    if (known !== undefined) return known
    const name = normalized(key)
    const secret = !this.#harmless.has(name) && (this.#words.has(name) || anyFragment.test(name))
    if (key.length <= cachedCharsMax) {
      if (this.#decided.size >= cacheMax) this.#decided.clear()
      this.#decided.set(key, secret)
    }
    return secret
  }
}

/** What stands for three letters in {@link Redactor.trigrams}. */
function trigramOf(name: string, at: number): number {
  return (
    ((name.charCodeAt(at) & 31) << 10) |
    ((name.charCodeAt(at + 1) & 31) << 5) |
    (name.charCodeAt(at + 2) & 31)
  )
}

const plainName = /^[a-z0-9]*$/

/** A key without case and punctuation: how two spellings are one name. Letters of all scripts count. */
export function normalized(key: string): string {
  if (plainName.test(key)) return key
  return key
    .normalize('NFKC')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .toLowerCase()
}
