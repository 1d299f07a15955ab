// Secrets on command lines and in the commands of protocols. No name of a secret stands before
// them; the name of the command does: `mysql -pX`, `curl -u user:X`, `AUTH X`, `IDENTIFIED BY 'X'`.

import { redacted } from './secret-keys.ts'
import { isNothing, looksLikePassword } from './secret-values.ts'
import { isLineEnd } from './text-marks.ts'

/** What stands in quotes that are escaped. */
const escaped = String.raw`(?:[^"\\\n]|\\[^"\n])+`
/** What a command takes as its secret: a string, or a word. */
const argument = String.raw`(?:"(?:[^"\\\n]|\\.)+"?|'(?:[^'\n]|'\\'')+'?|\\{1,7}"${escaped}(?:\\{1,7}")?|[^\s"'|;&\\-][^\s"'|;&]*)`

/** A user's name in quotes or without, and what follows it as the password: `-u 'bob:X'`. */
const logins = (options: string): readonly (readonly [before: string, password: string])[] => [
  [String.raw`(${options}[^\s:"']{0,128}:)`, argument],
  [String.raw`(${options}'[^:'\n]{0,128}:)`, String.raw`[^'\n]+`],
  [String.raw`(${options}"[^:"\n]{0,128}:)`, String.raw`(?:[^"\\\n]|\\.)+`],
  [String.raw`(${options}\\{1,7}"[^:"\\\n]{0,128}:)`, escaped],
  [String.raw`(${options}(?:"[^"\n]{0,128}"|'[^'\n]{0,128}'):)`, argument],
  // A key as the user's name, and no password.
  [String.raw`(${options}["']?)`, String.raw`[^\s:"'\d]{0,128}\d[^\s:"']{0,128}(?=:["']?(?:\s|$))`],
]

/** Commands, how their secrets follow, and what must be on the line as well. The group is kept. */
const commands: readonly (readonly [names: string, before: string, needed?: string])[] = [
  [
    'mysql mysqldump mysqladmin mysqlimport mysqlshow mariadb mariadb-dump 7z 7za',
    '(\\s-p)(?=\\S)',
  ],
  ['bcp sqlcmd isql osql zip unzip ipmitool mosquitto_pub mosquitto_sub', '(\\s-P\\s{0,4})'],
  ['sshpass', '(\\s-p\\s{0,4})'],
  [
    'mongo mongosh mongodump mongorestore mongoexport mongoimport cqlsh psexec twine influx',
    '(\\s-p\\s{1,4})',
  ],
  ['docker podman nerdctl oras az oc cf helm', '(\\s-p\\s{1,4})', ' login'],
  ['redis-cli', '(\\s-a\\s{1,4})'],
  ['ldapsearch ldapadd ldapmodify ldapdelete ldappasswd ldapwhoami', '(\\s-w\\s{1,4})'],
  ['lftp', '(\\s-u\\s{1,4}[^\\s,]{1,128},)'],
  ['smbclient rpcclient smbmap', '(\\s-U\\s{1,4}["\']?[^\\s%"\']{1,128}%)'],
  ['openssl', '(\\s-[kK]\\s{1,4})'],
  ['security', '(\\s-w\\s{1,4})', ' add-'],
  ['nuget dotnet', '(\\s-k\\s{1,4})', ' push '],
  ['gh', '(\\s(?:--body|-b)\\s{1,4})', ' secret '],
  ['ssh-keygen', '(\\s-[NP]\\s{1,4})'],
  ['snmpget snmpwalk snmpset snmpbulkwalk', '(\\s-[AXc]\\s{1,4})'],
  ['net', '(\\s/user:\\S{1,128}\\s{1,4})(?!/)', ' use '],
  ['net', '(\\suser\\s{1,4}[\\w.$-]{1,64}\\s{1,4})(?!/)'],
  ['vault bw', '(\\s(?:login|unlock|unseal)\\s{1,4})'],
  ['kubectl oc', '(\\s--from-literal[\\s=]{1,4}[\\w.-]{1,128}=)', ' secret '],
  ['vault', '(\\s[\\w.-]{1,128}=)(?=\\S)', ' put '],
  ['vault', '(\\s[\\w.-]{1,128}=)(?=\\S)', ' write '],
  ['rabbitmqctl', '(\\s(?:add_user|change_password)\\s{1,4}\\S{1,128}\\s{1,4})'],
  ['htpasswd', '(\\s-[A-Za-z]{1,8}\\s{1,4}\\S{1,256}\\s{1,4}\\S{1,128}\\s{1,4})', 'b'],
  ['expdp impdp sqlplus rman sqlldr exp imp', '(\\s{1,4}[\\w$#]{1,64}/)(?!/)'],
  ['xfreerdp wfreerdp', '(\\s/p:)'],
  ['ConvertTo-SecureString', '(\\s{1,4}(?:-String\\s{1,4})?)'],
]

