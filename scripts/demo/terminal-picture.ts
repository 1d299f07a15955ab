// Terminal text as a picture: lines with SGR codes become an SVG of a terminal window. The picture
// needs no font of its own: every run of characters is put at its column, whatever the viewer's
// fonts are.

/** A look of characters, as SGR codes set it. */
interface Look {
  readonly bold: boolean
  readonly dim: boolean
  readonly foreground: string | undefined
  readonly background: string | undefined
}

/** Characters in one look. */
interface Run {
  readonly text: string
  readonly column: number
  readonly look: Look
}

const plain: Look = { bold: false, dim: false, foreground: undefined, background: undefined }

/** Black to white as SGR counts them; the second eight are the bright ones. */
const palette = [
  ['#45475a', '#e06c75', '#7ec699', '#e5c07b', '#6cb2f7', '#c792ea', '#56c8d8', '#d4d8e0'],
  ['#7a8194', '#ff8b94', '#a3e0b8', '#f5d98f', '#93c9ff', '#dbb2f5', '#82dfec', '#ffffff'],
] as const
const windowColor = '#1b1e27'
const textColor = '#d4d8e0'

/** Pixels. */
const fontSize = 13
const charWidth = 7.8
const lineHeight = 18
const margin = 18
const titleHeight = 36
const fonts =
  "ui-monospace, 'Cascadia Code', 'JetBrains Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"

/**
 * Draws lines of terminal text.
 *
 * @param title Stands in the window's frame.
 * @throws {RangeError} when a line holds an escape sequence that is no SGR code known here: what
 *   cannot be drawn right is not drawn at all.
 */
export function drawTerminal(lines: readonly string[], title: string): string {
  const rows = lines.map(runsOf)
  const columns = Math.max(...rows.map((runs) => endOf(runs.at(-1))))
  const width = Math.ceil(columns * charWidth + 2 * margin)
  const height = titleHeight + lines.length * lineHeight + margin
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (color, i) => `<circle cx="${22 + i * 20}" cy="18" r="6" fill="${color}"/>`,
  )
  const texts = rows.map((runs, row) => drawRow(runs, titleHeight + (row + 0.75) * lineHeight))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="10" fill="${windowColor}"/>`,
    ...dots,
    `<g font-family="${fonts}" font-size="${fontSize}" fill="${textColor}">`,
    `<text x="${width / 2}" y="22" text-anchor="middle" fill="${palette[1][0]}">${escaped(title)}</text>`,
    ...texts.filter((text) => text !== ''),
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

function drawRow(runs: readonly Run[], y: number): string {
  const baseline = round(y)
  let boxes = ''
  let spans = ''
  for (const { text, column, look } of runs) {
    const x = round(margin + column * charWidth)
    const length = round(columnsOf(text) * charWidth)
    if (look.background !== undefined) {
      const top = round(y - 0.75 * lineHeight)
      boxes += `<rect x="${x}" y="${top}" width="${length}" height="${lineHeight}" fill="${look.background}"/>`
    }
    if (text.trim() === '') continue
    const fill = look.foreground === undefined ? '' : ` fill="${look.foreground}"`
    const weight = look.bold ? ' font-weight="bold"' : ''
    const opacity = look.dim ? ' opacity="0.6"' : ''
    spans += `<text x="${x}" y="${baseline}" textLength="${length}" xml:space="preserve"${fill}${weight}${opacity}>${escaped(text)}</text>`
  }
  return boxes + spans
}

/** Splits a line at its SGR codes. */
function runsOf(line: string): Run[] {
  const runs: Run[] = []
  let look = plain
  let column = 0
  // eslint-disable-next-line no-control-regex -- escape sequences begin with a control character
  for (const part of line.split(/(\u001b\[[\d;]*m)/)) {
    if (part.startsWith('\u001b[') && part.endsWith('m')) {
      look = lookAfter(look, part.slice(2, -1))
    } else if (part !== '') {
      if (part.includes('\u001b')) throw new RangeError(`Cannot draw ${JSON.stringify(part)}`)
      runs.push({ text: part, column, look })
      column += columnsOf(part)
    }
  }
  return runs
}

function lookAfter(look: Look, codes: string): Look {
  for (const word of codes.split(';')) {
    const code = Number(word)
    const color = palette[code >= 90 ? 1 : 0][code % 10]
    const tens = Math.floor(code / 10)
    if (code === 0) look = plain
    else if (code === 1) look = { ...look, bold: true }
    else if (code === 2) look = { ...look, dim: true }
    else if (code === 22) look = { ...look, bold: false, dim: false }
    else if (code === 39) look = { ...look, foreground: undefined }
    else if (code === 49) look = { ...look, background: undefined }
    else if (color !== undefined && (tens === 3 || tens === 9))
      look = { ...look, foreground: color }
    else if (color !== undefined && (tens === 4 || tens === 10))
      look = { ...look, background: color }
    else throw new RangeError(`Cannot draw the SGR code ${word}: expected a color, bold or dim`)
  }
  return look
}

function endOf(run: Run | undefined): number {
  return run === undefined ? 0 : run.column + columnsOf(run.text)
}

/** Columns in a terminal: nothing in our output is wider than one, or needs two code units. */
function columnsOf(text: string): number {
  return text.length
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10
}
