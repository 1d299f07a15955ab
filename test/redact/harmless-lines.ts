// Lines that hold no secret, though many look as if they did: what programs write of tokens,
// sessions, keys and passwords without giving one away. None of them may be changed. Places in
// braces are filled in, so that one line stands for many: `{n}` a number, `{hex8}` hexadecimal
// digits, `{id}` an identifier, and the like (`harmless.ts`).

export const harmlessLines = String.raw`
SyntaxError: Unexpected token: {
SyntaxError: Unexpected token } in JSON at position {n}
Unexpected token 'h', "hello" is not valid JSON
Unexpected token: "foo" at line {n}
Unexpected token < in JSON at position 0
Invalid token "end" at line {n}, column {n}
expected token: ')' but found: '{'
Token: Token { kind: ContainerToken, service: 127.0.0.1:{port} }
Kind: ContainerToken, Service: {ip}:{port}, Ident: (org.apache.hadoop.yarn.security.ContainerTokenIdentifier@{hex8})
Session: {d8}_{d10} initialized by client WindowsUpdateAgent.
Session {d8} created, sid:{n}
Closed socket connection for client /{ip}:{port} which had sessionid 0x{hex16}
Established session 0x{hex16} with negotiated timeout {n}000 for client /{ip}:{port}
Expiring session 0x{hex16}, timeout of {n}000ms exceeded
Processed session termination for sessionid: 0x{hex16}
Client attempting to establish new session at /{ip}:{port}
Trading session: RTH opened
Trading session: ETH closed at 17:00
session=RTH session: open
session: RTH symbol=ES price={price}
session=ETH-{date} symbol=NQ
Session {d8} has {n} clients
session opened for user root by (uid=0)
session closed for user cyrus
pam_unix(sshd:session): session opened for user bob by (uid={n})
pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={ip}  user=root
Failed password for root from {ip} port {port} ssh2
Failed password for invalid user admin from {ip} port {port} ssh2
Accepted password for bob from {ip} port {port} ssh2
Accepted publickey for bob from {ip} port {port} ssh2: RSA SHA256:{b43}
message repeated 5 times: [ Failed password for root from {ip} port {port} ssh2]
error: Received disconnect from {ip}: 14: No more user authentication methods available. [preauth]
PAM 5 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost={ip}
input_userauth_request: invalid user webmaster [preauth]
Connection from UNKNOWN: (auth:SIMPLE)
Auth successful for appattempt_{d13}_00{n2}_000001 (auth:SIMPLE)
Authorization successful for bob (auth:TOKEN) for protocol=interface X
auth=required realm=trading
auth: none
auth: basic, tls: required
authMethod=password user=bob
authorization: denied by rule MaxLoss for account ABC123 at 10:00
authorization: required
Authorization: none
authorization failed for account DEMO123: insufficient margin
credentials: file not found
credentials: not found in /home/bob/.aws
credentials=include mode=cors
changed password to required length {n2}
password changed from web console by bob{n2}
password changed from {ip}
set password to expire in {n2} days
password for bob: {n} attempts left
password for user{n}: incorrect, try again
Password for account DEMO{n}: last changed {date}
password reset link sent to bob{n}@example.com
sent password to user{n} by mail
rotated secret to v{n2}
rotated the secret from v1beta{n2} to v2beta{n2}
updated api key to version {n2}
moved token from vault{n} to vault{n2}
changed session to RTH at {n2}:00
changed PIN to {n2}
set pin {n2} to 1
reset password for bob{n} to follow the policy
set the password policy to strong{n2}
copied secret to node-{n}
PIN is {n2} and mode OUTPUT
GET /users/password {"path":"/reset/password","status":200,"data":"{n}"}
{"op":"replace","path":"/session","value":"RTH"}
{"op":"remove","path":"/users/{n}/password"}
{"op":"move","from":"/password","path":"/hash"}
{"path":"/auth/password","value":{n}}
{"column":"session","was":"RTH","value":"ETH"}
insert into u (name, password) values ($1, $2)
update u set password = ? where id = ?
select id from u where password = :password and id = :id
update u set token = %(token)s where id = %(id)s
missing: user, password, email
required fields: username,password,email
user | password required
{date} INFO | system | password reset | bob
select id,password from users where id = {n}
fetch /orders { method: 'POST', credentials: 'same-origin', mode: 'cors' }
{"credentials":"omit","cache":"no-store","redirect":"follow"}
{ credentials: 'include', referrerPolicy: 'no-referrer' }
new Request('/x', { credentials: "same-origin" })
fetch('/x', {credentials:'omit'}) failed after {n}ms
apiKeyId=key-{n} rotated
{"apiKeyId":"{uuid}","scopes":["read"]}
api_key_id: {hex8} owner: bob
accessKeyId=reader-{n} region=eu-west-1
{"keyId":"{hex16}","apiKeyId":"ak_{n}"}
apiKeyLastUsedOn={date} apiKeyTier=gold
tokenLast4={hex8} tokenLifetime=3600 tokenReason=rotation
passwordMin=8 passwordMax=64 passwordRounds=210000 passwordScore={n2}
passwordErrorCode=PW{n} passwordMessage="too short"
cookieSameSite=Lax cookieMaxAge=3600 cookieDomain=.example.com
privateKeyFingerprint={hex40} secretNamespace=trading
{"secretRotatedBy":"bob","secretRevision":{n},"tokenGroup":"traders"}
credentialCategory: iam, credentialDescription: the deploy role
passwordPlaceholder: 'Your password' passwordTitle: 'Sign in'
Could not load credentials from any providers
password: must be at least 12 characters
password: is required
password: required
password must contain a digit, got {n} characters
password is incorrect
password has expired {n} days ago
Password: incorrect, {n} attempts left
Password changed for user bob
password reset requested for bob
password policy: min_length={n} max_age={n}d
password_length={n} password_policy=strong
password=null user=bob
password: undefined, token: null, secret: true
hasPassword=true needsPassword=false
"hasPassword":true,"password":null
secret not found: prod/db
secretName: app-credentials namespace: trading
secret "app-credentials" mounted at /etc/secret
--password-file /run/secrets/db --user bob
--secret-file=/run/secrets/x --token-url https://auth.example.com/token
privateKeyPath: /etc/ssl/private/key.pem
private_key_file=/etc/ssl/key.pem
public_key=ssh-rsa comment
publicKey: {hex64}
ssl_certificate_key /etc/nginx/ssl/x.key;
token: expired
token: invalid
token expired at {date}T10:00:00Z
token_type=bearer expires_in=3600
token_type: bearer, expires_in: 3600, scope: read
sessionid= user=bob
sid= user=bob token= next=/x
tokens: {n}, token_count={n}, max_tokens: {n}
input_tokens={n} output_tokens={n} total_tokens={n}
usage: prompt_tokens: {n}, completion_tokens: {n}
tokens used: {n} of {n}
tokenizer=cl100k_base vocab={n}
TokenExpiredError: jwt expired
JsonWebTokenError: invalid signature
JsonWebTokenError: jwt malformed
InvalidTokenError: token={n}
at verify (/app/auth/token.js:{n}:9)
at file:///app/password.ts:{n}:4
at Object.<anonymous> (/srv/app/lib/secret-keys.ts:{n}:{n})
at async Promise.all (index 0)
at node:internal/process/task_queues:95:5
Error: Cannot find module '/app/auth/session.js'
Cannot read properties of undefined (reading 'password')
TypeError: Cannot destructure property 'token' of 'undefined' as it is undefined.
if (token === undefined) return
const token = await getToken()
missing fields: 'password', 'email'
required: ['username', 'password', 'email']
required fields: username, password, email
columns: id, name, password_hash, created_at
scopes: ["auth", "trade", "read"]
Basic authentication failed: token validation failed
Bearer authentication is required
WWW-Authenticate: Bearer realm="trading", error="invalid_token", error_description="The access token expired"
WWW-Authenticate: Basic realm="Restricted"
Access-Control-Allow-Headers: Authorization, X-Api-Key, Content-Type
Vary: Cookie, Authorization
api_key: missing
API key: not configured
API key is invalid
The API key has no permission for this symbol
apiKey required, see https://docs.example.com/api-keys
No API-key provided.
key=EURUSD value={price}
key: symbol, value: ESZ6
cache key: quotes:ES:{n} hit
primary key: {n}, foreign key: account_id
partition_key=account-{n} sort_key={date}
routing key: orders.filled.{n}
duplicate key value violates unique constraint "orders_pkey"
Key (id)=({n}) already exists.
key_id={hex8} kid={hex8} alg=RS256
keyboard: us, monkey: 1, compass: x, turkey: {n}
pass: {n}, fail: 0, skip: {n}
pass={n} fail={n}
Tests: {n} passed, {n} failed; pass rate: {n}%
PASS test/orders.test.ts ({n} ms)
PASS  src/auth/token.test.ts
pass: {n}/{n}
first pass: ok, second pass: skipped
passed={n} bypass: {n} author: me
pin: {n2} gpio: high
pin={n2} mode=output
PIN {n2} set to HIGH
pinned: true, spinning: {n}
sign: -1 value: {price}
sign=+ amount={price}
signal: SIGTERM received, code={n}
sig: BUY qty={n} px={price}
signature: (a: number) => string
signature verification failed for order {n}
signature=invalid order={n}
Signature: method foo(int, String)
salt: {n} rounds: 10
otp: required for login
OTP sent to +1 *** 1234
2fa: enabled, mfa: off
dsn=4.0.0, stat=Sent
dsn=2.0.0, stat=Sent (<{hex8}@example.com> Message accepted for delivery)
relay=mx.example.com. [{ip}], dsn=5.1.1, stat=User unknown
sent to spark://CoarseGrainedScheduler@{ip}:{port}
akka.tcp://sparkExecutorActorSystem@mesos-slave-07:{port}
hdfs://namenode:{port}/user/bob/part-{d5}
postgres://db:5432/x?user=a@b and http://host:8080/path@x and ssh://git@github.com/x
git@github.com:org/repo.git
"https://url:8000";@something else
see http://localhost:{port}, or mail ops@example.com
email=bob@example.com user=bob host=db.example.com:5432
SCSI-WWID:01000010:6005-08b4-0001-5ee3-0000-b000-0a6c-0000
1760000000:rebalance-portfolio-{d10}-{n}
order {uuid} filled: MNQ {n} @ {price}
order_id={uuid} client_order_id=rebalance-portfolio-{d10}
trace_id={hex32} span_id={hex16} sampled=true
traceparent: 00-{hex32}-{hex16}-01
X-Request-Id: {uuid}
request_id={uuid} status=200 latency_ms={n}
etag="{hex32}" if-none-match="{hex32}"
commit {hex40} by bob
sha256:{hex64} pulled
image: registry.example.com/app@sha256:{hex64}
md5={hex32} size={n}
container_{d13}_00{n2}_01_00000{n} transitioned from NEW to RUNNING
attempt_{d13}_00{n2}_m_000000_0 task assigned
blk_-{d18} terminating
account=DEMO{n} session={n} token={n}
token=USDC chain=eth amount={price}
baseToken=WETH quoteToken=USDC
token: '0x{hex40}' symbol: USDC
tokenA: WETH, tokenB: DAI, fee: {n}
{ token: 'USDC', session: 'RTH' }
{ session: { open: '09:30', high: {price} } }
{ auth: true, pass: {n}, fail: 0 }
{"session":"RTH","token":"USDC","auth":false}
{"auth":{"required":true,"method":"none"}}
{"tokens":{n},"pass":true,"pin":{n2}}
{"type":"error","field":"token","message":"must be a string"}
{"name":"session","value":"RTH"}
{"key":"mode","value":"paper"}
[['session', 'RTH'], ['symbol', 'ES']]
cookie: expired
cookies: {n}
cookie consent: accepted
Set-Cookie header missing
csrf: enabled
csrf token missing or incorrect
XSRF protection: on
secret: false
secretary: Jane, secretariat: x
credentialsProvider=DefaultProvider credentialType=iam
connection string: missing
connectionString is required
mnemonic: must have 12 or 24 words
seed: {n} epochs: {n}
seed phrase is never stored
encryption key rotated, key version {n}
session key negotiated, cipher=AES256-GCM
host key verification failed
ssh key fingerprint SHA256:{b43}
license key accepted, expires {date}
access key id is not active
access token refreshed, next refresh in {n}s
refresh token: revoked
getToken(): {n}ms
setPassword(): ok
validatePassword("must not be empty")
checkAuth(user) took {n}ms
token bucket: {n} of {n}, refill={n}/s
Rate limit: tokens={n} burst={n}
rule MaxLoss: pass, rule MaxContracts: pass
rule=SessionLimit session=RTH action=flatten pass=true
8=FIX.4.4|9=112|35=8|55=ES|54=1|38={n}|44={price}|10=062|
8=FIX.4.2|35=D|11={n}|96=|554=|10=000|
C:\Program Files\x --verbose -u
mkdir -p /var/log/app && chown -R bob /var/log/app
docker run -p 8080:80 -e NODE_ENV=production app
ssh -p {port} bob@host uptime
ps -p {n} -o pid,cmd
curl -u bob https://host/x
mysql -h db -u root -p risk
tar -xzf x.tgz -C /tmp -p
cp -a /src /dst
grep -w token file.txt
git commit -a -m "rotate token"
npm run build -- --mode production
LOGIN OK for account DEMO{n}
ROOT LOGIN ON tty2
LOGIN FROM {ip} AS bob
AUTH required
AUTH FAILED for user bob
USER bob logged in, PASS accepted
IDENTIFIED 3 candidates by symbol
modified by bob, verified by alice
BEGIN CERTIFICATE
-----BEGIN CERTIFICATE-----
-----BEGIN PUBLIC KEY-----
no PRIVATE KEY found in /etc/ssl/key.pem
Expected -----BEGIN PRIVATE KEY----- in key.pem
userPrincipalName=bob@example.com objectSid=S-1-5-21-{d10}-{d10}-{n}
SECURITY: sid=S-1-5-18 level=high
PWD=/home/bob OLDPWD=/ SHELL=/bin/sh
pwd: /home/bob/project
connecting to redis at cache:6379 auth=no
sasl: mechanism=PLAIN, auth=ok
secrets: 3 loaded, 0 failed
passwords: {n} checked, {n} weak
api: v2, key: none
x-api-version: 2
monkey=1 donkey=2 hockey=3 jockey: 4
design: assign, resign: {n}
pattern: ^[a-z]+$ path: /x/y patch={n}
the password field is hidden
Please enter your password:
Enter PIN:
Enter passphrase for key '/home/bob/.ssh/id_rsa':
password for bob@host:
keytool error: java.io.IOException: Keystore was tampered with, or password was incorrect
FATAL: password authentication failed for user "risk"
ERROR 1045 (28000): Access denied for user 'root'@'{ip}' (using password: YES)
no password supplied
org.apache.kafka.common.errors.SaslAuthenticationException: Authentication failed: credentials for user could not be verified
ldap_bind: Invalid credentials (49)
AcceptSecurityContext error, data 52e, v4563
the token endpoint returned 401: invalid_grant
grant_type=client_credentials scope=trade
response_type=code client_id=app state={hex8}
?page={n}&key=name&sort=asc&session=RTH
GET /v1/tokens?limit={n}&sort=symbol HTTP/1.1
GET /auth/login?next=/orders HTTP/1.1
POST /oauth/token 200 {n}ms
DELETE /sessions/{n} 204
/api/v1/keys/{n}/rotate
https://hooks.example.com/orders
POST /webhooks/orders 200
webhook delivered to https://example.com/webhooks/orders in {n}ms
C=US, O=Let's Encrypt, CN=R3
wss://stream.example.com/ws?symbol=ES&session=RTH
The token 'USDC' is listed on {n} venues
pass the order to the router: ok
passing: {n}, pending: {n}
bearer bonds: {n}
bearer of the account: Bob
basic info: x=1
basic=1 advanced=2
secret santa: 24 December
SyntaxError: Unexpected token ';', ";" is not valid JSON
JSON.parse: unexpected token: [1,2,3]
Session opened: ETH 2026-11-27
session=ETH symbol=NQ
Password: required
password is too short
Password reset requested for bob
Password changed for user 12
Token expired at 2026-11-27T10:00:00Z
token: invalid signature
invalid token
Token refreshed in 120 ms
Token USDC listed at 1.0001
token=USDC price=1.0001
token: WETH/USDC
token_address=0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48
tokenId: 1234567890
authorization: denied by rule MaxLoss for account ABC123 limit 500
Authorization required
authorization failed: HTTP 401
--password-file /etc/pw
--token-ttl 3600
privateKeyPath=/etc/k.pem
private_key_file: /etc/ssl/private/server.key
secretName: db-prod
secret not found: db/prod
Secret "db-prod" mounted
loading secret db/prod from vault
auth=SIMPLE
(auth:SIMPLE)
auth method: password
auth ok for user bob in 12ms
Accepted password for bob from 10.0.0.1 port 22 ssh2
Failed password for invalid user admin from 1.2.3.4
authentication failure; logname= uid=0
cookie: false
cookies enabled: true
pin=17
pin: 17 mode: OUTPUT
pass=12 fail=0
pass: 12, fail: 0
tests passed: 12 of 13
input_tokens=812 output_tokens=99
max_tokens: 4096
tokens used: 1234
tokens remaining: 12,345
password=null
password: undefined
password: ''
password: false
hasPassword=true
apiKey: undefined
apiKey missing
API key not set
Missing API key: set API_KEY in the environment
API_KEY is required
api key rotated 3 days ago
key=ES-2026 value=12
primary key: id
foreign key constraint "fk_order" violated
cache key: orders:2026-11-27:DEMO123
routing key orders.fill.ES
keyId: k-2026
public key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJt2 bob@h
SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8
signature verified
signature: valid
signature mismatch for order 12
Sign: -1
sign in at 10:00
SIGTERM received
dsn=4.0.0
dsn: 2.0.0, stat=Sent
sid:1
sid=12 serial=99
uuid 550e8400-e29b-41d4-a716-446655440000
commit 45afd2cdeadbeef0123456789abcdef012345678
etag: "33a64df551425fcc55e4d42a148795d9f25f89d4"
digest sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
order 1760000000:rebalance-portfolio-weights-2026-11-27
SCSI-WWID:01000010:6005-08b4-0001-5b3c-0000-7000-0231-0000
spark://CoarseGrainedScheduler@10.0.0.1:1234
akka.tcp://sparkExecutorActorSystem@mesos-slave-07:55651
http://localhost:8080/@scope/pkg
ssh://git@github.com/org/repo
mailto:bob@example.com
https://example.com/@bob/posts
user@host:/path
ratio 1:2@0.5
Class: com.example.Token@1f2e3d4
Bearer of the option
basic auth required
Basic settings loaded
bearer token missing
Cookie policy accepted
cookie-parser loaded
secretary bob
compass heading 12
passport issued
passive mode
bypass: true
author: bob
authority: ES
keyboard: us
monkey=1
mnemonic code table loaded
seed=42
random seed: 1234567890
salt=12
nonce=1234567
otp disabled
pin code required
verification code sent to +1 555
card accepted
card ending in 4242
order id 4111111111111
iban required
license key valid until 2027
session key exchange: curve25519-sha256
kex: algorithm: curve25519-sha256 host key: ssh-ed25519
host key fingerprint SHA256:abc
Session 30546173_4261722401 initialized by client X
Session: 30546173_4261722401 initialized by client WindowsUpdateAgent.
Established session 0x14f05578bd80001 with timeout 10000
Opened session 5f3a9c for bob
session id 12 closed
jwt expired
jwt malformed
invalid jwt
JWT audience mismatch: expected api
connection string missing
connectionString: not configured
PASS test/foo.test.ts
PASS 12 tests
AUTH failed
LOGIN bob ok
a1 LOGIN failed
curl -u requires an argument
mysql -p asks for a password
docker login succeeded
ssh -p 22 host
psql -p 5432 -U bob
mosquitto -p 1883
redis -p 6379
netstat -p tcp
ps -p 1234
mkdir -p /var/log/app
cp -p a b
nmap -p 1-1000 host
docker run -p 8080:80 -u 1000 img
app -u bob -p 8080
rsync -a src dst
the word password appears here: see docs
Enter password:
password for bob:
[sudo] password for bob:
Password:
Password (again):
GET /api/token 200 12ms
GET /password/reset 302
POST /auth/login 401
GET /v1/secrets/db-prod 404
/etc/secrets/db.json
const password = process.env.DB_PASSWORD
at Token.parse (token.js:12:3)
at checkPassword (/app/auth.js:3:4)
TypeError: Cannot read properties of undefined (reading 'password')
ReferenceError: token is not defined
Error: secretOrPrivateKey must have a value
ValidationError: "password" length must be at least 8 characters long
"password" is required
WWW-Authenticate: Basic realm="trading"
WWW-Authenticate: Bearer error="invalid_token"
headers: authorization, cookie
fields: token, password, email
select id, password from users
create table users (id int, password varchar(20))
alter table t add column token text
GRANT SELECT ON secrets TO bob
x-request-id: 550e8400e29b41d4a716446655440000
x-amz-request-id: 4442587FB7D0A2F9
traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
kind: Secret
kind: ContainerToken
authToken expired
accessTokenExpiresAt=2026-11-27T10:00:00Z
refresh token rotation enabled
refresh_token_ttl=86400
idempotency-key: 8e03978e-40d5-43dd-bc93-6894a57f9324
MAC: 00:11:22:33:44:55
mac=00:1a:2b:3c:4d:5e
wallet 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48
tx 0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060
address: bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq
-> password prompt shown
password -> changed
token -> USDC
Password .... ok
api key -> rotated
SECRET_KEY v2 loaded
API_KEY from environment
DB_PASSWORD unset
cache_key=quotes:ES:{n}:{hex16} hit
dedup_key={uuid} dropped
order_key: {uuid}
sortKey={date}#{d8} partitionKey=account-{n}
object_key=exports/2026/11/{hex16}.parquet size={n}
trace_key={uuid} span={hex16}
jobKey: "{uuid}"
hotkey: ctrl+shift+k
compositeKey=AAPL_{d8}_{n}
password is 'required'
The password is "too short for this policy"
token - "end of file" at line {n}
Key 2: up
token: v2.{n}.{n}-rc1
passwordLabel:"Password:",rememberMeLabel:"Remember me:"
prompt("Password:", "Enter it")
coda document {uuid} opened
coda key rotated, request {uuid}
snyk issue {uuid} found
sentry event {hex32} sent
datadog trace {hex32}
binance order {hex32} filled
alpaca order {uuid} rejected: token USDC
coinbase account {uuid} synced
polygon feed request {hex32}
github run {d10} for {hex40}
circleci build {hex40}
wandb run {hex8}
cache miss key={hex32}
cache hit key: {hex40}
key={uuid}
key=exports/2026/11/{hex16}.parquet
semaphore key {hex32}
token is valid until {date}
token is {n}
vault operator status for {hex32}
curl -u bob: https://x.com
docker run -p{port}:80 mysql
TEST_PASS=passed
STAGE_PASS=true
authentication: kerberos
the password for user 'bob' is 'required'
new NetworkCredential(user, password)
LinkedIn key 2: up
cache lookup for the key={hex32}
unknown key: {hex40}
payload eyJzeW1ib2wiOiJFUyIsInNpZGUiOiJCVVkiLCJxdHkiOjN9
data:text/plain;base64,SGVsbG8gd29ybGQsIHRoaXMgaXMgYSB0ZXN0
body 7b2273796d626f6c223a224553222c22717479223a337d
next=%2F%61%63%63%6f%75%6e%74%73%2F{d8}
kind: Secret, name: db
radius-server host {ip} timeout {n}
vault kv get secret/x
the data is &ref of !tag
`
