/**
 * Atomic adds to map values. A command can carry 16 bits of the addend by itself (`add_imm`), or take it from transfer
 * registers (`add`). Where the verifier cannot tell, a comparison chooses:
 *
 * ```
 *   immed[max, 0xffff]; alu[--, max, -, low]; alu[--, 0, -carry, high]
 *   blo[full], defer[2]      (the address's offset is added in the slots, where there is one)
 *   add_imm ...; br[out]
 * full:
 *   add ...
 * out:
 * ```
 */
import { BPF_ADD, BPF_DW, BPF_SIZE } from '@bpfoundry/isa'
import { ERRNO } from '@bpfoundry/kernel-abi'
import { gprA, gprB, imm as immediate, NO_OPERAND, xfer } from '@bpfoundry/microcode'
import { insertBytes } from '../emit/byte-moves.ts'
import type { Emission } from '../emit/emission.ts'
import { ADDRESS_A, ADDRESS_B, high, low, TEMP_A, TEMP_B } from '../emit/registers.ts'
import type { InsnRecord } from '../program/insn-record.ts'
import type { Lower, Lowering } from './lowering.ts'
import type { WideAddress } from './memory-address.ts'
import { LENGTH_SHIFT, OVERRIDE_LENGTH } from './transfer-length.ts'

const MAX_IMMEDIATE = 0xffff
/** CMD_OVE_DATA: bits 16 to 31 of the previous ALU result are the operand. */
const OVERRIDE_DATA = 2 << 3
/** Stored lengths of an immediate add: 4 or 8 bytes. */
const IMMEDIATE_LENGTH = 0x8
const WIDE_LENGTH = 0x4

const OFFSET_WORDS = 2
const CHOICE_WORDS = 4
const IMMEDIATE_WORDS = 3

export const atomicAdd: Lower = (to, record) => {
  if (record.imm !== BPF_ADD) {
    to.emit.refuse(ERRNO.EOPNOTSUPP)
    return
  }
  const { maybe16Bit = false, over16Bit = false } = record.fact.addend ?? {}
  const wide = BPF_SIZE(record.opcode) === BPF_DW
  const offset = to.emit.unrestricted(record.off, TEMP_B)
  const both = maybe16Bit && over16Bit
  const full = to.emit.here + wordsBeforeFull(record, maybe16Bit, both)
  const out = full + (over16Bit ? 2 + Number(wide) : 0)
  if (both) chooseForm(to.emit, record, full)
  const address = addressOf(to.emit, record, offset)
  if (maybe16Bit) addImmediate(to, record, address, wide)
  if (both) to.emit.branch('br', out)
  to.emit.expectHere(full)
  if (over16Bit) addRegisters(to.emit, record, address, wide)
  to.emit.expectHere(out)
}

function wordsBeforeFull({ off }: InsnRecord, maybe16Bit: boolean, both: boolean): number {
  return (off === 0 ? 0 : OFFSET_WORDS) + (maybe16Bit ? IMMEDIATE_WORDS : 0) + (both ? CHOICE_WORDS + 1 : 0)
}

function chooseForm(emit: Emission, { src, off }: InsnRecord, full: number): void {
  emit.load(TEMP_A, MAX_IMMEDIATE)
  emit.compare(TEMP_A, gprB(low(src)))
  emit.alu(NO_OPERAND, immediate(0), '-carry', gprB(high(src)))
  emit.branch('bcc', full, off === 0 ? 0 : OFFSET_WORDS)
}

function addressOf(
  emit: Emission,
  { dst, off }: InsnRecord,
  offset: ReturnType<Emission['unrestricted']>,
): WideAddress {
  if (off === 0) return { left: gprA(low(dst)), right: gprB(high(dst)) }
  emit.alu(ADDRESS_A, gprA(low(dst)), '+', offset)
  emit.alu(ADDRESS_B, gprA(high(dst)), '+carry', immediate(0))
  return { left: ADDRESS_A, right: ADDRESS_B }
}

function addImmediate({ emit }: Lowering, { src }: InsnRecord, address: WideAddress, wide: boolean): void {
  const length = IMMEDIATE_LENGTH | (wide ? WIDE_LENGTH : 0)
  emit.load(TEMP_A, OVERRIDE_DATA | OVERRIDE_LENGTH | (length << LENGTH_SHIFT))
  insertBytes(emit, TEMP_A, gprB(low(src)), 2, 2)
  const place = { mode: '40-ba', ...address } as const
  emit.memory({ command: 'add_imm', ...place, xfer: 0, count: 0, swap: 'no-swap', indirect: true })
}

/** The addend goes into the transfer registers in the command's defer slots. */
function addRegisters(emit: Emission, { src }: InsnRecord, address: WideAddress, wide: boolean): void {
  const swap = wide ? 'swap-defer2' : 'swap-defer1'
  const place = { mode: '40-ba', ...address } as const
  emit.memory({ command: 'add', ...place, xfer: 0, count: wide ? WIDE_LENGTH : 0, swap })
  emit.move(xfer(0), gprA(low(src)))
  if (wide) emit.move(xfer(1), gprA(high(src)))
}
