// What a measure knows of a library: ways to log entry number i, and an end.

/** What is logged. */
export const variants = [
  'entry',
  'disabled',
  'message',
  'small',
  'bound',
  'error',
  'repeated',
] as const
export type Variant = (typeof variants)[number]

export interface SubjectOptions {
  /** Exists, is empty, and is removed afterwards. */
  readonly directory: string
  /** Rotate by size where the library can. */
  readonly rotation: boolean
  /** Where the library can; 50 if not given. */
  readonly rotationMb?: number
  /** Room for this many entries that wait, where the library has a limit of its own. */
  readonly entriesMax?: number
}

/** A library set up to log. Methods it lacks are ways of logging it does not offer. */
export type Subject = {
  /** The enforcement entry in full. */
  entry(i: number): void
  /** The small entry, at a level that is off. */
  disabled?(i: number): void
  /** A message alone. */
  message?(i: number): void
  /** A message with a context of three fields. */
  small?(i: number): void
  /** The enforcement entry through a child with three bound fields. */
  bound?(i: number): void
  /** A message with the small context and an error that has a cause. */
  error?(i: number): void
  /**
   * The enforcement entry with one context object made beforehand: what is allocated is the
   * library's own.
   */
  repeated?(i: number): void
  /**
   * A request: a child with the request's fields, and through it the small entries 3i, 3i + 1 and
   * 3i + 2.
   */
  request?(i: number): void
  /** Resolves when everything logged so far is in the files. */
  flush?(): Promise<void>
  /** Resolves when everything logged is in the files; nothing is logged afterwards. */
  end(): Promise<void>
}

export type Open = (options: SubjectOptions) => Promise<Subject> | Subject
