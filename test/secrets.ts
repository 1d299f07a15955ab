// Where secrets hide, and how the names of secrets are spelled: for the tests that look for one on
// its way out.

/** What stands in place of the secret in a carrier. */
export const place = '{}'

/** Texts that carry a secret behind a name; `NAME` is the name's place. */
export const namedCarriers: readonly string[] = [
  'NAME={}',
  'NAME: {}',
  'NAME = {} and more',
  'before NAME="{}" after',
  "NAME: '{}'",
  'NAME="two words {}"',
  'NAME => {}',
  'NAME := `{}`',
  '{"NAME":"{}","other":1}',
  String.raw`{\"NAME\":\"{}\"}`,
  String.raw`{\\\"NAME\\\":\\\"{}\\\"}`,
  'GET /path?a=1&NAME={}&b=2 HTTP/1.1',
  'https://host/path?NAME={}#top',
  'NAME%3D{}',
  '%22NAME%22%3A%22{}%22',
  '<NAME>{}</NAME>',
  'run --NAME {} --verbose',
  "run --NAME='{}'",
  'Server=db;NAME={};Database=risk',
  '{ NAME: { inner: "{}" }, b: 1 }',
  'NAME: [ "{}", 2 ]',
  'headers["NAME"] = "{}"',
  'NAME=a,{}',
]

/** Texts that carry a secret by themselves. */
export const carriers: readonly string[] = [
  'Authorization: Bearer {}',
  'authorization: Basic {}',
  'proxy-authorization={}',
  'Authorization: Digest username="u", response="{}"',
  'sent bearer {} to the broker',
  'curl -u user:{} https://host',
  'https://user:{}@host/path',
  'postgres://risk:{}@db:5432/risk',
  'postgres://risk:sl/ash{}@db:5432/risk',
  'redis://:{}@cache',
  String.raw`"url":"https:\/\/user:{}@host"`,
  'Cookie: theme=dark; sid={}; lang=en',
  '"set-cookie":["sid={}; HttpOnly"]',
  'API key: {}',
  "ALTER USER risk PASSWORD '{}'",
]

/** Names of secrets as people and programs spell them. */
export const names: readonly string[] = [
  'password',
  'Password',
  'DB_PASSWORD',
  'db-password',
  'passwd',
  'pwd',
  'passphrase',
  'apiKey',
  'api_key',
  'API-KEY',
  'x-api-key',
  'X_API_KEY',
  'clientSecret',
  'client_secret',
  'aws_secret_access_key',
  'accessToken',
  'refresh-token',
  'csrfToken',
  'privateKey',
  'credentials',
  'broker_pin',
  'BrokerPin',
]

/** A carrier with a name and a secret in it. */
export function carrying(carrier: string, name: string, secret: string): string {
  return carrier.replaceAll('NAME', name).replaceAll(place, secret)
}
