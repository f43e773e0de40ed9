/** LDX, ST, STX: plain loads and stores, and atomics. */
import {
  BPF_AND,
  BPF_ATOMIC,
  BPF_CMPXCHG,
  BPF_FETCH,
  BPF_LOAD_ACQ,
  BPF_MEMSX,
  BPF_OR,
  BPF_STORE_REL,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import { accessThrough, notePointerType } from '../memory/memory-access.ts'
import { UNKNOWN_SCALAR } from '../state/register-state.ts'
import { PTR_TO_ARENA, PTR_TO_CTX, PTR_TO_PACKET, PTR_TO_PACKET_META, typeName } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'

/** By the size field of the opcode: BPF_W, BPF_H, BPF_B, BPF_DW. */
const SIZE_BYTES = [4, 2, 1, 8] as const

/** Bytes that a load or store instruction moves. */
export function accessBytes(opcode: number): number {
  return SIZE_BYTES[(opcode >> 3) & 3] as number
}

/** `dst = *(size *)(src + off)` */
export function transferLoad(v: Verification, insn: Insn): void {
  loadThrough(v, insn, false)
}

function loadThrough(v: Verification, insn: Insn, aligned: boolean): void {
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
    immediate: undefined,
    aligned,
  })
  notePointerType(v, pointer.type)
}

/** Class STX. */
export function transferStoreRegister(v: Verification, insn: Insn): void {
  if ((insn.opcode & 0xe0) !== BPF_ATOMIC) storeThrough(v, insn, false)
  else if (insn.imm === BPF_LOAD_ACQ) transferAcquire(v, insn)
  else if (insn.imm === BPF_STORE_REL) transferRelease(v, insn)
  else transferAtomic(v, insn)
}

/** `*(size *)(dst + off) = src` */
function storeThrough(v: Verification, insn: Insn, aligned: boolean): void {
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
    signExtends: false,
    immediate: undefined,
    aligned,
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
    signExtends: false,
    immediate: insn.imm,
    aligned: false,
  })
  notePointerType(v, pointer.type)
}

/** Memory whose accesses are rewritten or may move can't be changed atomically. */
const NOT_ATOMIC: ReadonlySet<number> = new Set([PTR_TO_CTX, PTR_TO_PACKET, PTR_TO_PACKET_META])

function refuseAtomic(v: Verification, what: 'loads from' | 'stores into', number: number, type: number): never {
  const message = `BPF_ATOMIC ${what} R${number} ${typeName(type)} is not allowed`
  return v.refuse('VERIFIER_ATOMIC_TARGET', 'EACCES', message)
}

/** `dst = load_acquire((size *)(src + off))`: for one path at a time, a load. */
function transferAcquire(v: Verification, insn: Insn): void {
  const { type } = v.register(insn.src)
  loadThrough(v, insn, true)
  if (NOT_ATOMIC.has(type)) refuseAtomic(v, 'loads from', insn.src, type)
}

/** `store_release((size *)(dst + off), src)`: for one path at a time, a store. */
function transferRelease(v: Verification, insn: Insn): void {
  storeThrough(v, insn, true)
  const { type } = v.register(insn.dst)
  if (NOT_ATOMIC.has(type)) refuseAtomic(v, 'stores into', insn.dst, type)
}

/** What processors do by a loop of instructions; in an arena each of them could fault. @see bpf_jit_supports_insn of x86 */
const NOT_IN_ARENA: ReadonlySet<number> = new Set([BPF_AND | BPF_FETCH, BPF_OR | BPF_FETCH, BPF_XOR | BPF_FETCH])

/** An atomic operation would put a pointer into memory. */
function refuseLeak(v: Verification, number: number): void {
  if (v.leaks(number)) v.refuse('VERIFIER_LEAK', 'EACCES', `R${number} leaks addr into mem`)
}

/**
 * `lock *(size *)(dst + off) op= src`, with the old value to src or, for cmpxchg, r0: a load into that register, then a
 * store of an unknown number.
 */
function transferAtomic(v: Verification, insn: Insn): void {
  const value = v.read(insn.src)
  const pointer = v.read(insn.dst)
  const comparesR0 = insn.imm === BPF_CMPXCHG
  if (comparesR0) {
    v.read(0)
    refuseLeak(v, 0)
  }
  refuseLeak(v, insn.src)
  const isTorn = pointer.type === PTR_TO_ARENA && NOT_IN_ARENA.has(insn.imm)
  if (isTorn || NOT_ATOMIC.has(pointer.type)) refuseAtomic(v, 'stores into', insn.dst, pointer.type)
  v.facts.recordMemory(v.pc, pointer)
  v.facts.record(v.pc, insn.src, value)
  const target = comparesR0 ? 0 : insn.src
  const fetches = (insn.imm & BPF_FETCH) !== 0
  if (fetches) {
    v.checkWritable(target)
    v.write(target, UNKNOWN_SCALAR)
  }
  accessAtomically(v, insn, false, -1)
  if (fetches) accessAtomically(v, insn, false, target)
  notePointerType(v, pointer.type)
  accessAtomically(v, insn, true, -1)
}

function accessAtomically(v: Verification, insn: Insn, isWrite: boolean, valueNumber: number): void {
  accessThrough(v, {
    pointerNumber: insn.dst,
    displacement: insn.off,
    sizeBytes: accessBytes(insn.opcode),
    isWrite,
    valueNumber,
    signExtends: false,
    immediate: undefined,
    aligned: true,
  })
}
