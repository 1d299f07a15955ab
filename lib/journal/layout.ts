// The layout of a block: one piece of memory that holds captured entries as bytes, with all that it
// takes to read them. It outlives the process when it is mapped from a file.
//
//   header │ definitions and strings, appended for good │ records, a ring
//
//   record: length  mark  definition  tags  nums  refs │ lsn time seq │ numbers │ tags │ strings
//           4 bytes each                                8 bytes each
//
// A record is what the lanes hold of one entry: its tags, its numbers, its strings, in the order in
// which they were captured. A definition says what its values mean: the category, the level, and of
// a typed event the keys of its values in order. So nothing is needed to read a block but this
// file, whatever has become of the program that wrote it. A string that comes again and again
// stands among the definitions, and a record has one word for it.
//
// Order of the stores: the bytes of a record, its mark, the tail of the ring. A process that is
// killed has done a part of its stores in the order of the program, so everything in front of the
// tail is whole. The mark is made of the record's place, its length, and a sum over its words: what
// is left of an earlier lap, or was torn by other means, is never taken for a record.
//
// All positions are multiples of 8, all strings begin at multiples of 4. Numbers are in the byte
// order of the machine, which the header shows.

/** The first bytes of a block. */
export const magic = 'RINGLOG\n'
/** Raised with each change of what stands where. A block with another number is not read. */
export const layoutVersion = 2
/**
 * Of a block that one thread fills and another writes to the files: its records bear numbers of the
 * run, and behind them stands what that other thread says of them (handed-progress.ts).
 */
export const handedVersion = 3
/**
 * Of such a block whose owner is dead, and whose records get the numbers that they have in the log
 * from now on, the oldest first: as far as the header says.
 */
export const movedVersion = 4
/** Read in another byte order, it is another number. */
export const orderProbe = 0x01020304

/** Bytes of the header, and so the place of the definitions. */
export const headerBytes = 4096
/** The smallest block that makes sense. */
export const blockBytesMin: number = 64 * 1024
/** Of what may wait, the part that a block holds; and its largest size, in bytes. */
const blockShare = 1 / 2
const blockBytesMax = 32 * 1024 * 1024

// Places in the header, in bytes.
export const versionAt = 8
export const orderAt = 12
/** Bytes of the whole block, without what stands behind its records. */
export const sizeAt = 16
/** Bytes of definitions. */
export const definedAt = 24
/** The oldest record and the next free place, as bytes since the first record ever. */
export const headAt = 32
export const tailAt = 40
/** Random, made with the block: a part of each mark. */
export const keyAt = 48
/** Bytes that the definitions may take. */
export const definitionsAt = 52
/** The position that stands at the first place of the ring: an empty one starts there again. */
export const baseAt = 56
/**
 * The record whose numbers are being changed, as its position and one more, or 0; and what it had
 * before. A number and its mark cannot be stored at once: who is killed between them has not begun.
 */
export const movingAt = 64
export const movingLsnAt = 72
export const movingSeqAt = 80
export const movingMarkAt = 88
/** How far the records bear the numbers of the log, in units of 8 bytes from the first one on. */
export const movedAt = 92
/** Bytes of the text about the owner, and the text. */
export const ownerAt = 96
export const ownerTextAt = 104
/** The identity of the log: 32 digits; the word in front of it is 1 when they stand there. */
export const logIdSetAt = 4052
export const logIdAt = 4056
export const logIdChars = 32
/** Bytes that the text about the owner may take. */
export const ownerBytesMax: number = logIdSetAt - ownerTextAt

// Places in a record, in words of four bytes.
export const lengthWord = 0
export const markWord = 1
export const definitionWord = 2
export const tagsWord = 3
export const numsWord = 4
export const refsWord = 5
/** Places in a record, in numbers of eight bytes. */
export const lsnNumber = 3
export const timeNumber = 4
export const seqNumber = 5
export const numbersFrom = 6
/** Bytes in front of its numbers. */
export const recordHeadBytes: number = numbersFrom * 8

/** In place of a definition: it stands as a string in front of the record's own. */
export const INLINE = 0
/** What fills the end of the ring where the next record does not fit. */
export const FILLER: number = 0xffffffff | 0
/** In place of a string's head: it is not there. */
export const MISSING = -1

/** Of a string's head, two bits say how it is written, the others how long it is. */
export const LATIN1 = 0
export const UTF16 = 1
/** In place of the length: where it stands among the definitions, in bytes. */
export const TABLED = 2

/** What an entry may have in each of the lanes: far more than any capture may take. */
export const placesMax = 4096

/**
 * The part of a mark that the place of a record, its length and the block give.
 *
 * @param position Bytes since the first record ever.
 */
export function seedOf(key: number, position: number, length: number): number {
  return (Math.imul((position / 8) | 0, 0x9e3779b1) ^ Math.imul(length, 0x85ebca6b) ^ key) | 0
}

/** The size of a block, in bytes. `bytes`: what may wait, `buffer.bytes`. */
export function blockBytesOf(bytes: number): number {
  const wanted = Math.min(Math.floor(bytes * blockShare), blockBytesMax)
  return Math.max(Math.floor(wanted / 4096) * 4096, blockBytesMin)
}

/** How a block is divided: bytes of definitions, and of the ring of records. */
export function partsOf(size: number): { definitions: number; ring: number } {
  const definitions = Math.min(1 << 20, Math.floor(size / 64) * 8)
  const ring = Math.floor((size - headerBytes - definitions) / 8) * 8
  return { definitions, ring }
}
