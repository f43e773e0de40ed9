/** LD_ABS and LD_IND: loads by position in the packet, checked against its length; network byte order. */
import { accessBytes } from '@bpfoundry/isa'
import { gprA, gprBoth, imm as immediate, NO_OPERAND, type Operand, shiftRight, xfer } from '@bpfoundry/microcode'
import { low, PACKET_LENGTH, PACKET_POINTER, TEMP_A, TEMP_B, TEMP_BOTH } from '../emit/registers.ts'
import type { InsnRecord } from '../program/insn-record.ts'
import type { Lower, Lowering } from './lowering.ts'

const WORD_BYTES = 4
/** GPRs of R0, which receives the value. */
const RESULT = { low: 0, high: 1 }

/** The driver keeps 16 bits of the position. */
const positionOf = ({ imm }: InsnRecord): number => imm & 0xffff

export const loadAbsolute: Lower = (to, record) => {
  const { emit } = to
  const bytes = accessBytes(record.opcode)
  const position = positionOf(record)
  abortIfShorter(to, emit.unrestricted(position + bytes, TEMP_A))
  load(to, record, emit.restricted(position, TEMP_B), bytes)
}

export const loadIndirect: Lower = (to, record) => {
  const { emit } = to
  const bytes = accessBytes(record.opcode)
  const position = emit.unrestricted(positionOf(record), TEMP_B)
  emit.alu(TEMP_BOTH, gprA(low(record.src)), '+', position)
  emit.alu(TEMP_A, TEMP_A, '+', immediate(bytes))
  abortIfShorter(to, TEMP_A)
  load(to, record, TEMP_B, bytes)
}

function abortIfShorter({ emit }: Lowering, end: Operand): void {
  emit.compare(PACKET_LENGTH, end)
  emit.branchFar('abort', {}, 'bcc')
}

/** Reads whole words; the bytes come first, so that a shift drops what was not wanted. */
function load({ emit }: Lowering, { fact }: InsnRecord, position: Operand, bytes: number): void {
  const count = Math.max(bytes, WORD_BYTES) - 1
  emit.memory({ command: 'read8', mode: '32', xfer: 0, left: PACKET_POINTER, right: position, count, swap: 'swap' })
  if (bytes < WORD_BYTES) {
    emit.shf(gprBoth(RESULT.low), NO_OPERAND, 'B', xfer(0), shiftRight(8 * (WORD_BYTES - bytes)))
  } else {
    emit.move(gprBoth(RESULT.low), xfer(0))
  }
  if (fact.zeroExtend === true) emit.load(gprBoth(RESULT.high), 0)
}
