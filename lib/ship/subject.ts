// The subject of a series in NATS: `logs.<host>.<log_id>.<category>`. A host and a category may
// have dots in their names, and a subject is cut at dots: whatever is not a letter, a digit, `_` or
// `-` is written as `%` and two digits for each byte, as in a URL.

import type { SeriesName } from './engine.ts'

export const subjectPrefix = 'logs'

/** All that is below. */
export const allSubjects: string = `${subjectPrefix}.>`

/** The subject of a series, or of all series of a log or of a host when names are left out. */
export function subjectOf({ host, log_id, category }: Partial<SeriesName>): string {
  const tokens = [host, log_id, category].map((name) => (name === undefined ? '*' : tokenOf(name)))
  return [subjectPrefix, ...tokens].join('.')
}

/** The series of a subject; undefined when it is none of ours. */
export function seriesOf(subject: string): SeriesName | undefined {
  const [prefix, ...tokens] = subject.split('.')
  if (prefix !== subjectPrefix || tokens.length !== 3) return undefined
  try {
    const [host = '', log_id = '', category = ''] = tokens.map(nameOf)
    return { host, log_id, category }
  } catch {
    // Something else with a percent sign.
    return undefined
  }
}

function tokenOf(name: string): string {
  const escaped = name.replace(/[^\w-]/gu, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  )
  // A token may not be empty.
  return escaped === '' ? '%' : escaped
}

function nameOf(token: string): string {
  return token === '%' ? '' : decodeURIComponent(token)
}
