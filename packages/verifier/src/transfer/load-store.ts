/** LDX, ST, STX: plain loads and stores, and atomics. */
import { BPF_ATOMIC, BPF_CMPXCHG, BPF_DW, BPF_FETCH, BPF_H, BPF_MEMSX, BPF_W, type Insn } from '@bpfoundry/isa'
import { accessThrough, notePointerType } from '../memory/memory-access.ts'
import { UNKNOWN_SCALAR } from '../state/register-state.ts'
import { PTR_TO_CTX, PTR_TO_PACKET, PTR_TO_PACKET_META, typeName } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'

// biome-ignore format: table
const SIZE_BYTES: ReadonlyMap<number, number> = new Map([[BPF_W, 4], [BPF_H, 2], [0x10, 1], [BPF_DW, 8]])

/** Bytes that a load or store instruction moves. */
export function accessBytes(opcode: number): number {
  return SIZE_BYTES.get(opcode & 0x18) as number
}

/** `dst = *(size *)(src + off)` */
export function transferLoad(v: Verification, insn: Insn): void {
  const pointer = v.read(insn.src)
  v.checkWritable(insn.dst)
  v.facts.recordMemory(v.pc, pointer)
  accessThrough(v, {
    pointerNumber: insn.src,
    displacement: insn.off,
    sizeBytes: accessBytes(insn.opcode),
    isWrite: false,
    valueNumber: insn.dst,
    signExtends: (insn.opcode & 0xe0) === BPF_MEMSX,
  })
  notePointerType(v, pointer.type)
}

/** Class STX. */
export function transferStoreRegister(v: Verification, insn: Insn): void {
  if ((insn.opcode & 0xe0) === BPF_ATOMIC) transferAtomic(v, insn)
  else transferPlainStore(v, insn)
}

/** `*(size *)(dst + off) = src` */
function transferPlainStore(v: Verification, insn: Insn): void {
  const value = v.read(insn.src)
  const pointer = v.read(insn.dst)
  v.facts.recordMemory(v.pc, pointer)
  v.facts.record(v.pc, insn.src, value)
  accessThrough(v, {
    pointerNumber: insn.dst,
    displacement: insn.off,
    sizeBytes: accessBytes(insn.opcode),
    isWrite: true,
    valueNumber: insn.src,
  })
  notePointerType(v, pointer.type)
}

/** `*(size *)(dst + off) = imm` */
export function transferStoreImmediate(v: Verification, insn: Insn): void {
  const pointer = v.read(insn.dst)
  v.facts.recordMemory(v.pc, pointer)
  accessThrough(v, {
    pointerNumber: insn.dst,
    displacement: insn.off,
    sizeBytes: accessBytes(insn.opcode),
    isWrite: true,
    valueNumber: -1,
    immediate: insn.imm,
  })
  notePointerType(v, pointer.type)
}

/** Memory whose accesses are rewritten or may move can't be changed atomically. */
const NOT_ATOMIC: ReadonlySet<number> = new Set([PTR_TO_CTX, PTR_TO_PACKET, PTR_TO_PACKET_META])

/**
 * `lock *(size *)(dst + off) op= src`, with the old value to src or, for cmpxchg, r0: a load into that register, then a
 * store of an unknown number.
 */
function transferAtomic(v: Verification, insn: Insn): void {
  const value = v.read(insn.src)
  const pointer = v.read(insn.dst)
  const comparesR0 = insn.imm === BPF_CMPXCHG
  if (comparesR0) v.read(0)
  if (NOT_ATOMIC.has(pointer.type)) {
    const message = `BPF_ATOMIC stores into R${insn.dst} ${typeName(pointer.type)} is not allowed`
    v.refuse('VERIFIER_ATOMIC_TARGET', 'EACCES', message)
  }
  v.facts.recordMemory(v.pc, pointer)
  v.facts.record(v.pc, insn.src, value)
  const target = comparesR0 ? 0 : insn.src
  const fetches = (insn.imm & BPF_FETCH) !== 0
  if (fetches) {
    v.checkWritable(target)
    v.write(target, UNKNOWN_SCALAR)
  }
  const common = { pointerNumber: insn.dst, displacement: insn.off, sizeBytes: accessBytes(insn.opcode), aligned: true }
  accessThrough(v, { ...common, isWrite: false, valueNumber: -1 })
  if (fetches) accessThrough(v, { ...common, isWrite: false, valueNumber: target })
  notePointerType(v, pointer.type)
  accessThrough(v, { ...common, isWrite: true, valueNumber: -1 })
}
