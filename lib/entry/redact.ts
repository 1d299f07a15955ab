// Which keys name a secret. The value of such a key is never written, at any depth: `"[REDACTED]"` stands
// in its place. Names are compared without case and punctuation, so that `apiKey`, `API-KEY` and `x_api_key`
// are one word.

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

/** Keys remembered; past this the memory starts anew, so that keys made of data cannot fill it. */
const cacheMax = 4096

/** Decides which keys are secret, and remembers what it decided. */
export class Redactor {
  readonly #words: ReadonlySet<string>
  readonly #harmless: ReadonlySet<string>
  readonly #decided = new Map<string, boolean>()

  /** @param options `keys`: further keys that are secret; `allow`: keys that are not, which wins. */
  constructor(
    options: { readonly keys?: readonly string[]; readonly allow?: readonly string[] } = {},
  ) {
    this.#words = new Set([...words, ...(options.keys ?? []).map(normalized)])
    this.#harmless = new Set([...harmless, ...(options.allow ?? []).map(normalized)])
  }

  /** Whether the value of this key must not be written. A key met before costs one look into a map. */
  isSecret(key: string): boolean {
    const known = this.#decided.get(key)
    if (known !== undefined) return known
    const name = normalized(key)
    const secret =
      !this.#harmless.has(name) &&
      (this.#words.has(name) || fragments.some((fragment) => name.includes(fragment)))
    if (this.#decided.size >= cacheMax) this.#decided.clear()
    this.#decided.set(key, secret)
    return secret
  }
}

/** A key without case and punctuation: how two spellings are one name. */
export function normalized(key: string): string {
  return key.replace(/[^A-Za-z0-9]/g, '').toLowerCase()
}
