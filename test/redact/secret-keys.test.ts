// Which keys name a secret: lists of real names from both sides, and any spelling of them.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Redactor } from '../../lib/redact/secret-keys.ts'

const secret =
  'apiKey api_key API-KEY x-api-key X_API_KEY Authorization proxy-authorization password passWord db_password passwd pwd mysql_pwd clientSecret client-secret aws_secret_access_key AWS_ACCESS_KEY_ID refreshToken csrf-token XSRF-TOKEN privateKey PRIVATE_KEY passphrase Set-Cookie cookie session connect.sid sessionId connectionString apiSecret jwt pin otp seed_phrase bearerToken credentials PHPSESSID _csrf dbPass smtp_pass newPwd userpwd pw passcode userPin otps basicAuth sessionKey appKey subscriptionKey X-Amz-Signature recoveryCodes API-Sign CB-ACCESS-SIGN sharedAccessSignature mnemonic private_key client_secret refresh_token cvv cvv2 iban sec token tokens2 auth sid mfaCode authCode verification_code backup_codes securityAnswer password2 passwordConfirm password_confirmation passwordHash pwHash userpass ftppass keyPass storePass keystorePassword KC-API-PASSPHRASE OK-ACCESS-SIGN APCA-API-SECRET-KEY APCA-API-KEY-ID X-MBX-APIKEY bfx-signature X-BAPI-SIGN listenKey signingkey encryptionKey hmacKey jwtSecret JWT_SECRET cookieSecret sessionSecret access_token id_token authToken auth_token accessToken csrfToken x-csrf-token X-Vault-Token PRIVATE-TOKEN licenseKey instrumentationKey AccountKey SharedAccessKey sas_token githubPat GH_PAT npmToken webhookSecret dsn DATABASE_DSN salt signature sig hmac cardNumber card_number creditCard ssn psk wif xprv privKey privkey secretKey secret_key master_key ssh_key sshKey pgpKey rsaPrivateKey clientKey client-key-data tlsKey ssl_key consumerSecret oauth_token oauth_token_secret oauth_signature appSecret bindPassword bind_pw bindpw ldap_bind_pw root_password rootpw adminPass sudo_pass su_pw vaultToken unseal_key kek recoveryPhrase secretPhrase backupPhrase pinCode pin_code puk otpCode totpSecret otp_secret smsCode accessCode unlockCode passKey deployKey enc_key aesKey desKey cryptKey kmsKey magic_link jwtToken feedToken enctoken unlock_pwd_md5 Ocp-Apim-Subscription-Key PGPASSWORD MYSQL_PWD REDISCLI_AUTH SSHPASS hubspotKey HEROKU_KEY snyk_key atera_key uptimeRobotKey enableSecret community_string senha keytab pswd symmetricKey wrappingKey pairingCode'.split(
    ' ',
  )
const harmless =
  'key id user symbol account position compass passed bypass author authority tokenCount maxTokens keyboard monkey spinning pinned option secretary sessionDurationMs authenticated primaryKey publicKey design assigned realizedPnl sidecar account_id order_id keyId kmsKeyId cacheKey partitionKey sortKey routingKey hasPassword isSecret passwordPolicy passwordLength privateKeyPath secretName secretArn tokenType token_type tokenUrl token_endpoint authUrl auth_uri authorizationEndpoint tokenExpiresAt expiresIn authTime auth_time passwordChangedAt sessionTimeout sessionCount cookieDomain cookieName csrfEnabled passRate passCount passedAt signal signup signedAt signIn assignee assignment path pattern patch patient statusCode errorCode countryCode zipCode tokens_used tokenizer usage seedFunding salted signatureAlgorithm keyword keystorePath turkey hotkey idempotencyKey messageKey objectKey credentialsProvider passThrough passenger passport passive compassHeading spinRate opinion inside beside sideband president residence dsnName secretsManager monkeyPatch keyframe keypress publicToken capital rapid translationKey dedupeKey shortcutKey rangeKey hashKey registryKey i18nKey mapKey tokenStandard apiKeyId api_key_id API_KEY_ID apiKeyIds myApiKeyId apiKeyUuid credentialId privateKeyFingerprint passwordTitle tokenDescription secretRotatedBy apiKeyLastUsedOn passwordScore passwordMin passwordMax passwordErrorCode tokenReason passwordMessage secretSince tokenLast4 apiKeyLastFour cookieSameSite passwordFlags passwordPlaceholder tokenLifetime tokenDuration cookieDeadline passwordTotal keyCurve passwordRounds secretNamespace secretEnvironment apiKeyTier tokenGroup credentialCategory passwordLocked apiKeyRevoked secretRevision tokenGeneration passwordMasked passwordVisible'.split(
    ' ',
  )

describe('Redactor.isSecret()', () => {
  test('knows the names of secrets, and leaves others alone', () => {
    const redactor = new Redactor()
    assert.deepEqual(
      secret.filter((key) => !redactor.isSecret(key)),
      [],
    )
    assert.deepEqual(
      harmless.filter((key) => redactor.isSecret(key)),
      [],
    )
  })

  test('does not care how the parts of a name are written and joined', () => {
    const redactor = new Redactor()
    const capital = (part: string): string => part[0]!.toUpperCase() + part.slice(1)
    for (const key of secret) {
      const parts = key
        .split(/[_.-]|(?<=[a-z])(?=[A-Z])/)
        .filter((part) => part !== '')
        .map((part) => part.toLowerCase())
      const spellings = [
        ...['_', '-', '.', ' '].flatMap((mark) => [
          parts.join(mark),
          parts.join(mark).toUpperCase(),
          parts.map(capital).join(mark),
        ]),
        parts.map(capital).join(''),
        parts[0]! + parts.slice(1).map(capital).join(''),
      ]
      for (const spelling of spellings) assert.ok(redactor.isSecret(spelling), spelling)
    }
  })

  test('does not care for marks within the words that are secret wherever they stand', () => {
    const redactor = new Redactor()
    const spelled = fc
      .tuple(
        fc.constantFrom('apikey', 'password', 'authorization', 'clientsecret', 'awsaccesskeyid'),
        fc.infiniteStream(fc.tuple(fc.boolean(), fc.constantFrom('', '', '_', '-', '.', ' '))),
      )
      .map(([key, stream]) =>
        Array.from(key, (letter) => {
          const [upper, mark] = stream.next().value as [boolean, string]
          return (upper ? letter.toUpperCase() : letter) + mark
        }).join(''),
      )
    fc.assert(fc.property(spelled, (key) => redactor.isSecret(key)))
  })

  test('takes further keys, and exceptions, which win', () => {
    const redactor = new Redactor({
      keys: ['broker_pin', 'codename'],
      allow: ['token_count', 'Code-Name'],
    })
    assert.ok(redactor.isSecret('BrokerPin'))
    assert.ok(!redactor.isSecret('codeName'))
    assert.ok(!redactor.isSecret('tokenCount'))
  })

  test('remembers a bounded number of keys', () => {
    const redactor = new Redactor()
    for (let i = 0; i < 20_000; i++) assert.equal(redactor.isSecret(`key ${i}`), false)
    assert.ok(redactor.isSecret('password'))
  })
})
