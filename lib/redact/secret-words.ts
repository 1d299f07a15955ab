// The words that make a key the name of a secret, and those that make it the name of something
// about one. Data: `secret-keys.ts` says how they are compared.
//
// A key is taken apart at its marks and where its case changes: `smtpPass`, `SMTP_PASS` and
// `smtp-pass` are `smtp`, `pass`. A word that stands here with a blank is that of several parts.
// The three letters in capitals are those by which a text is searched for it, with the one that
// follows (`name-grams.ts`); words without have a part that others are found by: `key`, `token`.

/** Parts of a secret's name wherever they stand in it: these letters occur in no other words. */
export const anywhere: readonly string[] = [
  'paSSWord',
  'pasSWD',
  'pasSPHrase',
  'pasSCOde',
  'pasSKEy',
  'PWD',
  'SECret',
  'creDENtial',
  'authoRIZation',
  'MNEmonic',
  'coOKIe',
  'cSRF',
  'xSRF',
  'api key',
  'private key',
  'access key',
  'master key',
  'sign key',
  'signing key',
  'encryption key',
  'decryption key',
  'ssh key',
  'auth key',
  'client key',
  'account key',
  'key pass',
  'store pass',
  'connection sTRIng',
  'conn sTRIng',
  'conn str',
  'seed PHRase',
  'recovery PHRase',
  'shared access siGNAture',
  'sas token',
  'pasSWOrt',
  'kenNWOrt',
  'moTDEpasse',
  'waCHTwoord',
  'conTRAseña',
  'conTRAsena',
]

/** What a secret's name ends with, in one part or several. */
export const endings: readonly string[] = [
  'otp',
  'totp',
  'cvv',
  'cvc',
  'ssn',
  'iban',
  'psk',
  'pSWD',
  'paSSWRd',
  'wif',
  'puk',
  'cred',
  'BEArer',
  'jwt',
  'jwk',
  'neTRC',
  'xprv',
  'access token',
  'refresh token',
  'id token',
  'auth token',
  'api token',
  'bearer token',
  'session token',
  'security token',
  'personal token',
  'service token',
  'oauth token',
  'bot token',
  'reset token',
  'verification token',
  'invitation token',
  'jwt token',
  'feed token',
  'enc token',
  'unlock token',
  'remember token',
  'security anSWEr',
  'api sign',
  'access sign',
  'credit CARd',
  'CARd number',
  'CARd no',
  'WALlet seed',
  'seed WORds',
  'store key',
  'totp seed',
  'otp seed',
  'pin number',
  'oauth verifier',
  'client asSERtion',
  'xPRIv',
  'SAMl response',
  'SAMl assertion',
  'apca api key id',
  'alpaca api key id',
  'CODe verifier',
  'maGIC link',
  'keYTAb',
  'kUBEconfig',
  'coMMUnity string',
  'snmp coMMUnity',
  'maGSTripe',
  'sociAL SECurity number',
  'mAIDen name',
  'seNHA',
  'löSENord',
  'loSENord',
  'paROLA',
  'salaSANa',
  'PEPper',
  'enable password',
  'enable secret',
]

/**
 * Before `key` they make the name of a secret, as parts; those of four letters and more also as
 * letters: `signingkey`.
 */
