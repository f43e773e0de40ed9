import type { ProgramImage } from '@bpfoundry/engine'
import {
  BPF_ALU,
  BPF_CALL,
  BPF_HELPER_CALL,
  BPF_JMP,
  BPF_K,
  BPF_MOV,
  BPF_PSEUDO_CALL,
  type Insn,
  isLdImm64,
} from '@bpfoundry/isa'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import { CLOBBERING_HELPER } from '../bare/bare-helpers.ts'
import { unverifiedImage } from '../bare/bare-program.ts'
import type { TailCallCase } from './tail-call-case.ts'

/** Stands for the address of the program array, or for an index in it, which `off` then tells. */
const MARKER = 0x7a11_ca11
/** Values of `off` that are no distance from the calling program's index: an empty slot, an index out of range. */
const NULL_TARGET = 0x7fff
const INVALID_TARGET = 0x7ffe

/** The counter stands at the start of the memory. */
const COUNTER_BYTES = 4
/** The array behind it, where no program sees it. */
const ARRAY_OFFSET_BYTES = 64
const SLOT_BYTES = 4

/** Counter and program array, in a program's memory: a slot for each program, and an empty one. */
export function tailCallMemory({ programs }: TailCallCase): Uint8Array {
  const slots = programs.length + 1
  const { maxEntriesOffsetBytes, slotsOffsetBytes } = PROG_ARRAY_LAYOUT
  const memory = new Uint8Array(ARRAY_OFFSET_BYTES + slotsOffsetBytes + SLOT_BYTES * slots)
  const array = new DataView(memory.buffer, ARRAY_OFFSET_BYTES)
  array.setUint32(maxEntriesOffsetBytes, slots, true)
  programs.forEach((_, index) => {
    array.setUint32(slotsOffsetBytes + SLOT_BYTES * index, programId(index), true)
  })
  return memory
}

/** The counter, as the runs left it. */
export function counterIn(memory: Uint8Array): number {
  return new DataView(memory.buffer, memory.byteOffset, COUNTER_BYTES).getUint32(0, true)
}

/** All programs, the one that runs first. @param address of the memory */
export function tailCallImages({ programs, index, name }: TailCallCase, address: number): readonly ProgramImage[] {
  const images = programs.map((insns, which) =>
    unverifiedImage({
      id: programId(which),
      name: which === index ? name : `program ${which}`,
      insns: resolve(insns, address + ARRAY_OFFSET_BYTES, which, programs.length),
      fixedUp: true,
    }),
  )
  return [images[index] as ProgramImage, ...images.filter((_, which) => which !== index)]
}

/** A slot holds 0 where it is empty. */
const programId = (index: number): number => index + 1

/** Puts in what the markers stand for. The helpers that are called do nothing but spoil what a call may: one is enough. */
function resolve(insns: readonly Insn[], array: number, which: number, emptySlot: number): readonly Insn[] {
  const special = new Map([
    [NULL_TARGET, emptySlot],
    [INVALID_TARGET, emptySlot + 1],
  ])
  return insns.map((insn) => {
    if (isLdImm64(insn) && insn.imm === MARKER) return { ...insn, imm: array }
    if (insn.opcode === (BPF_ALU | BPF_MOV | BPF_K) && insn.imm === MARKER) {
      return { ...insn, off: 0, imm: special.get(insn.off) ?? which + insn.off }
    }
    if (insn.opcode === (BPF_JMP | BPF_CALL) && insn.src === BPF_PSEUDO_CALL) {
      return { ...insn, src: BPF_HELPER_CALL, imm: CLOBBERING_HELPER }
    }
    return insn
  })
}
