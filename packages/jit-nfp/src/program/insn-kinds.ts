/** What the passes ask of an instruction. */
import {
  BPF_ABS,
  BPF_ALU,
  BPF_ALU64,
  BPF_CALL,
  BPF_CLASS,
  BPF_EXIT,
  BPF_IND,
  BPF_JMP,
  BPF_JMP32,
  BPF_LD,
  BPF_LDX,
  BPF_MEM,
  BPF_MODE,
  BPF_PSEUDO_CALL,
  BPF_ST,
  BPF_STX,
} from '@bpfoundry/isa'
import type { InsnRecord } from './insn-record.ts'

const SIZE_BITS = 0x18
const CALL = BPF_JMP | BPF_CALL
const EXIT = BPF_JMP | BPF_EXIT

export const isLoad = ({ opcode }: InsnRecord): boolean => (opcode & ~SIZE_BITS) === (BPF_LDX | BPF_MEM)
export const isStore = ({ opcode }: InsnRecord): boolean => (opcode & ~SIZE_BITS) === (BPF_STX | BPF_MEM)
export const isCall = ({ opcode }: InsnRecord): boolean => opcode === CALL
export const isExit = ({ opcode }: InsnRecord): boolean => opcode === EXIT
export const isFunctionCall = (record: InsnRecord): boolean => isCall(record) && record.src === BPF_PSEUDO_CALL

/** A store of a register or constant into the packet. */
export function isPacketStore(record: InsnRecord): boolean {
  const stores = isStore(record) || (record.opcode & ~SIZE_BITS) === (BPF_ST | BPF_MEM)
  return stores && record.fact.pointer?.kind === 'pkt'
}

/** A load from the packet by position: the form of classic BPF. */
export function isClassicLoad({ opcode }: InsnRecord): boolean {
  return BPF_CLASS(opcode) === BPF_LD && (BPF_MODE(opcode) === BPF_ABS || BPF_MODE(opcode) === BPF_IND)
}

export function isAlu({ opcode }: InsnRecord): boolean {
  return BPF_CLASS(opcode) === BPF_ALU || BPF_CLASS(opcode) === BPF_ALU64
}

/** Jumps, calls and exits of both widths. */
export function isJump({ opcode }: InsnRecord): boolean {
  return BPF_CLASS(opcode) === BPF_JMP || BPF_CLASS(opcode) === BPF_JMP32
}

/** A jump or call to another place of the program. */
export function leadsElsewhere(record: InsnRecord): boolean {
  return isJump(record) && !isExit(record) && (!isCall(record) || isFunctionCall(record))
}

/** A comparison of 64 bits, not of 32. */
export const comparesWide = ({ opcode }: InsnRecord): boolean => BPF_CLASS(opcode) === BPF_JMP
