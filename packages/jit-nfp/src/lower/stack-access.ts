/**
 * Loads and stores of the stack, which lies in local memory. Its words are registers behind an index register; the offset
 * of an operand is ORed to the index, not added, so windows have to be aligned.
 */
import { accessBytes } from '@bpfoundry/isa'
import { gprA, type Operand } from '@bpfoundry/microcode'
import type { Emission } from '../emit/emission.ts'
import { low, STACK_START, TEMP_B } from '../emit/registers.ts'
import type { InsnRecord } from '../program/insn-record.ts'
import { type Lower, type Lowering, zeroExtend } from './lowering.ts'
import { loadPiece, type Piece, type StackWindow, storePiece } from './stack-pieces.ts'

const WORD_BYTES = 4
/** The part of the stack that *l$index0 always reaches. */
const DIRECT_BYTES = 64
/** What operands reach behind *l$index3, when it is aligned to as much. */
const WINDOW_BYTES = 32
/** Until a written index register holds. */
const INDEX_WRITE_SLOTS = 3

/** What differs between a load and a store. */
interface Access {
  /** BPF registers: the value's, and the pointer's. */
  readonly value: number
  readonly pointer: number
  readonly loads: boolean
  readonly piece: (emit: Emission, window: StackWindow, piece: Piece) => void
}

export const loadStack: Lower = (to, record) => {
  access(to, record, { value: record.dst, pointer: record.src, loads: true, piece: loadPiece })
}

export const storeStack: Lower = (to, record) => {
  access(to, record, { value: record.src, pointer: record.dst, loads: false, piece: storePiece })
}

function access(to: Lowering, record: InsnRecord, kind: Access): void {
  const bytes = accessBytes(record.opcode)
  const { window, offset } = openWindow(to, record, bytes, kind.pointer)
  const narrowLoad = kind.loads && bytes < 8
  if (window.index === 3) {
    to.emit.writeCsr('actLmAddr3', TEMP_B)
    // Clearing the upper half fills one of the slots.
    to.emit.nops(narrowLoad && record.fact.zeroExtend === true ? INDEX_WRITE_SLOTS - 1 : INDEX_WRITE_SLOTS)
  }
  if (narrowLoad) zeroExtend(to, record)
  for (const piece of pieces(low(kind.value), offset, bytes, window.increments)) kind.piece(to.emit, window, piece)
}

/** Points *l$index3 to the access where *l$index0 does not reach it. */
function openWindow(
  { emit, frameDepth }: Lowering,
  { fact, off }: InsnRecord,
  bytes: number,
  pointer: number,
): { readonly window: StackWindow; readonly offset: number } {
  const offset = (frameDepth + off + (fact.pointer?.offset ?? 0) + (fact.pointer?.knownVariable ?? 0)) | 0
  if (fact.pointerVaries === true || fact.callerFrame === true) {
    // All offsets that were seen have one alignment, and the index register drops the low bits.
    pointTo(emit, gprA(low(pointer)), off)
    return { window: { index: 3, increments: true }, offset }
  }
  if ((offset + bytes) >>> 0 <= DIRECT_BYTES) return { window: { index: 0, increments: false }, offset }
  if (down(offset, WINDOW_BYTES) === down(offset + bytes - 1, WINDOW_BYTES)) {
    pointTo(emit, STACK_START, down(offset, WINDOW_BYTES))
    return { window: { index: 3, increments: false }, offset: offset % WINDOW_BYTES }
  }
  pointTo(emit, STACK_START, down(offset, WORD_BYTES))
  return { window: { index: 3, increments: true }, offset }
}

const down = (value: number, step: number): number => value & ~(step - 1)

function pointTo(emit: Emission, base: Operand, offset: number): void {
  emit.alu(TEMP_B, base, '+', emit.unrestricted(offset, TEMP_B))
}

/** The access cut at the words of the stack and of the registers. */
function* pieces(gpr: number, offset: number, bytes: number, increments: boolean): Generator<Piece> {
  let at = offset
  let rest = bytes
  let register = gpr
  let registerByte = 0
  let before = -1
  while (rest > 0) {
    const size = Math.min(rest, WORD_BYTES - registerByte, wordEnd(at) - at)
    if (increments) at %= WORD_BYTES
    const place = { gpr: register, gprByte: registerByte, offset: at, bytes: size }
    yield { ...place, first: before === -1, newGpr: register !== before, last: size === rest }
    before = register
    registerByte += size
    if (registerByte >= WORD_BYTES) {
      registerByte -= WORD_BYTES
      register++
    }
    rest -= size
    at += size
  }
}

const wordEnd = (offset: number): number => down(offset, WORD_BYTES) + WORD_BYTES
