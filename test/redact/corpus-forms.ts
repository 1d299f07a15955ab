// Secrets that stand in a form: behind a name, in a header, a URL, a command, a dump. One line a
// kind: group, origin, text. The secret stands between ⟦ and ⟧, its random parts between ⟨ and ⟩
// (`corpus.ts` has their alphabets); ⏎ is a line break, ⇥ a tab, ␛ an escape, ␁ a SOH.
//
// The forms are those of the vendors' and brokers' documentation, of the manuals of the commands,
// and of what programs print. The values are random.

export const forms = `
pem | rsa        | -----BEGIN RSA PRIVATE KEY-----⏎⟦⟨B64⟩⏎⟨B64⟩⏎⟨B40⟩==⟧⏎-----END RSA PRIVATE KEY-----
pem | pkcs8      | -----BEGIN PRIVATE KEY-----\\n⟦⟨B64⟩\\n⟨B64⟩⟧\\n-----END PRIVATE KEY-----
pem | encrypted  | -----BEGIN ENCRYPTED PRIVATE KEY-----⏎⟦⟨B64⟩⏎⟨B64⟩⟧⏎-----END ENCRYPTED PRIVATE KEY-----⏎
pem | openssh    | key: -----BEGIN OPENSSH PRIVATE KEY-----⏎⟦b3BlbnNzaC1rZXktdjE⟨B64⟩⏎⟨B64⟩⟧⏎-----END OPENSSH PRIVATE KEY-----
pem | ec         | {"pem":"-----BEGIN EC PRIVATE KEY-----\\n⟦⟨B64⟩\\n⟨B64⟩⟧\\n-----END EC PRIVATE KEY-----\\n"}
pem | pgp        | -----BEGIN PGP PRIVATE KEY BLOCK-----⏎Version: GnuPG v2⏎⏎⟦⟨B64⟩⏎⟨B64⟩⟧⏎=⟨B4⟩⏎-----END PGP PRIVATE KEY BLOCK-----
pem | proctype   | -----BEGIN RSA PRIVATE KEY-----⏎Proc-Type: 4,ENCRYPTED⏎DEK-Info: AES-128-CBC,⟨X32⟩⏎⏎⟦⟨B64⟩⏎⟨B64⟩⟧⏎-----END RSA PRIVATE KEY-----
pem | ssh2       | ---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----⏎Comment: "me"⏎⟦⟨B64⟩⏎⟨B64⟩⟧⏎---- END SSH2 ENCRYPTED PRIVATE KEY ----
pem | putty      | PuTTY-User-Key-File-2: ssh-rsa⏎Encryption: none⏎Comment: me⏎Private-Lines: 2⏎⟦⟨B64⟩⏎⟨B64⟩⟧⏎Private-MAC: ⟨x40⟩
pem | truncated  | cannot parse -----BEGIN PRIVATE KEY-----⏎⟦⟨B64⟩⏎⟨B64⟩⟧
pem | oneline    | -----BEGIN PRIVATE KEY----- ⟦⟨B64⟩ ⟨B64⟩⟧ -----END PRIVATE KEY-----
pem | gcp        | {"type":"service_account","project_id":"risk","private_key_id":"⟨x40⟩","private_key":"-----BEGIN PRIVATE KEY-----\\n⟦⟨B64⟩\\n⟨B64⟩⟧\\n-----END PRIVATE KEY-----\\n","client_email":"a@b.iam.gserviceaccount.com"}
pem | base64     | tls.key: ⟦LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo⟨B64⟩⟨B64⟩⟧
pem | indented   | ssl:⏎  key: |⏎    -----BEGIN PRIVATE KEY-----⏎    ⟦⟨B64⟩⏎    ⟨B64⟩⟧⏎    -----END PRIVATE KEY-----
pem | jwk        | {"kty":"RSA","n":"⟨w86⟩","e":"AQAB","d":"⟦⟨w86⟩⟧"}
pem | xml        | <RSAKeyValue><Modulus>⟨B64⟩</Modulus><Exponent>AQAB</Exponent><D>⟦⟨B64⟩⟧</D></RSAKeyValue>

header | bearer       | Authorization: Bearer ⟦⟨m40⟩⟧
header | bearerLower  | sent with bearer ⟦⟨m40⟩⟧
header | bearerUpper  | AUTHORIZATION: BEARER ⟦⟨m40⟩⟧
header | bearerAlone  | BEARER ⟦⟨m40⟩⟧
header | basic        | authorization: Basic ⟦⟨B32⟩==⟧
header | basicAlone   | using Basic ⟦⟨B32⟩⟧ for the proxy
header | digest       | Authorization: Digest username="bob", realm="r", nonce="⟨x32⟩", uri="/", response="⟦⟨x32⟩⟧"
header | negotiate    | WWW-Authorization: Negotiate ⟦YII⟨B64⟩⟧
header | ntlm         | Proxy-Authorization: NTLM ⟦TlRMTVNTUAAD⟨B64⟩⟧
header | hawk         | Authorization: Hawk id="dh37", ts="1353832234", nonce="j4h3g2", mac="⟦⟨B43⟩=⟧"
header | awsv4        | Authorization: AWS4-HMAC-SHA256 Credential=AKIA⟨K16⟩/20261124/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=⟦⟨x64⟩⟧
header | awsv2        | Authorization: AWS AKIA⟨K16⟩:⟦⟨B27⟩=⟧
header | azure        | Authorization: SharedKey acct:⟦⟨B43⟩=⟧
header | azuresas     | Authorization: SharedAccessSignature sr=https%3a%2f%2fx&sig=⟦⟨B40⟩%3d⟧&se=1&skn=k
header | oauth1       | Authorization: OAuth oauth_consumer_key="⟨m20⟩", oauth_nonce="1", oauth_signature="⟦⟨B27⟩%3D⟧"
header | googlelogin  | Authorization: GoogleLogin auth=⟦⟨w60⟩⟧
header | apikeyscheme | Authorization: ApiKey ⟦⟨m40⟩⟧
header | genie        | Authorization: GenieKey ⟦⟨u⟩⟧
header | sso          | Authorization: SSWS ⟦00⟨w40⟩⟧
header | tokenscheme  | Authorization: Token ⟦⟨x40⟩⟧
header | tokenfield   | Authorization: token=⟦⟨x40⟩⟧
header | klaviyo      | Authorization: Klaviyo-API-Key ⟦⟨x34⟩⟧
header | discordbot   | Authorization: Bot ⟦⟨m24⟩.⟨m6⟩.⟨m27⟩⟧
header | raw          | authorization: ⟦⟨x32⟩⟧
header | splunk       | Authorization: Splunk ⟦⟨u⟩⟧
header | pve          | Authorization: PVEAPIToken=root@pam!x=⟦⟨u⟩⟧
header | xapikey      | X-Api-Key: ⟦⟨m32⟩⟧
header | xapikeyjson  | {"headers":{"x-api-key":"⟦⟨m32⟩⟧","accept":"*/*"}}
header | xauthtoken   | X-Auth-Token: ⟦⟨x32⟩⟧
header | amztoken     | X-Amz-Security-Token: ⟦⟨B60⟩⟧
header | csrf         | X-CSRF-Token: ⟦⟨B43⟩⟧
header | xsrf         | X-XSRF-TOKEN: ⟦⟨m32⟩⟧
header | vault        | X-Vault-Token: ⟦⟨m26⟩⟧
header | consul       | X-Consul-Token: ⟦⟨u⟩⟧
header | gitlab       | PRIVATE-TOKEN: ⟦⟨m20⟩⟧
header | jobtoken     | JOB-TOKEN: ⟦⟨m20⟩⟧
header | shopify      | X-Shopify-Access-Token: ⟦⟨x32⟩⟧
header | ocp          | Ocp-Apim-Subscription-Key: ⟦⟨x32⟩⟧
header | googapi      | x-goog-api-key: ⟦⟨m39⟩⟧
header | functions    | x-functions-key: ⟦⟨B54⟩==⟧
header | datadog      | DD-API-KEY: ⟦⟨x32⟩⟧
header | datadogapp   | DD-APPLICATION-KEY: ⟦⟨x40⟩⟧
header | newrelic     | X-Insert-Key: ⟦⟨m32⟩⟧
header | hubsig       | X-Hub-Signature-256: sha256=⟦⟨x64⟩⟧
header | slacksig     | X-Slack-Signature: v0=⟦⟨x64⟩⟧
header | stripesig    | Stripe-Signature: t=1492774577,v1=⟦⟨x64⟩⟧
header | cookie       | Cookie: theme=dark; sid=⟦⟨m26⟩⟧; lang=en
header | setcookie    | Set-Cookie: connect.sid=⟦s%3A⟨w32⟩.⟨B43⟩⟧; Path=/; HttpOnly
header | cookiejson   | "set-cookie":["JSESSIONID=⟦⟨X32⟩⟧; Path=/"]
header | phpsess      | cookie header was PHPSESSID=⟦⟨a26⟩⟧
header | aspnet       | ASP.NET_SessionId=⟦⟨a24⟩⟧
header | folded       | Authorization:⏎ Bearer ⟦⟨m40⟩⟧
header | rawheaders   | rawHeaders: [ 'Host', 'x.com', 'Authorization', 'Bearer ⟦⟨m40⟩⟧', 'Accept', '*/*' ]
header | rawlist      | ["Host","x.com","X-Api-Key","⟦⟨m32⟩⟧","Accept","*/*"]
header | curlverbose  | > X-Api-Key: ⟦⟨m32⟩⟧⏎> Accept: */*
header | grpc         | metadata: authorization=[Bearer ⟦⟨m40⟩⟧]
header | javaheaders  | headers={Authorization=[Bearer ⟦⟨m40⟩⟧], Accept=[*/*]}
header | wsproto      | Sec-WebSocket-Protocol: access_token, ⟦⟨w40⟩⟧

broker | ibkr         | live_session_token=⟦⟨B28⟩=⟧
broker | ibkr         | oauth_token=⟦⟨x20⟩⟧&oauth_signature_method=HMAC-SHA256
broker | ibkr         | {"LST":"x","live_session_token_signature":"⟦⟨x40⟩⟧"}
broker | ibkr         | Cookie: x-sess-uuid=0.⟨x8⟩; api=⟦⟨x32⟩⟧; SBID=⟨a20⟩
broker | binance      | X-MBX-APIKEY: ⟦⟨m64⟩⟧
broker | binance      | GET /api/v3/account?recvWindow=5000&timestamp=1499827319559&signature=⟦⟨x64⟩⟧
broker | binance      | {"listenKey":"⟦⟨m60⟩⟧"}
broker | binance      | BINANCE_SECRET_KEY=⟦⟨m64⟩⟧
broker | kraken       | API-Sign: ⟦⟨B86⟩==⟧
broker | kraken       | API-Key: ⟦⟨B56⟩⟧
broker | kraken       | {"token":"⟦⟨B43⟩⟧","expires":900}
broker | kraken       | Authent: ⟦⟨B86⟩==⟧
broker | coinbase     | CB-ACCESS-SIGN: ⟦⟨B43⟩=⟧
broker | coinbase     | CB-ACCESS-KEY: ⟦⟨x32⟩⟧
broker | coinbase     | CB-ACCESS-PASSPHRASE: ⟦⟨a11⟩⟧
broker | coinbase     | {"name":"organizations/⟨u⟩/apiKeys/⟨u⟩","privateKey":"-----BEGIN EC PRIVATE KEY-----\\n⟦⟨B64⟩\\n⟨B64⟩⟧\\n-----END EC PRIVATE KEY-----\\n"}
broker | alpaca       | APCA-API-SECRET-KEY: ⟦⟨m40⟩⟧
broker | alpaca       | APCA-API-KEY-ID: ⟦PK⟨A18⟩⟧
broker | alpaca       | {"action":"auth","key":"PK⟨A18⟩","secret":"⟦⟨m40⟩⟧"}
broker | oanda        | Authorization: Bearer ⟦⟨x32⟩-⟨x32⟩⟧
broker | oanda        | oanda token ⟦⟨x32⟩-⟨x32⟩⟧ rejected
broker | tradovate    | {"name":"bob","password":"⟦⟨p12⟩⟧","appId":"Sample App","appVersion":"1.0","cid":8,"sec":"x"}
broker | tradovate    | {"cid":8,"sec":"⟦⟨u⟩⟧"}
broker | tradovate    | {"mdAccessToken":"⟦⟨w60⟩⟧","expirationTime":"2026-11-24T10:00:00Z"}
broker | tradovate    | authorize⏎2⏎⏎⟦eyJ⟨w30⟩.eyJ⟨w60⟩.⟨w43⟩⟧
broker | bitfinex     | bfx-signature: ⟦⟨x96⟩⟧
broker | bitfinex     | bfx-apikey: ⟦⟨m43⟩⟧
broker | bitfinex     | {"event":"auth","apiKey":"⟨m43⟩","authSig":"⟦⟨x96⟩⟧","authNonce":1}
broker | bybit        | X-BAPI-SIGN: ⟦⟨x64⟩⟧
broker | bybit        | X-BAPI-API-KEY: ⟦⟨m18⟩⟧
broker | bybit        | {"op":"auth","args":["⟨m18⟩",1662350400000,"⟦⟨x64⟩⟧"]}
broker | okx          | OK-ACCESS-SIGN: ⟦⟨B43⟩=⟧
broker | okx          | OK-ACCESS-PASSPHRASE: ⟦⟨p12⟩⟧
broker | okx          | {"op":"login","args":[{"apiKey":"⟨u⟩","passphrase":"⟦⟨p12⟩⟧","timestamp":"1538054050","sign":"⟨B43⟩="}]}
broker | kucoin       | KC-API-SIGN: ⟦⟨B43⟩=⟧
broker | kucoin       | KC-API-PASSPHRASE: ⟦⟨B43⟩=⟧
broker | kucoin       | wss://ws-api.kucoin.com/endpoint?token=⟦⟨w120⟩⟧&connectId=1
broker | bitstamp     | X-Auth-Signature: ⟦⟨X64⟩⟧
broker | bitstamp     | X-Auth: BITSTAMP ⟦⟨m32⟩⟧
broker | deribit      | {"method":"public/auth","params":{"grant_type":"client_credentials","client_id":"x","client_secret":"⟦⟨w43⟩⟧"}}
broker | deribit      | Authorization: deri-hmac-sha256 id=AMANDA,ts=1576074319000,sig=⟦⟨x64⟩⟧,nonce=1iqt2wls
broker | polygon      | https://api.polygon.io/v2/aggs/ticker/AAPL?apiKey=⟦⟨w32⟩⟧
broker | polygon      | {"action":"auth","params":"⟦⟨w32⟩⟧"}
broker | finnhub      | wss://ws.finnhub.io?token=⟦⟨a20⟩⟧
broker | finnhub      | X-Finnhub-Token: ⟦⟨a20⟩⟧
broker | gemini       | X-GEMINI-SIGNATURE: ⟦⟨x96⟩⟧
broker | gemini       | X-GEMINI-APIKEY: ⟦account-⟨m20⟩⟧
broker | bitmex       | api-signature: ⟦⟨x64⟩⟧
broker | gateio       | KEY: ⟦⟨x32⟩⟧
broker | gateio       | SIGN: ⟦⟨x128⟩⟧
broker | bitget       | ACCESS-SIGN: ⟦⟨B43⟩=⟧
broker | huobi        | &SignatureVersion=2&Timestamp=2026-11-24T10%3A00%3A00&Signature=⟦⟨B40⟩%3D⟧
broker | ig           | X-SECURITY-TOKEN: ⟦⟨x64⟩⟧
broker | ig           | CST: ⟦⟨x64⟩⟧
broker | ig           | {"identifier":"bob","password":"⟦⟨p12⟩⟧"}
broker | capital      | X-CAP-API-KEY: ⟦⟨m16⟩⟧
broker | saxo         | {"access_token":"⟦⟨w200⟩⟧","token_type":"Bearer","expires_in":1200}
broker | zerodha      | Authorization: token ⟦⟨a16⟩:⟨m32⟩⟧
broker | zerodha      | enctoken=⟦⟨B80⟩⟧
broker | angelone     | X-PrivateKey: ⟦⟨m8⟩⟧
broker | angelone     | {"jwtToken":"x","feedToken":"⟦⟨m40⟩⟧"}
broker | upstox       | {"client_id":"x","client_secret":"⟦⟨a10⟩⟧","code":"x"}
broker | tastytrade   | {"session-token":"⟦⟨w50⟩+C⟧","remember-token":"x"}
broker | schwab       | refresh_token=⟦⟨w90⟩@⟧&grant_type=refresh_token
broker | etrade       | oauth_token_secret=⟦⟨B43⟩%3D⟧
broker | longbridge   | X-Api-Signature: HMAC-SHA256 SignedHeaders=authorization;x-api-key, Signature=⟦⟨x64⟩⟧
broker | futu         | unlock_trade(pwd_unlock='⟦⟨d6⟩⟧', is_unlock=True)
broker | rithmic      | login user=bob password=⟦⟨p12⟩⟧ system=Rithmic Paper Trading
broker | cqg          | Logon(user_name=bob, password=⟦⟨p12⟩⟧, client_app_id=x)
broker | ninja        | ATI connect host=localhost user=bob pass=⟦⟨p12⟩⟧
broker | dydx         | DYDX-SIGNATURE: ⟦⟨B43⟩=⟧
broker | dydx         | DYDX-PASSPHRASE: ⟦⟨w20⟩⟧
broker | phemex       | x-phemex-request-signature: ⟦⟨x64⟩⟧
broker | poloniex     | Sign: ⟦⟨x128⟩⟧
broker | cryptocom    | {"id":1,"method":"public/auth","api_key":"⟨m20⟩","sig":"⟦⟨x64⟩⟧","nonce":1}
broker | ethereum     | privateKey: 0x⟦⟨x64⟩⟧
broker | mnemonic     | mnemonic: ⟦abandon ability able about above absent absorb abstract absurd abuse access accident⟧
broker | fix          | 8=FIX.4.4␁9=112␁35=A␁49=CLIENT␁56=BROKER␁553=bob␁554=⟦⟨p12⟩⟧␁98=0␁108=30␁10=062␁
broker | fix          | 8=FIX.4.4|35=A|553=bob|554=⟦⟨p12⟩⟧|925=x|108=30|10=062|
broker | fix          | 8=FIX.4.4|35=A|554=x|925=⟦⟨p12⟩⟧|10=062|
broker | fix          | 8=FIX.4.4␁553=bob␁554=⟦⟨p12⟩⟧␁10=062␁
broker | fix          | 8=FIXT.1.1|553=bob|925=⟦⟨p12⟩⟧|10=062|
broker | fix          | 8=FIX.4.2^A35=A^A95=20^A96=⟦⟨q20⟩⟧^A108=30^A10=062^A

url | https       | GET https://bob:⟦⟨p12⟩⟧@api.example.com/v1 failed
url | http        | http://bob:⟦⟨q10⟩⟧@10.0.0.1:8080/
url | ftp         | ftp://bob:⟦⟨q10⟩⟧@ftp.example.com/in
url | sftp        | sftp://bob:⟦⟨q10⟩⟧@host:22/in
url | postgres    | postgres://risk:⟦⟨p12⟩⟧@db:5432/risk
url | postgresql  | connect ECONNREFUSED postgresql://risk:⟦⟨q10⟩⟧@db/risk?sslmode=require
url | mysql       | mysql://risk:⟦⟨q10⟩⟧@db:3306/risk
url | mongodb     | mongodb://risk:⟦⟨q10⟩⟧@a:27017,b:27017/risk?replicaSet=r
url | mongosrv    | mongodb+srv://risk:⟦⟨q10⟩⟧@cluster0.mongodb.net/risk
url | redis       | redis://:⟦⟨q10⟩⟧@cache:6379/0
url | rediss      | rediss://default:⟦⟨q10⟩⟧@cache:6380
url | amqp        | amqp://guest:⟦⟨q10⟩⟧@mq:5672/%2f
url | kafka       | kafka+ssl://bob:⟦⟨q10⟩⟧@broker:9093
url | nats        | nats://bob:⟦⟨q10⟩⟧@n1:4222
url | natstoken   | nats://⟦⟨m32⟩⟧@n1:4222
url | smtp        | smtp://bob%40example.com:⟦⟨q10⟩⟧@mail:587
url | imap        | imaps://bob:⟦⟨q10⟩⟧@mail:993
url | ldap        | ldap://cn=admin:⟦⟨q10⟩⟧@ldap:389
url | socks       | socks5://bob:⟦⟨q10⟩⟧@proxy:1080
url | ws          | wss://bob:⟦⟨q10⟩⟧@feed.example.com/stream
url | mqtt        | mqtts://bob:⟦⟨q10⟩⟧@broker:8883
url | elastic     | https://elastic:⟦⟨m24⟩⟧@es:9200/_search
url | git         | git clone https://bob:⟦⟨m40⟩⟧@github.com/o/r.git
url | gittoken    | https://⟦⟨m40⟩⟧@github.com/o/r.git
url | oauth2      | https://oauth2:⟦⟨m20⟩⟧@gitlab.com/o/r.git
url | xaccess     | https://x-access-token:⟦⟨m40⟩⟧@github.com/o/r
url | sentry      | SENTRY=https://⟦⟨x32⟩⟧@o1.ingest.sentry.io/1
url | apos        | http://bob:⟦it's⟨q10⟩⟧@host/
url | atsign      | https://bob:⟦p@ss⟨q10⟩⟧@host/
url | slash       | postgres://bob:⟦ab/⟨q10⟩⟧@host/db
url | hash        | mysql://bob:⟦ab#⟨q10⟩⟧@host/db
url | query       | mysql://bob:⟦ab?⟨q10⟩⟧@host/db
url | encodedpw   | redis://:⟦a%23b%40⟨q10⟩⟧@host:6379
url | long        | https://bob:⟦⟨m400⟩⟧@host/
url | encoded     | /login?to=https%3A%2F%2Fbob%3A⟦⟨q10⟩⟧%40host%2Fx
url | twice       | /login?to=https%253A%252F%252Fbob%253A⟦⟨q10⟩⟧%2540host
url | escaped     | {"url":"https:\\/\\/bob:⟦⟨q10⟩⟧@host\\/x"}
url | quoted      | fetch('https://bob:⟦⟨q10⟩⟧@host/x')
url | ipv6        | http://bob:⟦⟨q10⟩⟧@[::1]:8080/
url | jdbcora     | jdbc:oracle:thin:scott/⟦⟨q10⟩⟧@//db:1521/orcl
url | jdbcora2    | jdbc:oracle:thin:scott/⟦⟨q10⟩⟧@db:1521:orcl
url | jdbcmysql   | jdbc:mysql://db:3306/risk?user=bob&password=⟦⟨q10⟩⟧&useSSL=false
url | jdbcpg      | jdbc:postgresql://db/risk?user=bob&password=⟦⟨q10⟩⟧
url | jdbcuser    | jdbc:mysql://bob:⟦⟨q10⟩⟧@db:3306/risk
url | godsn       | bob:⟦⟨q10⟩⟧@tcp(127.0.0.1:3306)/risk?parseTime=true
url | bare        | proxy is bob:⟦⟨p12⟩⟧@proxy.example.com:3128
url | sidekiq     | https://⟨x8⟩:⟦⟨x8⟩⟧@gems.contribsys.com/
url | snowflake   | snowflake://bob:⟦⟨q10⟩⟧@acct/db/schema
url | clickhouse  | clickhouse://default:⟦⟨q10⟩⟧@ch:9000/default

query | access_token    | GET /me?access_token=⟦⟨m40⟩⟧&fields=id
query | token           | GET /hook?token=⟦⟨m24⟩⟧
query | api_key         | /v1?api_key=⟦⟨m32⟩⟧&x=1
query | apikey          | /query?function=TIME_SERIES&apikey=⟦⟨A16⟩⟧
query | key             | https://maps.example.com/api/js?key=⟦⟨m39⟩⟧&v=3
query | appid           | https://api.openweathermap.org/data?q=x&appid=⟦⟨x32⟩⟧
query | sig             | ?sv=2024-01-01&ss=b&sp=rl&sig=⟦⟨B40⟩%3D⟧
query | signature       | ?Expires=1&Signature=⟦⟨w120⟩⟧&Key-Pair-Id=K
query | amzsignature    | ?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=⟦⟨x64⟩⟧
query | amzcredential   | ?X-Amz-Credential=⟦AKIA⟨K16⟩⟧%2F20261124%2Fus-east-1
query | amztoken        | ?X-Amz-Security-Token=⟦⟨B120⟩⟧&x=1
query | googsignature   | ?X-Goog-Signature=⟦⟨x256⟩⟧
query | password        | POST /login?user=bob&password=⟦⟨q10⟩⟧
query | passwd          | /login?login=bob&passwd=⟦⟨q10⟩⟧
query | pwd             | /login?usr=bob&pwd=⟦⟨q10⟩⟧#top
query | pass            | /login?user=bob&pass=⟦⟨q10⟩⟧
query | client_secret   | grant_type=client_credentials&client_id=x&client_secret=⟦⟨w40⟩⟧
query | code            | /callback?code=⟦⟨w40⟩⟧&state=x
query | id_token        | /callback#id_token=⟦eyJ⟨w30⟩.eyJ⟨w60⟩.⟨w43⟩⟧
query | refresh_token   | refresh_token=⟦⟨w60⟩⟧&client_id=x
query | sid             | /chat?EIO=4&sid=⟦⟨w20⟩⟧
query | session         | ?session=⟦⟨x32⟩⟧
query | jsessionid      | /app/home;jsessionid=⟦⟨X32⟩⟧
query | auth            | /ws?auth=⟦⟨m32⟩⟧
query | jwt             | /ws?jwt=⟦eyJ⟨w30⟩.eyJ⟨w60⟩.⟨w43⟩⟧
query | otp             | /verify?otp=⟦⟨d6⟩⟧
query | pin             | /verify?pin=⟦⟨d6⟩⟧
query | secret          | otpauth://totp/ACME:bob?secret=⟦⟨B32A⟩⟧&issuer=ACME
query | hmac            | /proxy?shop=x&hmac=⟦⟨x64⟩⟧
query | encoded         | next=%2Fx%3Ftoken%3D⟦⟨m32⟩⟧%26a%3D1
query | encodedjson     | data=%7B%22password%22%3A%22⟦⟨q10⟩⟧%22%7D
query | amp             | <a href="/x?a=1&amp;token=⟦⟨m32⟩⟧&amp;b=2">
query | awsold          | ?AWSAccessKeyId=⟦AKIA⟨K16⟩⟧&Expires=1
query | xtoken          | ?x-token=⟦⟨m32⟩⟧
query | user_token      | ?user_token=⟦⟨m32⟩⟧
query | reset           | /password/reset?reset_token=⟦⟨w32⟩⟧
query | invite          | /join?invitation_token=⟦⟨w20⟩⟧
query | unlock          | /unlock?unlock_token=⟦⟨w20⟩⟧
query | ticket          | /login?ticket=⟦ST-1-⟨m30⟩⟧
query | saml            | SAMLResponse=⟦⟨B120⟩⟧&RelayState=x
query | assertion       | grant_type=jwt&client_assertion=⟦⟨w120⟩⟧
query | licence         | ?license_key=⟦⟨A5⟩-⟨A5⟩-⟨A5⟩-⟨A5⟩⟧
query | subscription    | ?subscription-key=⟦⟨x32⟩⟧
query | sharedkey       | ?sharedKey=⟦⟨x32⟩⟧
query | csrf            | _csrf=⟦⟨w36⟩⟧&name=bob
query | authenticity    | utf8=1&authenticity_token=⟦⟨B86⟩⟧
query | bot             | https://api.telegram.org/bot⟦⟨d10⟩:AA⟨w33⟩⟧/sendMessage
query | botfile         | https://api.telegram.org/file/bot⟦⟨d10⟩:AA⟨w33⟩⟧/documents/x

connection | mssql       | Server=db;Database=risk;User Id=sa;Password=⟦⟨p12⟩⟧;Encrypt=true
connection | mssqlpwd    | Server=db;UID=sa;Pwd=⟦⟨p12⟩⟧;
connection | odbc        | Driver={ODBC Driver 17};Server=db;Uid=bob;Pwd={⟦⟨q10⟩;x⟧};
connection | libpq       | host=db port=5432 user=risk password=⟦⟨q10⟩⟧ dbname=risk
connection | libpqq      | host=db user=risk password='⟦⟨q10⟩ x⟧' dbname=risk
connection | azstorage   | DefaultEndpointsProtocol=https;AccountName=x;AccountKey=⟦⟨B86⟩==⟧;EndpointSuffix=core.windows.net
connection | servicebus  | Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=⟦⟨B43⟩=⟧
connection | appconfig   | Endpoint=https://x.azconfig.io;Id=abc;Secret=⟦⟨B43⟩=⟧
connection | iothub      | HostName=x.azure-devices.net;DeviceId=d;SharedAccessKey=⟦⟨B43⟩=⟧
connection | cosmos      | AccountEndpoint=https://x.documents.azure.com:443/;AccountKey=⟦⟨B86⟩==⟧;
connection | appinsights | InstrumentationKey=⟦⟨u⟩⟧;IngestionEndpoint=https://x
connection | azredis     | x.redis.cache.windows.net:6380,password=⟦⟨B43⟩=⟧,ssl=True,abortConnect=False
connection | oraez       | sqlplus scott/⟦⟨q10⟩⟧@//db:1521/orcl
connection | oradsn      | User Id=scott;Password=⟦⟨q10⟩⟧;Data Source=orcl
connection | jdbcmssql   | jdbc:sqlserver://db:1433;databaseName=risk;user=sa;password=⟦⟨q10⟩⟧;encrypt=true
connection | jdbcdb2     | jdbc:db2://db:50000/risk:user=bob;password=⟦⟨q10⟩⟧;
connection | jaas        | sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="bob" password="⟦⟨q10⟩⟧";
connection | phpdsn      | new PDO('mysql:host=db', 'bob', '⟦⟨q10⟩⟧') password='⟨q10⟩'
connection | django      | 'default': {'ENGINE': 'x', 'USER': 'bob', 'PASSWORD': '⟦⟨q10⟩⟧', 'HOST': 'db'}
connection | spring      | spring.datasource.password=⟦⟨q10⟩⟧
connection | hikari      | HikariConfig: username=bob, password=⟦⟨q10⟩⟧, jdbcUrl=jdbc:h2:mem
connection | rabbit      | default_user = bob⏎default_pass = ⟦⟨q10⟩⟧
connection | ssrs        | Data Source=db;Initial Catalog=risk;Integrated Security=False;User ID=bob;Password="⟦⟨q10⟩⟧"
connection | snowflake   | account=x;user=bob;password=⟦⟨q10⟩⟧;warehouse=w

command | mysql       | mysql -h db -u root -p⟦⟨q10⟩⟧ risk
command | mysqldump   | mysqldump -uroot -p'⟦⟨q10⟩⟧' risk > x.sql
command | mysqllong   | mysql --user=root --password=⟦⟨q10⟩⟧ risk
command | pgpassword  | PGPASSWORD=⟦⟨q10⟩⟧ psql -h db -U risk
command | exportpg    | export PGPASSWORD='⟦⟨q10⟩⟧'; pg_dump risk
command | rediscli    | redis-cli -h cache -a ⟦⟨q10⟩⟧ ping
command | mongo       | mongosh -u bob -p ⟦⟨q10⟩⟧ --authenticationDatabase admin
command | sqlcmd      | sqlcmd -S db -U sa -P ⟦⟨p12⟩⟧ -Q "select 1"
command | bcp         | bcp risk.dbo.t out x -S db -U sa -P⟦⟨q10⟩⟧
command | curlu       | curl -u bob:⟦⟨p12⟩⟧ https://host
command | curluser    | curl -s --user 'bob:⟦⟨q10⟩⟧' https://host
command | curlh       | curl -H "X-Api-Key: ⟦⟨m32⟩⟧" https://host
command | curlauth    | curl -H 'Authorization: Bearer ⟦⟨m32⟩⟧' https://host
command | curlb       | curl -b "session=⟦⟨m32⟩⟧" https://host
command | curloauth   | curl --oauth2-bearer ⟦⟨m32⟩⟧ https://host
command | curlproxy   | curl --proxy-user bob:⟦⟨q10⟩⟧ -x proxy:3128 https://host
command | wget        | wget --user=bob --password=⟦⟨q10⟩⟧ https://host
command | wgethttp    | wget --http-password ⟦⟨q10⟩⟧ https://host
command | httpie      | http -a bob:⟦⟨q10⟩⟧ host/x
command | sshpass     | sshpass -p ⟦⟨p12⟩⟧ ssh bob@host
command | sshpassq    | sshpass -p '⟦⟨p12⟩⟧' scp x bob@host:
command | docker      | docker login -u bob -p ⟦⟨q10⟩⟧ registry.example.com
command | dockere     | docker run -e POSTGRES_PASSWORD=⟦⟨q10⟩⟧ postgres
command | helm        | helm install x --set auth.password=⟦⟨q10⟩⟧
command | kubectl     | kubectl create secret generic x --from-literal=password=⟦⟨q10⟩⟧
command | kubetoken   | kubectl --token=⟦⟨w40⟩⟧ get pods
command | azlogin     | az login --service-principal -u ⟨u⟩ -p ⟦⟨w34⟩⟧ --tenant x
command | awsconf     | aws configure set aws_secret_access_key ⟦⟨B40⟩⟧
command | keytool     | keytool -importkeystore -storepass ⟦⟨q10⟩⟧ -alias x
command | keytoolkey  | keytool -genkey -keypass ⟦⟨q10⟩⟧
command | openssl     | openssl pkcs12 -in x.p12 -passin pass:⟦⟨q10⟩⟧ -nodes
command | ldapsearch  | ldapsearch -x -D cn=admin -w ⟦⟨q10⟩⟧ -b dc=x
command | netuse      | net use \\\\host\\share /user:bob ⟦⟨q10⟩⟧
command | netuser     | net user bob ⟦⟨q10⟩⟧ /add
command | cmdkey      | cmdkey /add:host /user:bob /pass:⟦⟨q10⟩⟧
command | psexec      | psexec \\\\host -u bob -p ⟦⟨q10⟩⟧ cmd
command | smbclient   | smbclient //host/share -U bob%⟦⟨q10⟩⟧
command | mount       | mount -t cifs //host/s /mnt -o username=bob,password=⟦⟨q10⟩⟧,vers=3
command | npm         | npm config set //registry.example.com/:_authToken ⟦⟨u⟩⟧
command | npmrc       | //registry.example.com/:_authToken=⟦⟨u⟩⟧
command | npmauth     | _auth=⟦⟨B40⟩⟧
command | twine       | twine upload -u bob -p ⟦⟨q10⟩⟧ dist/*
command | vault       | vault login ⟦⟨m26⟩⟧
command | javad       | java -Djavax.net.ssl.keyStorePassword=⟦⟨q10⟩⟧ -jar x.jar
command | zip         | zip -P ⟦⟨q10⟩⟧ x.zip x
command | sevenzip    | 7z a -p⟦⟨q10⟩⟧ x.7z x
command | gpg         | gpg --batch --passphrase ⟦⟨q10⟩⟧ -d x
command | snmp        | snmpget -v3 -u bob -A ⟦⟨q10⟩⟧ -X ⟨q10⟩ host oid
command | ipmi        | ipmitool -H host -U bob -P ⟦⟨q10⟩⟧ power status
command | lftp        | lftp -u bob,⟦⟨q10⟩⟧ ftp.example.com
command | terraform   | terraform apply -var "db_password=⟦⟨q10⟩⟧"
command | sqlplus     | sqlplus scott/⟦⟨q10⟩⟧@orcl @x.sql
command | expdp       | expdp system/⟦⟨q10⟩⟧ full=y
command | cqlsh       | cqlsh -u bob -p ⟦⟨q10⟩⟧ host
command | mosquitto   | mosquitto_pub -u bob -P ⟦⟨q10⟩⟧ -t x -m y
command | rabbitctl   | rabbitmqctl add_user bob ⟦⟨q10⟩⟧
command | htpasswd    | htpasswd -bc .htpasswd bob ⟦⟨q10⟩⟧
command | chpasswd    | echo 'bob:⟦⟨q10⟩⟧' | chpasswd
command | sudos       | echo ⟦⟨q10⟩⟧ | sudo -S reboot
command | powershell  | ConvertTo-SecureString '⟦⟨q10⟩⟧' -AsPlainText -Force
command | psenv       | $env:API_TOKEN = "⟦⟨m32⟩⟧"
command | setx        | setx API_TOKEN ⟦⟨m32⟩⟧
command | nodeopt     | node app.js --db-password ⟦⟨q10⟩⟧ --port 80
command | nodeshort   | server -token ⟦⟨m32⟩⟧ -v
command | etcdctl     | etcdctl --user root:⟦⟨q10⟩⟧ get x
command | argvjson    | ["node","app.js","--password","⟦⟨q10⟩⟧","--port","80"]
command | argvinspect | [ 'node', 'app.js', '--api-key', '⟦⟨m32⟩⟧' ]
command | ngrok       | ngrok authtoken ⟦⟨m49⟩⟧
command | sshkeygen   | ssh-keygen -t ed25519 -N ⟦⟨q10⟩⟧ -f k

structure | json        | {"user":"bob","password":"⟦⟨p12⟩⟧","n":1}
structure | jsonnum     | {"user":"bob","password":⟦⟨d8⟩⟧,"n":1}
structure | jsonescaped | {"body":"{\\"password\\":\\"⟦⟨q10⟩⟧\\",\\"a\\":1}"}
structure | jsontwice   | "{\\\\\\"password\\\\\\":\\\\\\"⟦⟨q10⟩⟧\\\\\\"}"
structure | jsonpretty  | {⏎  "user": "bob",⏎  "apiKey": "⟦⟨m32⟩⟧"⏎}
structure | jsonarray   | {"recoveryCodes":["⟦⟨a5⟩-⟨a5⟩⟧","x"]}
structure | jsonnested  | {"credentials":{"user":"bob","value":"⟦⟨q10⟩⟧"}}
structure | har         | {"name":"X-Api-Key","value":"⟦⟨m32⟩⟧"}
structure | harrev      | {"value":"⟦⟨m32⟩⟧","name":"X-Api-Key"}
structure | postman     | {"key":"Authorization","value":"Bearer ⟦⟨m32⟩⟧","type":"text"}
structure | pairs       | [["user","bob"],["password","⟦⟨q10⟩⟧"]]
structure | inspectpair | [ [ 'user', 'bob' ], [ 'password', '⟦⟨q10⟩⟧' ] ]
structure | inspectmap  | Map(2) { 'user' => 'bob', 'password' => '⟦⟨q10⟩⟧' }
structure | inspect     | { user: 'bob', password: '⟦⟨q10⟩⟧', n: 1 }
structure | inspectcol  | { user: ␛[32m'bob'␛[39m, password: ␛[32m'⟦⟨q10⟩⟧'␛[39m }
structure | chalk       | ␛[1mpassword␛[22m: ␛[33m⟦⟨q10⟩⟧␛[39m
structure | inspectarr  | { cookies: [ 'sid=⟦⟨m32⟩⟧; HttpOnly' ] }
structure | urlparams   | URLSearchParams { 'token' => '⟦⟨m32⟩⟧' }
structure | yaml        | db:⏎  user: bob⏎  password: ⟦⟨q10⟩⟧⏎  port: 1
structure | yamlq       | password: "⟦⟨p12⟩⟧"
structure | yamlblock   | password: |⏎  ⟦⟨q10⟩⟧⏎port: 1
structure | yamlfold    | password: >-⏎  ⟦⟨q10⟩⟧⏎port: 1
structure | yamlnext    | password:⏎    ⟦⟨q10⟩⟧⏎port: 1
structure | k8senv      | - name: DB_PASSWORD⏎  value: ⟦⟨q10⟩⟧
structure | k8ssecret   | kind: Secret⏎data:⏎  password: ⟦⟨B16⟩⟧
structure | kubeconfig  | users:⏎- name: x⏎  user:⏎    client-key-data: ⟦LS0tLS1CRUdJTiBSU0EgUFJJVkFUR⟨B64⟩⟧
structure | toml        | [db]⏎password = "⟦⟨p12⟩⟧"
structure | ini         | [db]⏎password=⟦⟨p12⟩⟧
structure | env         | DB_PASS=⟦⟨q10⟩⟧⏎DB_HOST=x
structure | envdump     | SMTP_PASS=⟦⟨q10⟩⟧ SMTP_HOST=x
structure | properties  | signing.password=⟦⟨q10⟩⟧
structure | aligned     | user            : bob⏎password        : ⟦⟨q10⟩⟧
structure | tabs        | password⇥⇥=⇥⟦⟨q10⟩⟧
structure | xml         | <config><password>⟦⟨q10⟩⟧</password></config>
structure | xmlns       | <wsse:Password Type="PasswordText">⟦⟨q10⟩⟧</wsse:Password>
structure | xmlattr     | <connection user="bob" password="⟦⟨q10⟩⟧"/>
structure | xmladd      | <add key="Password" value="⟦⟨q10⟩⟧" />
structure | xmlprop     | <property name="db.password" value="⟦⟨q10⟩⟧"/>
structure | cdata       | <password><![CDATA[⟦⟨q10⟩⟧]]></password>
structure | xmlline     | <apiToken>⏎    ⟦⟨m32⟩⟧⏎</apiToken>
structure | plist       | <key>Password</key><string>⟦⟨q10⟩⟧</string>
structure | maven       | <server><id>x</id><username>bob</username><password>⟦⟨q10⟩⟧</password></server>
structure | html        | <input type="password" name="password" value="⟦⟨q10⟩⟧">
structure | htmlesc     | &quot;password&quot;:&quot;⟦⟨q10⟩⟧&quot;
structure | unicode     | \\u0022password\\u0022:\\u0022⟦⟨q10⟩⟧\\u0022
structure | php         | 'password' => '⟦⟨q10⟩⟧',
structure | wpconfig    | define('DB_PASSWORD', '⟦⟨q10⟩⟧');
structure | ruby        | {:user=>"bob", :password=>"⟦⟨q10⟩⟧"}
structure | python      | {'user': 'bob', 'password': '⟦⟨q10⟩⟧'}
structure | pybytes     | {'user': 'bob', 'password': b'⟦⟨q10⟩⟧'}
structure | pykwargs    | connect(user='bob', password='⟦⟨q10⟩⟧')
structure | godump      | &{User:bob Password:⟦⟨q10⟩⟧ Port:1}
structure | gosharp     | config.DB{User:"bob", Password:"⟦⟨q10⟩⟧"}
structure | rust        | Config { user: "bob", password: "⟦⟨q10⟩⟧" }
structure | rustsome    | Config { user: "bob", password: Some("⟦⟨q10⟩⟧") }
structure | java        | User{name=bob, password=⟦⟨q10⟩⟧, age=1}
structure | lombok      | User(name=bob, password=⟦⟨q10⟩⟧)
structure | csharp      | User { Name = bob, Password = ⟦⟨q10⟩⟧ }
structure | powershell  | UserName : bob⏎Password : ⟦⟨q10⟩⟧
structure | hcl         | password = "⟦⟨q10⟩⟧"
structure | erlang      | [{user,"bob"},{password,"⟦⟨q10⟩⟧"}]
structure | elixir      | %{user: "bob", password: "⟦⟨q10⟩⟧"}
structure | clojure     | {:user "bob" :password "⟦⟨q10⟩⟧"}
structure | proto       | user: "bob"⏎password: "⟦⟨q10⟩⟧"
structure | multipart   | Content-Disposition: form-data; name="password"⏎⏎⟦⟨q10⟩⟧⏎--x
structure | netrc       | machine host login bob password ⟦⟨q10⟩⟧
structure | pgpass      | PGPASSFILE db:5432:risk:bob:⟦⟨q10⟩⟧
structure | dockercfg   | {"auths":{"reg":{"auth":"⟦⟨B32⟩⟧"}}}
structure | awscreds    | [default]⏎aws_access_key_id = AKIA⟨K16⟩⏎aws_secret_access_key = ⟦⟨B40⟩⟧
structure | terraform   | "password": { "value": "⟦⟨q10⟩⟧" }
structure | setter      | config.setPassword("⟦⟨q10⟩⟧")
structure | csharpstr   | string apiToken = "⟦⟨m32⟩⟧";
structure | gotyped     | var apiToken string = "⟦⟨m32⟩⟧"
structure | make        | API_TOKEN ::= "⟦⟨m32⟩⟧"
structure | makecond    | API_TOKEN ?= "⟦⟨m32⟩⟧"
structure | phpconcat   | $apiToken .= "⟦⟨m32⟩⟧"
structure | javaprop    | System.setProperty("API_TOKEN", "⟦⟨m32⟩⟧")
structure | compare     | if (password == "⟦⟨q10⟩⟧") {
structure | verbatim    | password = @"⟦⟨q10⟩⟧";
structure | index       | config["password"] = "⟦⟨q10⟩⟧"
structure | formarray   | user[password]=⟦⟨q10⟩⟧&user[name]=bob
structure | typed       | password: string = "⟦⟨q10⟩⟧"
structure | nextline    | "Access Token":⏎"⟦⟨m32⟩⟧"
structure | apikeyis    | Incorrect API key provided: ⟦⟨m32⟩⟧.
structure | passis      | the password is ⟦⟨q10⟩⟧

sql | identified   | CREATE USER 'bob'@'%' IDENTIFIED BY '⟦⟨q10⟩⟧'
sql | identifiedora| ALTER USER scott IDENTIFIED BY ⟦⟨q10⟩⟧
sql | identifiedw  | ALTER USER 'bob' IDENTIFIED WITH mysql_native_password BY '⟦⟨q10⟩⟧'
sql | password     | ALTER USER bob PASSWORD '⟦⟨q10⟩⟧'
sql | encrypted    | CREATE ROLE bob WITH LOGIN ENCRYPTED PASSWORD '⟦⟨q10⟩⟧'
sql | mssql        | CREATE LOGIN bob WITH PASSWORD = '⟦⟨q10⟩⟧'
sql | mssqln       | ALTER LOGIN bob WITH PASSWORD = N'⟦⟨q10⟩⟧'
sql | setpassword  | SET PASSWORD FOR 'bob'@'%' = PASSWORD('⟦⟨q10⟩⟧')
sql | update       | UPDATE users SET password='⟦⟨q10⟩⟧' WHERE id=1
sql | where        | SELECT * FROM users WHERE name='bob' AND password='⟦⟨q10⟩⟧'
sql | options      | CREATE USER MAPPING FOR x SERVER s OPTIONS (user 'bob', password '⟦⟨q10⟩⟧')
sql | copy         | COPY t FROM 's3://x' CREDENTIALS 'aws_access_key_id=x;aws_secret_access_key=⟦⟨B40⟩⟧'
sql | dblink       | SELECT * FROM dblink('dbname=x password=⟦⟨q10⟩⟧', 'select 1')
sql | oracle       | CREATE DATABASE LINK x CONNECT TO bob IDENTIFIED BY "⟦⟨q10⟩⟧" USING 'orcl'
sql | mongo        | db.auth("bob", "⟦⟨q10⟩⟧")
sql | mongocreate  | db.createUser({user: "bob", pwd: "⟦⟨q10⟩⟧", roles: []})

protocol | redisauth    | AUTH ⟦⟨q10⟩⟧
protocol | redisacl     | AUTH default ⟦⟨q10⟩⟧
protocol | requirepass  | requirepass ⟦⟨q10⟩⟧
protocol | resp         | *2\\r\\n$4\\r\\nAUTH\\r\\n$10\\r\\n⟦⟨q10⟩⟧\\r\\n
protocol | imap         | a001 LOGIN bob ⟦⟨q10⟩⟧
protocol | imapq        | a1 LOGIN "bob" "⟦⟨p12⟩⟧"
protocol | pop3         | PASS ⟦⟨q10⟩⟧
protocol | ftp          | > USER bob⏎> PASS ⟦⟨q10⟩⟧
protocol | smtp         | AUTH PLAIN ⟦⟨B32⟩⟧
protocol | smtplogin    | AUTH LOGIN ⟦⟨B16⟩⟧
protocol | smtpxoauth   | AUTH XOAUTH2 ⟦⟨B80⟩⟧
protocol | nntp         | AUTHINFO PASS ⟦⟨q10⟩⟧
protocol | irc          | PRIVMSG NickServ :IDENTIFY ⟦⟨q10⟩⟧
protocol | ldif         | dn: cn=bob⏎userPassword: ⟦⟨q10⟩⟧
protocol | ldif64       | userPassword:: ⟦⟨B20⟩⟧
protocol | radius       | User-Password = "⟦⟨q10⟩⟧"
protocol | cleartext    | bob Cleartext-Password := "⟦⟨q10⟩⟧"
protocol | stomp        | CONNECT⏎login:bob⏎passcode:⟦⟨q10⟩⟧
protocol | nats         | CONNECT {"user":"bob","pass":"⟦⟨q10⟩⟧","verbose":false}
protocol | xmpp         | <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>⟦⟨B32⟩⟧</auth>
protocol | wifi         | WIFI:T:WPA;S:net;P:⟦⟨q10⟩⟧;;
protocol | psk          | psk="⟦⟨q10⟩⟧"
protocol | zookeeper    | addauth digest bob:⟦⟨q10⟩⟧
protocol | sip          | Proxy-Authorization: Digest username="100", realm="x", response="⟦⟨x32⟩⟧"
protocol | cvv          | card: cvv=⟦⟨d3⟩⟧ exp=11/27
protocol | cardnumber   | cardNumber: ⟦4111111111111111⟧
protocol | cardgroups   | card ⟦4111 1111 1111 1111⟧ declined
protocol | iban         | iban: ⟦DE89370400440532013000⟧
protocol | ssn          | ssn=⟦078-05-1120⟧
protocol | snmpcomm     | snmp-server community ⟦⟨q10⟩⟧ RO

hook | slack        | https://hooks.slack.com/services/⟦T⟨A8⟩/B⟨A8⟩/⟨m24⟩⟧
hook | slackflow    | https://hooks.slack.com/workflows/⟦T⟨A8⟩/A⟨A8⟩/⟨d18⟩/⟨m24⟩⟧
hook | slacktrigger | https://hooks.slack.com/triggers/⟦T⟨A8⟩/⟨d13⟩/⟨x32⟩⟧
hook | discord      | https://discord.com/api/webhooks/⟨d18⟩/⟦⟨w68⟩⟧
hook | discord10    | https://discord.com/api/v10/webhooks/⟨d18⟩/⟦⟨w68⟩⟧
hook | discordapp   | https://canary.discordapp.com/api/webhooks/⟨d18⟩/⟦⟨w68⟩⟧
hook | teams        | https://x.webhook.office.com/webhookb2/⟦⟨u⟩@⟨u⟩/IncomingWebhook/⟨x32⟩/⟨u⟩⟧
hook | teamsold     | https://outlook.office.com/webhook/⟦⟨u⟩@⟨u⟩/IncomingWebhook/⟨x32⟩/⟨u⟩⟧
hook | flow         | https://prod-1.westus.logic.azure.com:443/workflows/⟨x32⟩/triggers/manual/paths/invoke?api-version=2016-06-01&sp=x&sv=1.0&sig=⟦⟨w43⟩⟧
hook | zapier       | https://hooks.zapier.com/hooks/catch/⟨d7⟩/⟦⟨a7⟩⟧/
hook | ifttt        | https://maker.ifttt.com/trigger/x/with/key/⟦⟨w22⟩⟧
hook | googlechat   | https://chat.googleapis.com/v1/spaces/A/messages?key=x&token=⟦⟨w43⟩⟧
hook | mattermost   | https://chat.example.com/hooks/⟦⟨a26⟩⟧
hook | rocket       | https://chat.example.com/hooks/⟨m17⟩/⟦⟨m48⟩⟧
hook | feishu       | https://open.feishu.cn/open-apis/bot/v2/hook/⟦⟨u⟩⟧
hook | dingtalk     | https://oapi.dingtalk.com/robot/send?access_token=⟦⟨x64⟩⟧
hook | wecom        | https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=⟦⟨u⟩⟧
hook | make         | https://hook.eu1.make.com/⟦⟨a32⟩⟧
hook | netlify      | https://api.netlify.com/build_hooks/⟦⟨x24⟩⟧
hook | pagerduty    | https://events.pagerduty.com/integration/⟦⟨x32⟩⟧/enqueue
hook | webex        | https://webexapis.com/v1/webhooks/incoming/⟦⟨m80⟩⟧
hook | vercel       | https://api.vercel.com/v1/integrations/deploy/⟦prj_⟨m28⟩/⟨m10⟩⟧
plain | line1 | body={"user":"bob","password":"⟦⟨q8⟩⟧"}
plain | line2 | body={\\"user\\":\\"bob\\",\\"password\\":\\"⟦⟨q8⟩⟧\\"}
plain | line3 | body="{\\\\\\"password\\\\\\":\\\\\\"⟦hun\\\\\\\\\\\\\\"ter2x⟧\\\\\\"}"
plain | line4 | {"password":"⟦it\\"s an omelette⟧","x":1}
plain | line5 | {'password': '⟦it\\'s an omelette⟧', 'x': 1}
plain | line6 | GET /login?user=bob&password=⟦p%40ss%26w0rd⟧&x=1
plain | line7 | GET /cb#access_token=⟦abcDEF123456⟧&token_type=bearer
plain | line8 | https://x.y/?api_key=⟦⟨q10⟩⟧&b=2
plain | line9 | https://x.y/?apikey=⟦⟨q6⟩⟧
plain | line10 | https://x.y/?key=⟦AbCd1234EfGh5678IjKl⟧
plain | line11 | https://x.y/a?sig=⟦AbC%2Fd123%3D⟧&se=2026
plain | line12 | https://x.y/a?token=⟦abcdef0123456789⟧
plain | line13 | https://x.y/a?auth=⟦abcdef0123456789⟧
plain | line14 | Authorization: Basic ⟦dXNlcjpwYXNz⟧
plain | line15 | authorization: Bearer ⟦abc.def-123⟧
plain | line16 | "authorization":"Bearer ⟦abc.def-123⟧"
plain | line17 | Authorization=Digest username="bob", response="⟦6629fae49393a05397450978507c4ef1⟧"
plain | line18 | Proxy-Authorization: Basic ⟦dXNlcjpwYXNz⟧
plain | line19 | Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=⟦fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024⟧
plain | line20 | Authorization: ⟦d9f8c7b6a5e4⟧
plain | line21 | Cookie: sid=⟦abc123def⟧; theme=dark
plain | line22 | Set-Cookie: session=⟦abc123def⟧; HttpOnly; Path=/
plain | line23 | set-cookie: [ 'connect.sid=⟦s%3Aabc123def456.xyz⟧; Path=/; HttpOnly' ]
plain | line24 | x-api-key: ⟦⟨q6⟩⟧
plain | line25 | X-Auth-Token: ⟦gAAAAABlq0000abc⟧
plain | line26 | X-Amz-Security-Token: ⟦IQoJb3JpZ2luX2VjEPz//////////abc⟧
plain | line27 | x-functions-key: ⟦abcdefGHI123==⟧
plain | line28 | amqp://guest:⟦gu3st!⟧@rabbit:5672/vhost
plain | line29 | mongodb+srv://bob:⟦p%40ss⟧@cluster0.abc.mongodb.net/db?retryWrites=true
plain | line30 | jdbc:postgresql://db:5432/app?user=bob&password=⟦⟨q8⟩⟧
plain | line31 | jdbc:sqlserver://db:1433;databaseName=app;user=sa;password=⟦P@ss;⟧
plain | line32 | jdbc:oracle:thin:scott/⟦tiger⟧@//db:1521/XE
plain | line33 | Server=db;Database=app;User Id=sa;Password=⟦P@ssw0rd⟧;Encrypt=true
plain | line34 | Server=db;Uid=sa;Pwd=⟦⟨q6⟩⟧;
plain | line35 | DefaultEndpointsProtocol=https;AccountName=x;AccountKey=⟦abcDEF123+/abcDEF123+/==⟧;EndpointSuffix=core.windows.net
plain | line36 | Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=⟦abcDEF123+/=⟧
plain | line37 | redis://:⟦s3cret⟧@cache:6379/0
plain | line38 | rediss://default:⟦s3cret⟧@cache:6380
plain | line39 | postgres://bob@db/app?sslpassword=⟦⟨q10⟩⟧
plain | line40 | host=db port=5432 user=bob password=⟦⟨q8⟩⟧ dbname=app
plain | line41 | host=db user=bob password='⟦hunter two⟧' dbname=app
plain | line42 | curl -u bob:⟦⟨q8⟩⟧ https://x
plain | line43 | curl --user bob:⟦⟨q8⟩⟧ https://x
plain | line44 | curl -ubob:⟦⟨q8⟩⟧ https://x
plain | line45 | curl -H "Authorization: Bearer ⟦⟨q10⟩⟧" https://x
plain | line46 | curl -H 'X-Api-Key: ⟦⟨q10⟩⟧' https://x
plain | line47 | curl -d "password=⟦⟨q8⟩⟧" https://x
plain | line48 | curl https://x --data '{"password":"⟦⟨q8⟩⟧"}'
plain | line49 | mysql -u root -p⟦⟨q8⟩⟧ db
plain | line50 | mysql -uroot -p'⟦⟨q8⟩⟧' db
plain | line51 | mysqldump --password=⟦⟨q8⟩⟧ db
plain | line52 | psql "postgresql://bob:⟦⟨q8⟩⟧@db/app"
plain | line53 | PGPASSWORD=⟦⟨q8⟩⟧ psql -h db
plain | line54 | export DB_PASSWORD=⟦⟨q8⟩⟧
plain | line55 | export DB_PASS="⟦⟨q8⟩⟧"
plain | line56 | set DB_PASSWORD=⟦⟨q8⟩⟧
plain | line57 | $env:API_KEY = "⟦⟨q8⟩⟧"
plain | line58 | setx API_KEY ⟦hunter2x9⟧
plain | line59 | ENV API_KEY ⟦hunter2x9⟧
plain | line60 | ENV API_KEY=⟦⟨q8⟩⟧
plain | line61 | docker run -e API_KEY=⟦⟨q8⟩⟧ img
plain | line62 | docker login -u bob -p ⟦⟨q8⟩⟧ reg
plain | line63 | kubectl create secret generic x --from-literal=password=⟦⟨q8⟩⟧
plain | line64 | sshpass -p ⟦⟨q8⟩⟧ ssh bob@h
plain | line65 | app --password ⟦⟨q8⟩⟧ --x
plain | line66 | app --api-key=⟦⟨q8⟩⟧
plain | line67 | app --token ⟦⟨q8⟩⟧
plain | line68 | app -password ⟦⟨q8⟩⟧
plain | line69 | aws configure set aws_secret_access_key ⟦wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY⟧
plain | line70 | SECRET_KEY_BASE=⟦abcdef0123456789⟧
plain | line71 | STRIPE_KEY=⟦hunter2x9⟧
plain | line72 | db:⏎  password: ⟦⟨q8⟩⟧⏎  user: bob
plain | line73 | db:⏎  password: "⟦⟨q8⟩⟧"⏎  user: bob
plain | line74 | db: { user: bob, password: ⟦⟨q8⟩⟧ }
plain | line75 | password: >-⏎  ⟦⟨q8⟩⟧⏎user: bob
plain | line76 | - name: API_KEY⏎  value: ⟦⟨q8⟩⟧
plain | line77 | - name: API_KEY⏎  value: "⟦⟨q8⟩⟧"
plain | line78 | <password>⟦⟨q8⟩⟧</password>
plain | line79 | <Password Type="x">⟦⟨q8⟩⟧</Password>
plain | line80 | <wsse:Password Type="http://docs#PasswordText">⟦⟨q8⟩⟧</wsse:Password>
plain | line81 | <add key="ApiKey" value="⟦⟨q8⟩⟧"/>
plain | line82 | <user name="bob" password="⟦⟨q8⟩⟧"/>
plain | line83 | <property name="password">⟦⟨q8⟩⟧</property>
plain | line84 | <password><![CDATA[⟦⟨q8⟩⟧]]></password>
plain | line85 | &lt;password&gt;⟦⟨q8⟩⟧&lt;/password&gt;
plain | line86 | <ns:apiKey xmlns:ns="x">⟦⟨q8⟩⟧</ns:apiKey>
plain | line87 | {"name":"password","value":"⟦⟨q8⟩⟧"}
plain | line88 | { name: 'password', value: '⟦⟨q8⟩⟧' }
plain | line89 | {"key":"X-Api-Key","value":"⟦⟨q8⟩⟧","enabled":true}
plain | line90 | [["authorization","Bearer ⟦⟨q10⟩⟧"],["accept","*/*"]]
plain | line91 | [ 'x-api-key', '⟦⟨q8⟩⟧' ]
plain | line92 | ["--password","⟦⟨q8⟩⟧"]
plain | line93 | Map(1) { 'password' => '⟦⟨q8⟩⟧' }
plain | line94 | Map(2) { 'user' => 'bob', 'token' => '⟦hunter2x99⟧' }
plain | line95 | dbPassword=⟦⟨q8⟩⟧
plain | line96 | DB_PASS=⟦⟨q8⟩⟧
plain | line97 | db-pass: ⟦⟨q8⟩⟧
plain | line98 | pwd=⟦⟨q8⟩⟧
plain | line99 | passphrase: ⟦correct horse battery⟧
plain | line100 | apiKey: '⟦⟨q6⟩⟧'
plain | line101 | clientSecret=⟦⟨q6⟩⟧
plain | line102 | privateKey: ⟦⟨q6⟩⟧
plain | line103 | accessToken: ⟦⟨q6⟩⟧
plain | line104 | refresh_token=⟦⟨q6⟩⟧
plain | line105 | sessionId=⟦abc123def456ghi789⟧
plain | line106 | sessionToken=⟦⟨q6⟩⟧
plain | line108 | my_app_secret = ⟦⟨q6⟩⟧
plain | line109 | secret: ⟦⟨q6⟩⟧
plain | line110 | the password is ⟦⟨q8⟩⟧
plain | line111 | password "⟦⟨q8⟩⟧" rejected
plain | line112 | password ⟦hunter2x9!⟧ rejected
plain | line113 | with password '⟦⟨q8⟩⟧'
plain | line114 | Login failed: user=bob, password=⟦⟨q8⟩⟧.
plain | line115 | Login failed (user: bob / password: ⟦⟨q8⟩⟧)
plain | line116 | token eyJhbGciOiJIUzI1NiJ9.⟦eyJzdWIiOiIxIn0⟧.abc
plain | line117 | jwt=⟦eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdef⟧
plain | line120 | card_number=⟦4111111111111111⟧
plain | line121 | card number: ⟦4111 1111 1111 1111⟧
plain | line124 | pin=⟦4711⟧
plain | line125 | PIN: ⟦4711⟧
plain | line126 | otp: ⟦123456⟧
plain | line127 | Your verification code is ⟦⟨d6⟩⟧
plain | line128 | ssn=⟦078-05-1120⟧
plain | line129 | iban: ⟦DE89370400440532013000⟧
plain | line130 | user: bob⇥password: ⟦⟨q8⟩⟧
plain | line131 | │ password │ ⟦⟨q8⟩⟧ │
plain | line132 | password        : ⟦⟨q8⟩⟧
plain | line133 | Password ......: ⟦⟨q8⟩⟧
plain | line134 | PASSWORD -> ⟦⟨q8⟩⟧
plain | line135 | password=>⟦⟨q8⟩⟧
plain | line136 | 'password' => '⟦⟨q8⟩⟧',
plain | line137 | :password=>"⟦⟨q8⟩⟧"
plain | line138 | password := "⟦⟨q8⟩⟧"
plain | line139 | password = N'⟦⟨q8⟩⟧'
plain | line140 | ALTER USER bob WITH PASSWORD '⟦⟨q8⟩⟧'
plain | line141 | CREATE USER 'bob'@'%' IDENTIFIED BY '⟦⟨q8⟩⟧'
plain | line142 | SET PASSWORD FOR bob = PASSWORD('⟦⟨q8⟩⟧')
plain | line143 | INSERT INTO users (name, password) VALUES ('bob', '⟦⟨q8⟩⟧')
plain | line144 | UPDATE users SET password = '⟦⟨q8⟩⟧' WHERE id = 1
plain | line145 | SELECT * FROM users WHERE password='⟦⟨q8⟩⟧'
plain | line146 | 8=FIX.4.4|35=A|553=bob|554=⟦⟨q8⟩⟧|10=000|
plain | line148 | AUTH ⟦⟨q8⟩⟧
plain | line149 | PASS ⟦⟨q8⟩⟧
plain | line150 | a1 LOGIN bob ⟦⟨q8⟩⟧
plain | line151 | https://api.telegram.org/bot123456789:⟦AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0⟧/getMe
plain | line152 | https://hooks.slack.com/services/T00000000/B00000000/⟦XXXXXXXXXXXXXXXXXXXXXXXX⟧
plain | line153 | https://discord.com/api/v10/webhooks/123456789012345678/⟦abcDEF123-abcDEF123_abcDEF123⟧
plain | line154 | APCA-API-SECRET-KEY: ⟦⟨q6⟩⟧
plain | line155 | API-Sign: ⟦4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==⟧
plain | line156 | KC-API-PASSPHRASE: ⟦⟨q6⟩⟧
plain | line157 | CB-ACCESS-SIGN: ⟦abcdef0123456789abcdef⟧
plain | line158 | X-BAPI-SIGN: ⟦abcdef0123456789abcdef⟧
plain | line159 | signature=⟦c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71⟧
plain | line160 | &timestamp=1499827319559&signature=⟦c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71⟧
plain | line161 | listenKey: ⟦pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1⟧
plain | line162 | seed phrase: ⟦abandon ability able about above absent absorb abstract absurd abuse access accident⟧
plain | line163 | mnemonic="⟦abandon ability able about above absent absorb abstract absurd abuse access accident⟧"
plain | line164 | request failed with headers { authorization: 'Bearer ⟦⟨q10⟩⟧', accept: '*/*' }
plain | line165 | config: { auth: { username: 'bob', password: '⟦⟨q8⟩⟧' } }
plain | line166 | config: { auth: { user: 'bob', pass: '⟦⟨q8⟩⟧' } }
plain | line167 | {"auth":{"user":"bob","pass":"⟦⟨q8⟩⟧"}}
plain | line168 | auth=bob:⟦⟨q8⟩⟧
plain | line169 | creds: bob/⟦⟨q8⟩⟧
plain | line170 | credentials: bob:⟦⟨q8⟩⟧
plain | line172 | pass: ⟦⟨q8⟩⟧
plain | line173 | passwd=⟦⟨q8⟩⟧
plain | line174 | Password:⟦⟨q8⟩⟧
plain | line175 | Password: ⟦Sommer⟧
plain | line176 | password=⟦sommer⟧
plain | line177 | password: ⟦letmein⟧
plain | line178 | {"password":"⟦sommer⟧"}
plain | line179 | password=⟦hunter 2⟧
plain | line181 | secret_key="⟦⟨q6⟩⟧
plain | line182 | "privateKey":"⟦0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318⟧"
plain | line183 | private key: ⟦0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318⟧
plain | line184 | Client secret ⟦abc123XYZ890qwe⟧ expired
plain | line185 | API key: ⟦⟨q10⟩⟧
plain | line186 | api key=⟦⟨q10⟩⟧
plain | line187 | Secret access key: ⟦wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY⟧
plain | line188 | password%3D⟦⟨q8⟩⟧%26user%3Dbob
plain | line189 | %22password%22%3A%22⟦⟨q8⟩⟧%22
plain | line190 | {&quot;password&quot;:&quot;⟦⟨q8⟩⟧&quot;}
plain | line191 | \\u0022password\\u0022:\\u0022⟦⟨q8⟩⟧\\u0022
plain | line192 | Content-Disposition: form-data; name="password"⏎⏎⟦⟨q8⟩⟧⏎--x
plain | line193 | [password]=⟦⟨q8⟩⟧
plain | line194 | user[password]=⟦⟨q8⟩⟧
plain | line195 | user%5Bpassword%5D=⟦⟨q8⟩⟧
plain | line196 | user.password=⟦⟨q8⟩⟧
plain | line197 | spring.datasource.password=⟦⟨q8⟩⟧
plain | line198 | ConnectionStrings__Default=Server=db;Password=⟦⟨q8⟩⟧
plain | line199 | pw: ⟦⟨q8⟩⟧
plain | line200 | Kennwort: ⟦⟨q8⟩⟧
plain | line201 | contraseña: ⟦⟨q8⟩⟧

key | atera        | atera_key = ⟦⟨a32⟩⟧
key | brandfetch   | brandfetch_key=⟦⟨m40⟩⟧
key | bscscan      | bscscan-key = ⟦⟨A34⟩⟧
key | craftmypdf   | {"craftmypdfKey":"⟦⟨a35⟩⟧","retries":3}
key | detectify    | DETECTIFY_KEY=⟦⟨x32⟩⟧
key | hubspot      | const hubspotKey = "⟦⟨u⟩⟧"
key | heroku       | HEROKU_KEY = "⟦⟨u⟩⟧"
manifest | lower   | kind: secret⏎data:⏎  extra: ⟦⟨B24⟩⟧
manifest | block   | kind: Secret⏎data:⏎  .dockercfg: |⏎    ⟦⟨B60⟩⟧
key | vaultinit    | Unseal Key 2: ⟦⟨B44⟩⟧
command | unseal   | vault operator unseal ⟦⟨B44⟩⟧
command | curlline | curl -k -X POST https://x.com \\⏎  -H 'A: b' \\⏎  -u 'bob:⟦⟨p12⟩⟧'
url | mailuser     | smtps://bob@example.com:⟦⟨m12⟩⟧@smtp.example.com:465
prose | isquoted   | the default password is "⟦⟨q9⟩⟧"
text | dashed      | siteleaf token - '⟦⟨a32⟩⟧'
text | curlopt     | easy_setopt(curl, CURLOPT_PASSWORD, "⟦⟨m20⟩⟧");
text | shorttoken  | ANY-Token: ⟦⟨m15⟩⟧

named | campayn     | campayn key ⟦⟨a64⟩⟧
named | coda        | coda-access-token-⟦⟨u⟩⟧
named | deepgram    | deepgramKEY ⟦⟨a40⟩⟧
named | finnhub     | finnhub api key "⟦⟨a20⟩⟧" rejected
named | wandb       | {"wandb":"⟦⟨x40⟩⟧"}
named | owm         | owm = '⟦⟨a32⟩⟧'
named | sonarlogin  | sonar-scanner -Dsonar.login=⟦⟨x40⟩⟧ -q
named | twolines    | [INFO] Sending request to the atera API⏎[DEBUG] Using Key=⟦⟨x32⟩⟧
named | ayrshare    | ayrshare SECRET ⟦⟨A8⟩-⟨A8⟩-⟨A8⟩-⟨A8⟩⟧
named | datadog     | dd-apikey-⟦⟨x32⟩⟧
named | glued       | moosendACCESS:⟦⟨u⟩⟧
named | escaped     | {"body":"{\\"blazemeter\\":\\"⟦⟨u⟩⟧\\"}"}
named | letters     | vercelTOKEN ⟦⟨l24⟩⟧
key | bare          | [DEBUG] using key=⟦⟨m40⟩⟧
key | parentheses   | Key (apiSecret): ⟦⟨q12⟩⟧
command | nested    | oc -n vault exec -ti vault-0 -- vault operator unseal ⟦⟨B44⟩⟧
command | escquotes | {"cmd":"mysql -p\\"⟦⟨q9⟩⟧\\" db","n":1}
command | escuser   | {"cmd":"curl -u \\"bob:⟦⟨q9⟩⟧\\" https://x.com"}
command | twoquotes | curl --user "{bob}":"⟦⟨p12⟩⟧" https://x.com
command | useronly  | curl -u "⟦k7⟨m20⟩⟧:" https://x.com
command | securestr | "ConvertTo-SecureString \\"⟦⟨q12⟩⟧\\""
command | rdp       | xfreerdp /u:bob /p:⟦⟨q9⟩⟧ /v:host
code | network      | new NetworkCredential("bob", "⟦⟨q9⟩⟧")
code | directory    | new DirectoryEntry("LDAP://x.com", "bob", "⟦⟨q9⟩⟧")
code | basicauth    | requests.get(url, auth=HTTPBasicAuth('bob', '⟦⟨q9⟩⟧'))
prose | tokenis     | the token is ⟦⟨u⟩⟧ for now
prose | userquoted  | the password for user 'postgres' is '⟦⟨q8⟩⟧'
prose | jenkins     | Please use the following password to proceed to installation:⏎⏎⟦⟨x32⟩⟧⏎⏎This may also be found
env | passvariable  | REACT_APP_AUTH_PASS=⟦whiteduke⟧
hook | thingsboard  | http://thingsboard.cloud/api/v1/⟦⟨a20⟩⟧/telemetry

pem | headless      | ⟨B40⟩⏎⟦⟨B64⟩⟧⏎-----END RSA PRIVATE KEY-----
pem | prefixed      | [app] -----BEGIN RSA PRIVATE KEY-----⏎[app] ⟦⟨B64⟩⏎[app] ⟨B64⟩⟧⏎[app] -----END RSA PRIVATE KEY-----
pem | numbered      | 1: -----BEGIN PRIVATE KEY-----⏎2: ⟦⟨B64⟩⏎3: ⟨B64⟩⟧⏎4: -----END PRIVATE KEY-----
yaml | tag          | password: !!str ⟦⟨q9⟩⟧
yaml | anchor       | password: &pw ⟦⟨q9⟩⟧⏎user: bob
php | dump          | ["password"]=>⏎  string(9) "⟦⟨q9⟩⟧"
html | valuefirst   | <input value="⟦⟨q9⟩⟧" name="password">
sql | passwordfor   | SET PASSWORD FOR 'bob'@'%' = '⟦⟨q9⟩⟧'
sql | secondrow     | INSERT INTO u (name, password) VALUES ('a', 'x'), ('b', '⟦⟨q9⟩⟧')
command | literal   | kubectl create secret generic x --from-literal=extra=⟦⟨q9⟩⟧
command | vaultput  | vault kv put secret/x extra=⟦⟨q9⟩⟧
router | radius     | radius-server host 10.0.0.1 key 7 ⟦⟨q12⟩⟧
hook | magiclink    | https://x.com/reset-password/⟦⟨m40⟩⟧
encoded | base64    | payload ⟦cGFzc3dvcmQ9aHVudGVyMlhxOVprJnVzZXI9Ym9i⟧
encoded | json      | next=⟦eyJ1c2VyIjoiYm9iIiwicGFzc3dvcmQiOiJodW50ZXIyWHE5WmsifQ⟧==
encoded | dataurl   | data:application/json;base64,⟦eyJwYXNzd29yZCI6Imh1bnRlcjJYcTlaayJ9⟧
encoded | url       | next=⟦aHR0cHM6Ly9ib2I6aHVudGVyMlhxOVprQGguY29tLw⟧==
encoded | hex       | body ⟦70617373776f72643d68756e746572325871395a6b⟧
encoded | percent   | ⟦%70%61%73%73%77%6f%72%64%3d%68%75%6e%74%65%72%32%58%71%39%5a%6b⟧
patch | replace     | {"op":"replace","path":"/password","value":"⟦⟨q9⟩⟧"}
patch | nested      | [{"op":"add","path":"/name","value":"bob"},{"op":"replace","path":"/users/3/password","value":"⟦⟨q9⟩⟧"}]
patch | inspected   | { op: 'replace', path: '/users/3/password', value: '⟦⟨q9⟩⟧' }
patch | valuefirst  | {"value":"⟦⟨q9⟩⟧","op":"add","path":"/password"}
patch | list        | {"op":"add","path":"/credentials/-","value":"⟦⟨q9⟩⟧"}
patch | parts       | {"code":"too_small","path":["user","password"],"input":"⟦⟨q9⟩⟧"}
patch | jsonpath    | {"op":"test","path":"$.user.password","value":"⟦⟨q9⟩⟧"}
field | spelled     | {"ParameterKey":"DbPassword","ParameterValue":"⟦⟨q9⟩⟧"}
field | was         | {"column":"password","was":"⟦⟨q9⟩⟧"}
table | csv         | user,password⏎bob,⟦⟨q9⟩⟧
table | csvthird    | id,user,password,mail⏎1,bob,x1,b@x.com⏎2,eve,⟦⟨q9⟩⟧,e@x.com
table | csvquoted   | "user","password"⏎"bob","⟦⟨q9⟩,x⟧"
table | csvescaped  | {"body":"user,password\\nbob,⟦⟨q9⟩⟧"}
table | semicolons  | user;password⏎bob;⟦⟨q9⟩⟧
table | tabs        | user⇥password⏎bob⇥⟦⟨q9⟩⟧
table | psql        |  user | password ⏎------+----------⏎ bob  | ⟦⟨q9⟩⟧⏎(1 row)
table | markdown    | | user | mail | password |⏎|---|---|---|⏎| bob | b@x.com | ⟦⟨q9⟩⟧ |
table | console     | │ (index) │ user │ password │⏎├─────────┼──────┼──────────┤⏎│ 0 │ 'bob' │ '⟦⟨q9⟩⟧' │
table | copy        | COPY users (name, password) FROM stdin;⏎bob⇥⟦⟨q9⟩⟧⏎\\.
table | csvbehind   | Error: user,password⏎bob,⟦⟨q9⟩⟧⏎    at load (users.js:1:1)
table | drawnbehind | Error: | user | mail | password |⏎|---|---|---|⏎| bob | b@x.com | ⟦⟨q9⟩⟧ |
table | csvsaid     | Imported by bob: [Throws: Error: id,user,password,mail⏎1,bob,⟦⟨q9⟩⟧,b@x.com]
prose | changed     | changed password to ⟦⟨q9⟩⟧
prose | changedfrom | password was changed from ⟦⟨q9⟩ to ⟨q9⟩⟧
prose | setfor      | set the password for bob to ⟦⟨q9⟩⟧
prose | hasbeen     | bob's password has been changed to ⟦⟨q9⟩⟧
prose | resetof     | reset password of user bob to "⟦⟨q9⟩⟧"
prose | rotated     | rotated the secret from ⟦⟨q12⟩ to ⟨q12⟩⟧
prose | updated     | updated api key to ⟦⟨q16⟩⟧ for bob
prose | forowner    | password for user bob: ⟦⟨q9⟩⟧
prose | owner       | password (bob): ⟦⟨q9⟩⟧
prose | pin         | changed PIN to ⟦⟨d6⟩⟧
encoded | twice     | ⟦Y0dGemMzZHZjbVE5YUhWdWRHVnlNbGh4T1ZwckpuVnpaWEk5WW05aQ⟧==
`
