// Text for a terminal: whatever could drive it or deceive the eye (control characters, bidi
// controls, zero-width and tag characters, line separators, lone surrogates) is shown as a visible
// escape.
//
// The library prints nothing else: entries, remarks, errors and reports all come through here, for
// paths, numbers of foreign locks and messages of the system are text that somebody else may have
// written.

/** What most text consists of: four times as quick to test for as what is unsafe. */
const plain = /^[\u0020-\u007e]*$/

/** Marks that stand over the letter before them. */
const marks = String.raw`[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]`

/**
 * What is not shown as it is. Without the `u` flag, which makes it four times as slow.
 */
const unsafe = new RegExp(
  [
    // Controls: C0, DEL, C1; line and paragraph separators; bidi controls; annotations.
    String.raw`[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u061c\u2066-\u2069\ufff9-\ufffb`,
    // What has no width: joiners, fillers, variation selectors but those that choose between text
    // and emoji.
    String.raw`\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u3164`,
    String.raw`\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufff8]`,
    // The same beyond U+FFFF: shorthand and musical formats, tags, more variation selectors.
    String.raw`|\ud82f[\udca0-\udca3]|\ud834[\udd73-\udd7a]|[\udb40-\udb43][\udc00-\udfff]`,
    // Lone surrogates.
    String.raw`|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]`,
    // A ninth mark on one letter: heaped up, they cover the lines above.
    `|(?<=${marks}{8})${marks}`,
  ].join(''),
)
const unsafeAll = new RegExp(unsafe, 'g')

/** What belongs to the character before it. */
const joins = new RegExp(`${marks}|[\\udc00-\\udfff]`)

/** A longer text is made visible piece by piece. */
const pieceChars = 65_536

/** Escapes of single UTF-16 units that have been needed; there are some hundreds. */
const escapes = new Map<string, string>()

/**
 * Text with everything that could drive or deceive a terminal as visible escapes: `\x1b`, `\u202e`.
 */
export function visible(text: string): string {
  if (plain.test(text)) return text
  if (text.length <= pieceChars) return text.replace(unsafeAll, escapeOf)
  // In one go, `replace` remembers every match before it makes the string: 70 bytes for each
  // character (Node 20.20).
  let shown = ''
  for (const piece of piecesOf(text)) shown += piece.replace(unsafeAll, escapeOf)
  return shown
}

/** Lines of text, each made visible: their line ends stay. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n')
}

/**
 * JSON text with the same characters as the escapes of JSON: same value, harmless to a terminal.
 */
export function visibleJson(json: string): string {
  // Between the values of indented JSON stand line ends, and within them no control character.
  return json.replace(unsafeAll, (characters) =>
    characters === '\n' ? characters : jsonEscapeOf(characters),
  )
}

/** A text in pieces, none of which ends amid a character or among the marks on one. */
export function* piecesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    let to = from + pieceChars
    while (to < text.length && to < from + 2 * pieceChars && joins.test(text[to]!)) to++
    yield text.slice(from, to)
    from = to
  }
}

function escapeOf(characters: string): string {
  if (characters.length > 1) return newEscapeOf(characters)
  let escape = escapes.get(characters)
  if (escape === undefined) {
    escape = newEscapeOf(characters)
    escapes.set(characters, escape)
  }
  return escape
}

function newEscapeOf(characters: string): string {
  switch (characters) {
    case '\n':
      return String.raw`\n`
    case '\r':
      return String.raw`\r`
    case '\t':
      return String.raw`\t`
    default: {
      const code = characters.codePointAt(0)!
      if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
      return code > 0xffff
        ? `\\u{${code.toString(16)}}`
        : `\\u${code.toString(16).padStart(4, '0')}`
    }
  }
}

function jsonEscapeOf(characters: string): string {
  let escape = ''
  for (let at = 0; at < characters.length; at++) {
    escape += `\\u${characters.charCodeAt(at).toString(16).padStart(4, '0')}`
  }
  return escape
}