export const keyQualifiers: readonly string[] =
  'api app application access account auth authentication priv private secret signing sign signature encryption encrypt encrypted decryption cipher crypto master session ssh rsa dsa ecdsa ed25519 pgp gpg aes des hmac mac client consumer subscription license licence service server storage sas shared webhook hook root admin bot broker exchange trading deploy deployment integration functions jwt jwe cookie kms recovery backup unlock security registration activation product instrumentation ingest ingestion telemetry wallet spend spending developer tls ssl cert certificate listen insert preshared psk wireguard merchant withdrawal personal management pin unseal enc crypt wpa wep network shared write withdraw serial apns vapid stripe openai anthropic google maps mailgun sendgrid aws azure gcp twilio slack datadog algolia firebase fcm binance kraken alpaca polygon finnhub fastly rapidapi heroku hubspot honeycomb pagerduty opsgenie statuspage airbrake rollbar bugsnag logdna loggly papertrail splunk grafana newrelic amplitude mixpanel launchdarkly optimizely sdk quandl alphavantage tiingo cosmos eventgrid servicebus symmetric wrapping material tacacs radius ospf bgp dpop payout terminal decrypt read view snyk sonar sonarqube zendesk intercom salesforce shopify paypal plaid braintree coinbase bitfinex bybit okx kucoin deribit bitmex bitstamp tradovate oanda cohere gemini mistral groq deepseek replicate pinecone elevenlabs huggingface mapbox sentry github gitlab bitbucket circleci travisci netlify vercel cloudflare digitalocean linode vultr hetzner mailchimp mandrill postmark sparkpost sendinblue brevo klaviyo nexmo vonage messagebird plivo telnyx airtable contentful webflow yelp foursquare tomtom geocodio ipstack ipinfo openweather openweathermap weatherstack virustotal shodan censys securitytrails abuseipdb greynoise urlscan hunter clearbit fullcontact lob easypost shippo goshippo calendly typeform surveymonkey trello asana jira notion figma zapier pipedrive freshdesk helpscout mailjet customerio onesignal pusher pubnub ably cloudinary imgix uploadcare filestack imagekit spotify lastfm giphy newsapi nytimes omdb tmdb steam riot blizzard etherscan infura alchemy moralis bscscan polygonscan coinmarketcap coingecko cryptocompare coinapi'.split(
    ' ',
  )

/** Before `key` they make one that opens nothing: a database's, a keyboard's, a cache's. */
export const harmlessKeys: ReadonlySet<string> = new Set(
  'primary foreign partition sort range hash cache cached routing route row object lookup group order index unique composite natural surrogate candidate parent child public pub publishable idempotency idempotent dedupe dedup deduplication message event metric translation locale lang config setting settings map property registry hot shortcut arrow enter function modifier ctrl control shift alt meta home end page delete escape esc tab space any press pressed context query filter search file path bucket blob document doc record entity item element array react component list set dict json xml form field column table state selector label tag feature flag experiment variant bundle module package import lock mutex semaphore queue topic stream shard offset sequence time date day hour minute job task run build span trace correlation request batch node edge graph vertex relation join left right min max start last first next prev previous old new default current selected active dummy compression join lru redis memo memcached data mon don tur hoc joc whis lac mic smo n etag sampling grouping aggregation sharding ordering conflict merge version resource chart series legend color theme font icon image template menu tree miss hit evicted duplicate missing unknown invalid stale wrong bad same other given found the a this that for with of by no each every its one two'.split(
    ' ',
  ),
)

/** Before `code`: `recoveryCodes`, but not `statusCode`. */
export const codeQualifiers: readonly string[] =
  'recovery backup auth authorization authentication verification verify security access pin otp totp mfa fa sms device unlock puk pairing license licence factor cvv cvc card login reset scratch emergency secret pass activation invite invitation'.split(
    ' ',
  )

/**
 * What holds a password, a PIN, a card's number, and as often a count: `pass: 12`. Last in the key.
 */
export const short: readonly string[] = ['pass', 'pin', 'pw', 'pan']

/** Words that end with `pass` and have nothing to do with passwords. */
export const passWords: ReadonlySet<string> = new Set(
  'compass encompass bypass surpass trespass overpass underpass lowpass highpass bandpass allpass multipass singlepass onepass twopass firstpass secondpass lastpass'.split(
    ' ',
  ),
)

/**
 * What as often names how something is done, or when: `session: 'RTH'`, `auth: 'SIMPLE'`. Last in
 * the key.
 */
export const weak: readonly string[] = ['SESsion', 'auth', 'oauth', 'autHENtication', 'sign']

/** What mostly names a secret, but also a symbol or a state: `token: 'USDC'`. Last in the key. */
export const likely: readonly string[] = [
  'SESsion id',
  'sess id',
  'SESsid',
  'phpSESsid',
  'jSESsionid',
  'connect sid',
  'sig',
  'siGNAture',
  'salt',
  'dsn',
  'pat',
  'cst',
  'hmac',
  'CRUmb',
  'autHENt',
  'kek',
  'dek',
]

/**
 * Names of what is public as often as not: the first half of a pair of keys. Only a value that
 * looks like a secret is one. Last in the key.
 */