/** Commands that take a user's name and a password in one argument. */
const loginCommands: readonly (readonly [names: string, options: string])[] = [
  ['curl wget etcdctl', String.raw`\s(?:-[uU][\s=]{0,4}|(?:--user|--proxy-user)[\s=]{1,4})`],
  ['http https xh', String.raw`\s-a\s{1,4}`],
]

interface Command {
  readonly secret: RegExp
  readonly needed: string
}

const commandsByName = new Map<string, Command[]>()
function addCommand(list: string, secret: string, needed = ''): void {
  const command = { secret: new RegExp(secret, 'g'), needed }
  for (const name of list.split(' ')) {
    commandsByName.set(name, [...(commandsByName.get(name) ?? []), command])
  }
}
for (const [list, before, needed] of commands) addCommand(list, before + argument, needed)
for (const [list, options] of loginCommands) {
  for (const [before, password] of logins(options)) addCommand(list, before + password)
}
const commandName = new RegExp(
  String.raw`(?<![\w.-])(${[...commandsByName.keys()].toSorted((a, b) => b.length - a.length).join('|')})(?:\.exe)?(?=\s)`,
  'g',
)

/** What ends a command, or begins what is quoted in it. */
const commandEnd = /[\r\n|;"']|&&/g

/** A password behind a user, of a command that is not known: `-u bob -p X`. */
const userThenPassword = new RegExp(
  String.raw`(\s(?:-[uU]|--user(?:name)?)[\s=]{1,4}[^\s|;&]{1,128}\s{1,4}-[pP]\s{1,4})${argument}`,
  'g',
)
/** A port, where other commands have the password. */
const port = /\s\d{1,5}$/
const piped =
  /(\becho\s{1,4}(?:-n\s{1,4})?)("[^"\n]{1,256}"|'[^'\n]{1,256}'|[^\s|]{1,256})(?=\s{0,4}\|\s{0,4}sudo\s(?:[^|\n]{0,64}\s)?-S)/g
const chpasswd =
  /(\becho\s{1,4}(?:-n\s{1,4})?["']?[\w.-]{1,64}:)([^\s"'|]{1,256})(?=["']?\s{0,4}\|\s{0,4}(?:sudo\s{1,4})?chpasswd)/g

/** The text with the secrets of command lines masked; the text itself when there are none. */
export function maskCommands(text: string): string {
  let masked = ''
  let done = 0
  commandName.lastIndex = 0
  for (let match = commandName.exec(text); match !== null; match = commandName.exec(text)) {
    const from = commandName.lastIndex
    const end = endOf(text, from)
    const line = text.slice(from, end)
    const shown = withoutSecrets(line, match[1]!, nestedMax)
    if (shown !== line) {
      masked += text.slice(done, from) + shown
      done = end
    }
    commandName.lastIndex = end
  }
  const rest = done === 0 ? text : masked + text.slice(done)
  // MySQL asks for the password behind `-p` and a blank.
  const known = /\b(?:mysql|mariadb)/.test(rest)
    ? rest
    : rest.replace(userThenPassword, (whole, before: string) =>
        port.test(whole) ? whole : before + redacted,
      )
  return known.replace(piped, `$1${redacted}`).replace(chpasswd, `$1${redacted}`)
}

/** Commands in one line: `kubectl exec x -- sudo mysql …`. */
const nestedMax = 4

/** The arguments of a command without its secrets, and without those of a command in them. */
function withoutSecrets(line: string, name: string, depth: number): string {
  let shown = line
  for (const { secret, needed } of commandsByName.get(name)!) {
    if (line.includes(needed)) shown = shown.replace(secret, `$1${redacted}`)
  }
  if (depth === 0) return shown
  commandName.lastIndex = 0
  const match = commandName.exec(shown)
  if (match === null) return shown
  const from = commandName.lastIndex
  return shown.slice(0, from) + withoutSecrets(shown.slice(from), match[1]!, depth - 1)
}

/** Where a command ends whose arguments begin at a place: not within quotes that are closed. */
function endOf(text: string, from: number): number {
  commandEnd.lastIndex = from
  for (let match = commandEnd.exec(text); match !== null; match = commandEnd.exec(text)) {
    const { 0: found, index } = match
    if (found !== '"' && found !== "'") {
      // A backslash goes on with the command on the next line.
      if (found !== '\n' || text[index - 1] !== '\\') return index
      continue
    }
    let close = index + 1
    const isEscaped = text[index - 1] === '\\'
    while (close < text.length && text[close] !== found && !isLineEnd(text.charCodeAt(close))) {
      close += found === '"' && text[close] === '\\' && !isEscaped ? 2 : 1
    }
    // What is quoted in a string goes no farther than the string.
    if (isEscaped && text[close - 1] !== '\\') return close
    // Nothing that follows is in quotes of this kind.
    if (text[close] === found) commandEnd.lastIndex = close + 1
  }
  return text.length
}

/** Whether a program takes a secret among its arguments. */
export function isCommand(name: string): boolean {
  return commandsByName.has(name.slice(name.lastIndexOf('/') + 1))
}

/** In quotes, or a word. */
const operand = String.raw`("(?:[^"\n]|"")+"|'(?:[^'\n]|'')+'|[^\s"',;)\\]+)`

/** Commands of protocols; the last group is the secret, and is one whatever it looks like. */
const sure: readonly RegExp[] = [
  new RegExp(
    String.raw`(\bidentified\s{1,4}(?:with\s{1,4}\S{1,64}\s{1,4})?(?:by|as)\s{1,4}(?:password\s{1,4}|values\s{1,4})?)${operand}`,
    'gi',
  ),
  /(\b(?:requirepass|masterauth|primaryauth|snmp-server community)\s{1,4})([^\s"']+|"[^"\n]+")/g,
  /(\bAUTH\s{1,4}(?:PLAIN|LOGIN|XOAUTH2|CRAM-MD5|OAUTHBEARER|NTLM)\s{1,4})([\w+/=-]{8,})/g,
  /((?:\b|\\n)AUTH(?:\\r\\n|\r\n)\$\d{1,4}(?:\\r\\n|\r\n))([^\s\\]+)/g,
  /(\.auth\(\s{0,4}(?:"[^"\n]{1,128}"|'[^'\n]{1,128}')\s{0,4},\s{0,4})("[^"\n]+"|'[^'\n]+')/g,
  /(\bWIFI:(?:[TSH]:[^;\n]{0,64};){0,3}P:)((?:[^;\\\n]|\\.)+)/g,
  /(\baddauth\s{1,4}digest\s{1,4}[^\s:]{1,128}:)(\S+)/g,
  /(\bAUTHINFO PASS\s{1,4})(\S+)/g,
  /(\b(?:radius|tacacs)-server\s[^\r\n]{0,128}\skey\s{1,4}(?:\d\s{1,4})?)([^\s"']+|"[^"\n]+")/g,
  // A constructor that takes a user's name and a password, the password last.
  /(\b(?:NetworkCredential|DirectoryEntry|PasswordAuthentication|UsernamePasswordCredentials|HTTPBasicAuth|BasicAuth)\s{0,4}\((?:\s{0,64}(?:"[^"\n]{0,256}"|'[^'\n]{0,256}')\s{0,4},){1,2}\s{0,64})("[^"\n]+"|'[^'\n]+')/g,
]

/** Likewise, where the secret has to look like one. */
const likely: readonly RegExp[] = [
  /((?<![\w$.-])PASS\s{1,4})([^\s"'\\]+)/g,
  /((?<![\w$.-])AUTH\s{1,4}(?:[a-z][\w.-]{0,64}\s{1,4})?)([^\s"'\\]+)/g,
  new RegExp(
    String.raw`((?<![\w-])[A-Za-z]{0,4}[\d.]{1,6}\s{1,4}LOGIN\s{1,4}(?:"[^"\n]{1,128}"|[^\s"]{1,128})\s{1,4})${operand}`,
    'g',
  ),
  /(\bIDENTIFY\s{1,4}(?:\w{1,32}\s{1,4})?)([^\s"'\\]+)/g,
]

/** The text with the secrets of protocols masked; the text itself when there are none. */
export function maskProtocols(text: string): string {
  let masked = text
  for (const form of sure) {
    masked = masked.replace(form, (whole, before: string, secret: string) =>
      isNothing(secret) ? whole : before + redacted,
    )
  }
  for (const form of likely) {
    masked = masked.replace(form, (whole, before: string, secret: string) =>
      looksLikePassword(secret, 4) ? before + redacted : whole,
    )
  }
  return masked
}

/**
 * The password (554), the new one (925), raw data (96), and those that are encrypted (1402, 1404)
 * of a FIX message.
 */
// oxlint-disable no-control-regex -- FIX separates its fields by one
const fixTag =
  /((?:^|[\u0001|]|\^A|<SOH>|\\u0001|\\x01)(?:554|925|96|1402|1404)=)(?:[^\u0001|^<\\\r\n]|\^(?!A)|<(?!SOH>)|\\(?!u0001|x01))+/g
/** The same in a message that has not been made readable: anything else belongs to the value. */
const rawFixTag = /((?:^|\u0001)(?:554|925|96|1402|1404)=)[^\u0001\r\n]+/g
// oxlint-enable no-control-regex

/** The text with the passwords of FIX messages masked; the text itself when there are none. */
export function maskFix(text: string): string {
  return text.replace(text.includes('\u0001') ? rawFixTag : fixTag, `$1${redacted}`)
}

/** A row that is inserted: the columns, and where the values begin. */
const insert =
  /\binsert\s{1,4}(?:into\s{1,4})?[\w."`[\]]{1,128}\s{0,4}\(([^()]{1,2048})\)\s{0,4}values\s{0,4}\(/gi
const rowValue = /\s{0,8}(?:'(?:[^'\n]|'')*'|"[^"\n]*"|[^\s,()'"]+)\s{0,8}(,?)/y

/** Between two rows. */
const nextRow = /\)\s{0,8},\s{0,8}\(/y

/** The text with the values masked that SQL inserts into columns whose names name a secret. */
export function maskInserted(text: string, isSecret: (name: string) => boolean): string {
  let masked = ''
  let done = 0
  for (const match of text.matchAll(insert)) {
    const columns = match[1]!.split(',').map((column) => isSecret(column))
    nextRow.lastIndex = match.index + match[0].length
    do {
      rowValue.lastIndex = nextRow.lastIndex
      for (const isHidden of columns) {
        const from = rowValue.lastIndex
        const value = rowValue.exec(text)
        if (value === null) break
        if (!isHidden || isNothing(value[0].replace(/,$/, '').trim())) continue
        masked += `${text.slice(done, from)}${redacted}${value[1]!}`
        done = rowValue.lastIndex
      }
      nextRow.lastIndex = Math.max(nextRow.lastIndex, rowValue.lastIndex, done)
    } while (nextRow.test(text))
  }
  return done === 0 ? text : masked + text.slice(done)
}

/** Every pattern by name: what the tests prove to be safe. */
export const commandPatterns: Readonly<Record<string, RegExp>> = {
  commandName,
  userThenPassword,
  piped,
  chpasswd,
  fixTag,
  rawFixTag,
  insert,
  rowValue,
  nextRow,
  ...Object.fromEntries(
    [...new Set([...commandsByName.values()].flat())].map(({ secret }) => [secret.source, secret]),
  ),
  ...Object.fromEntries(sure.map((form, i) => [`sure protocol ${i}`, form])),
  ...Object.fromEntries(likely.map((form, i) => [`likely protocol ${i}`, form])),
}
