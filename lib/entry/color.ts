// Whether output is coloured: what the command line says, then what the environment says, then what
// the terminal can.

/** `--color`. */
export type ColorChoice = 'auto' | 'always' | 'never'

/** As much of process.env as matters. */
export interface ColorEnvironment {
  readonly NO_COLOR?: string | undefined
  readonly FORCE_COLOR?: string | undefined
  readonly TERM?: string | undefined
}

/**
 * Whether to colour. FORCE_COLOR is asked before NO_COLOR, as Node does; an empty NO_COLOR is none,
 * as https://no-color.org has it.
 *
 * @param isTerminal Whether the output is a terminal.
 */
export function wantsColor(
  choice: ColorChoice,
  environment: ColorEnvironment,
  isTerminal: boolean,
): boolean {
  if (choice !== 'auto') return choice === 'always'
  const { FORCE_COLOR: force, NO_COLOR: none, TERM: term } = environment
  if (force !== undefined) return force !== '0' && force !== 'false'
  if (none !== undefined && none !== '') return false
  return isTerminal && term !== 'dumb'
}