export const hints: readonly string[] = ['access key id', 'secret id']

/** The same, wherever in the key. */
export const likelyAnywhere: readonly string[] = ['TOKen']

/** The same, as the whole key only. */
export const likelyWhole: readonly string[] = [
  'sid',
  'sec',
  'secret id',
  'vault secret id',
  'role secret id',
  'approle secret id',
]

/** Parts behind the word that matters: what is left of the key without them decides. */
export const neutral: ReadonlySet<string> = new Set(
  'value val raw text string str data base64 b64 hex hash hashed encrypted encoded enc plain plaintext clear cleartext confirm confirmation repeat again new old current previous prev next temp tmp default header param var md5 sha sha1 sha256 sha512 bytes json pem'.split(
    ' ',
  ),
)

/** Last in a key they say that it holds something about a secret, or about none. */
export const harmlessLast: ReadonlySet<string> = new Set(
  'path paths file files filename filepath dir directory folder name names alias count counts counter expires expire expired expiry expiration expiring ttl age id ids length len size sizes type types kind url urls uri uris endpoint endpoints host hostname port domain policy policies status state valid validity validation enabled disabled required optional strength rotation algorithm algo alg version format field fields label hint prompt issuer audience scope scopes at time times timestamp date created updated changed modified limit limits bucket usage used remaining budget price cost error errors exception exceptions warning warnings class manager provider service store factory handler validator generator ring index position symbol address decimals balance amount contract tokenizer tokenize tokenization arn region config settings options mode method methods strategy level reset ms secs seconds minutes hours days percent ratio rate per minute second request requests attempts attempt retries failures failure failed success event events listener callback hook middleware guard module plugin source ref reference resource resources permission permissions role roles user username owner account email form input page screen view dialog button link rule rules check checks checker checked match matches mismatch needed missing present exists unset found standard pair interval in tokenized accepted declined supported location locations row rows column columns table lookup list map set cache queue pool job task worker thread server client protocol scheme consent banner notice protection env variable variables prefix suffix pattern regex separator delimiter encoding charset num number title description message reason lifetime duration timeout deadline score min max total quota rounds iterations bits curve uuid guid nbf iat by since site fingerprint thumbprint namespace environment category group tier stage tool audit log locked revoked revision generation serial placeholder selector mask masked visible hidden shown flags four'.split(
    ' ',
  ),
)

/** Before `code` they say the same of one: `passwordErrorCode`. */
export const harmlessCodes: ReadonlySet<string> = new Set(
  'error status response result reason exit failure message'.split(' '),
)

/** First in a key, likewise: `hasPassword`, `maxTokens`. */
export const harmlessFirst: ReadonlySet<string> = new Set(
  'has have is are was num count total max min avg mean needs need requires require required should can could allow allows allowed show hide enable enables disable disables use uses using supports public publishable'.split(
    ' ',
  ),
)

/** Whole keys that would name a secret by these rules, and name none. Without marks. */
export const harmlessWhole: ReadonlySet<string> = new Set(['tokenbucket', 'oldpwd', 'passwordless'])

/** Words that say how a secret is, not what it is: a value that begins with one of them is none. */
export const states: ReadonlySet<string> = new Set(
  'a an the is are was were be must should may can cannot could will would has have had not no none nothing missing required invalid incorrect wrong bad expired expires too empty unset set changed updated reset rejected denied refused failed failure fails error errors mismatch mismatched unknown unsupported unavailable disabled enabled hidden masked redacted removed protected provided ok okay valid accepted verified found created deleted revoked rotated loaded saved sent received generated refreshed issued in on at by for from to of with without and or if when while using used use only optional string number boolean object buffer function any text file path this that your my see please enter try trying check checking getting got authentication authorization access user account include omit same default unexpected null undefined true false yes forbidden malformed'.split(
    ' ',
  ),
)

/** Words that say of which kind a token or a signature is. */
export const kinds: ReadonlySet<string> = new Set(
  'bearer basic simple kerberos plain password digest negotiate oauth oauth2 apikey access refresh session identifier string number keyword operator punctuator ethereum bitcoin solana binance polygon'.split(
    ' ',
  ),
)
