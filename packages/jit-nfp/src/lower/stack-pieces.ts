/** One piece of a stack access: bytes within one word of the stack and one half of a register. */
import { ERRNO } from '@bpfoundry/kernel-abi'
import {
  gprB,
  gprBoth,
  local,
  localIncrement,
  NO_OPERAND,
  NO_SHIFT,
  type Operand,
  type Shift,
  shiftLeft,
  shiftRight,
} from '@bpfoundry/microcode'
import { byteMask } from '../emit/byte-moves.ts'
import type { Emission } from '../emit/emission.ts'
import { TEMP_A } from '../emit/registers.ts'

/** How the stack is reached. */
export interface StackWindow {
  readonly index: 0 | 3
  /** The index register goes on to the next word behind each. */
  readonly increments: boolean
}

export interface Piece {
  readonly gpr: number
  /** First byte within the register. */
  readonly gprByte: number
  /** Bytes behind the index register. */
  readonly offset: number
  readonly bytes: number
  /** First piece of the access. */
  readonly first: boolean
  /** First piece in this register. */
  readonly newGpr: boolean
  readonly last: boolean
}

const WORD_BYTES = 4
/** Words that ld_field reaches behind an index register. */
const FIELD_WORDS = 8
const EXTENDED_INDEX = 3

/** Moves a piece from byte `from` of a word to byte `to`. Bytes below a frame count as very high ones, as in the driver. */
function shiftBetween(from: number, to: number): Shift {
  if (from === to) return NO_SHIFT
  const bits = (8 * Math.abs(from - to)) & 31
  const amount = bits === 0 ? 'indirect' : bits
  return from >>> 0 < to >>> 0 ? shiftLeft(amount) : shiftRight(amount)
}

const wordOf = ({ offset }: Piece): number => Math.trunc(offset / WORD_BYTES)
const byteOf = ({ offset }: Piece): number => offset % WORD_BYTES

/** Offsets below a caller's frame can come out negative; the driver then refuses what seems to cross a word. */
function crossesWord(piece: Piece): boolean {
  return piece.gprByte + piece.bytes > WORD_BYTES || (byteOf(piece) + piece.bytes) >>> 0 > WORD_BYTES
}

function goesOn(window: StackWindow, piece: Piece): boolean {
  return window.increments && piece.newGpr && !piece.last
}

function wholeWord(window: StackWindow, piece: Piece): Operand {
  return goesOn(window, piece) ? localIncrement(EXTENDED_INDEX) : local(window.index, wordOf(piece))
}

function stepIndex(emit: Emission, window: StackWindow, piece: Piece): void {
  if (goesOn(window, piece)) emit.move(NO_OPERAND, localIncrement(EXTENDED_INDEX))
}

/** gpr bytes = stack bytes */
export function loadPiece(emit: Emission, window: StackWindow, piece: Piece): void {
  if (crossesWord(piece)) {
    emit.refuse(ERRNO.EOPNOTSUPP)
    return
  }
  const dst = gprBoth(piece.gpr)
  if (piece.bytes === WORD_BYTES) {
    emit.move(dst, wholeWord(window, piece))
    return
  }
  const word = wordOf(piece)
  const far = word >= FIELD_WORDS
  // The second part of a word that a new register takes is still in the temporary one.
  if (far && (piece.first || !piece.newGpr)) emit.move(TEMP_A, local(0, word))
  const src = far ? TEMP_A : local(window.index, word)
  const mask = byteMask(piece.bytes) << piece.gprByte
  const shift = shiftBetween(byteOf(piece), piece.gprByte)
  if (piece.newGpr) emit.ldFieldClear(dst, mask, src, shift)
  else emit.ldField(dst, mask, src, shift)
  stepIndex(emit, window, piece)
}

/** stack bytes = gpr bytes */
export function storePiece(emit: Emission, window: StackWindow, piece: Piece): void {
  const mask = (byteMask(piece.bytes) << byteOf(piece)) & 0xff
  if (crossesWord(piece) || (piece.bytes < WORD_BYTES && mask > 0xf)) {
    emit.refuse(ERRNO.EOPNOTSUPP)
    return
  }
  if (piece.bytes === WORD_BYTES) {
    emit.move(wholeWord(window, piece), gprB(piece.gpr))
    return
  }
  const word = wordOf(piece)
  const far = word >= FIELD_WORDS
  // Only the first and the last word keep some of their bytes.
  if (far && (piece.first || piece.last)) emit.move(TEMP_A, local(0, word))
  const dst = far ? TEMP_A : local(window.index, word)
  emit.ldField(dst, mask, gprB(piece.gpr), shiftBetween(piece.gprByte, byteOf(piece)))
  if (!piece.newGpr && !piece.last) return
  if (far) emit.move(local(0, word), TEMP_A)
  stepIndex(emit, window, piece)
}
