/** Loads, stores and atomics through a pointer: alignment, then the rules of what it points to. */
import { BPF_LDX } from '@bpfoundry/isa'
import { tnumAdd, tnumConstant, tnumIsAligned } from '../domain/tnum.ts'
import { fromNumber } from '../domain/word64.ts'
import { unsupported } from '../report/refusal.ts'
import { bitsText, tnumText } from '../report/state-text.ts'
import { type RegisterState, UNKNOWN_SCALAR } from '../state/register-state.ts'
import {
  baseType,
  CONST_PTR_TO_MAP,
  MEM_RDONLY,
  mayBeNull,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_FLOW_KEYS,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_STACK,
  PTR_TO_TCP_SOCK,
  PTR_TO_TP_BUFFER,
  PTR_TO_XDP_SOCK,
  PTR_UNTRUSTED,
  SCALAR,
  typeName,
} from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import { type Access, loaded } from './access.ts'
import { accessArena } from './arena.ts'
import { accessBuffer, accessFlowKeys, accessTracepointBuffer } from './buffer-access.ts'
import { accessContext } from './context-access.ts'
import { accessMapKey, accessMapValue } from './map-access.ts'
import { accessMapPointer } from './map-pointer-access.ts'
import { accessPacket } from './packet-access.ts'
import { checkRegion } from './region-access.ts'
import { accessSocket } from './socket-access.ts'
import { accessStack } from './stack-access.ts'
import { accessStruct } from './struct-access.ts'
import { isUntrustedMemory } from './untrusted-memory.ts'

interface MemoryKind {
  /** Word before "access" in the message on misalignment. */
  readonly label: string
  readonly access: (v: Verification, access: Access) => void
}

// biome-ignore format: table
const KINDS: ReadonlyMap<number, MemoryKind> = new Map([
  [PTR_TO_CTX,         { label: 'context ', access: accessContext }],
  [PTR_TO_STACK,       { label: 'stack ',   access: accessStack }],
  [PTR_TO_MAP_VALUE,   { label: 'value ',   access: accessMapValue }],
  [PTR_TO_MAP_KEY,     { label: 'key ',     access: accessMapKey }],
  [PTR_TO_PACKET,      { label: 'packet ',  access: accessPacket }],
  [PTR_TO_PACKET_META, { label: 'packet ',  access: accessPacket }],
  [PTR_TO_MEM,         { label: '',         access: accessMemory }],
  [CONST_PTR_TO_MAP,   { label: '',         access: accessMapPointer }],
  [PTR_TO_SOCKET,      { label: 'sock ',    access: accessSocket }],
  [PTR_TO_SOCK_COMMON, { label: 'sock_common ', access: accessSocket }],
  [PTR_TO_TCP_SOCK,    { label: 'tcp_sock ', access: accessSocket }],
  [PTR_TO_XDP_SOCK,    { label: 'xdp_sock ', access: accessSocket }],
  [PTR_TO_BTF_ID,      { label: '',         access: accessStruct }],
  [PTR_TO_ARENA,       { label: '',         access: accessArena }],
  [PTR_TO_FLOW_KEYS,   { label: 'flow keys ', access: accessFlowKeys }],
  [PTR_TO_TP_BUFFER,   { label: '',         access: accessTracepointBuffer }],
  [PTR_TO_BUF,         { label: '',         access: accessBuffer }],
])

function accessMemory(v: Verification, access: Access): void {
  const { pointer, pointerNumber, isWrite } = access
  if (isWrite && (pointer.type & MEM_RDONLY) !== 0) {
    v.refuse('VERIFIER_READ_ONLY', 'EACCES', `R${pointerNumber} cannot write into ${typeName(pointer.type)}`)
  }
  if (isWrite && access.valueNumber >= 0 && v.leaks(access.valueNumber)) {
    v.refuse('VERIFIER_LEAK', 'EACCES', `R${access.valueNumber} leaks addr into mem`)
  }
  if (!isUntrustedMemory(pointer.type)) {
    checkRegion(v, pointerNumber, access.offset, access.sizeBytes, pointer.memoryBytes, false)
  }
  if (!isWrite && access.valueNumber >= 0) {
    v.write(access.valueNumber, loaded(UNKNOWN_SCALAR, access.sizeBytes, access.signExtends))
  }
}

/** The packet is taken to begin 2 bytes past a multiple of 4. @see NET_IP_ALIGN */
const PACKET_ALIGNMENT_OFFSET = 2

/**
 * Stack accesses are always aligned, for slots are tracked whole; others only where the instruction itself needs it
 * (atomics). The machine is one that loads and stores at any address, as x86-64 and arm64 do.
 */
function checkAlignment(v: Verification, register: RegisterState, offset: number, size: number, strict: boolean): void {
  const { type, scalar } = register
  if (size === 1 || type === PTR_TO_ARENA || !(strict || type === PTR_TO_STACK)) return
  const isPacket = type === PTR_TO_PACKET || type === PTR_TO_PACKET_META
  const base = isPacket ? PACKET_ALIGNMENT_OFFSET : 0
  const place = tnumAdd(scalar.tnum, tnumConstant(fromNumber(base + register.offset + offset)))
  if (tnumIsAligned(place, size)) return
  const label = KINDS.get(baseType(type))?.label ?? ''
  const start = isPacket ? `${base}+` : ''
  const variable = v.profile.knownBits === 'value' ? tnumText(scalar.tnum) : bitsText(scalar.tnum)
  const message = `misaligned ${label}access off ${start}${variable}+${register.offset}+${offset} size ${size}`
  v.refuse('VERIFIER_MISALIGNED', 'EACCES', message)
}

/** Refuses a pointer for a helper that takes memory aligned to its size only. */
export function checkAligned(v: Verification, number: number, sizeBytes: number): void {
  checkAlignment(v, v.register(number), 0, sizeBytes, true)
}

/** What is asked of {@link accessThrough}, of every instruction that loads or stores: all fields, in one order. */
interface AccessRequest {
  readonly pointerNumber: number
  /** The instruction's own displacement. */
  readonly displacement: number
  readonly sizeBytes: number
  readonly isWrite: boolean
  readonly valueNumber: number
  readonly signExtends: boolean
  readonly immediate: number | undefined
  /** Refuse what is not aligned to its size. */
  readonly aligned: boolean
}

/** Checks an access and, for a load, sets the register that takes the value. */
export function accessThrough(v: Verification, request: AccessRequest): void {
  const { pointerNumber, displacement, sizeBytes } = request
  const pointer = v.register(pointerNumber)
  checkAlignment(v, pointer, displacement, sizeBytes, request.aligned || v.isStrict)
  const kind = mayBeNull(pointer.type) ? undefined : KINDS.get(baseType(pointer.type))
  if (kind === undefined) refuseTarget(v, pointerNumber, pointer)
  kind.access(v, {
    pointerNumber,
    pointer,
    offset: displacement + pointer.offset,
    sizeBytes,
    isWrite: request.isWrite,
    valueNumber: request.valueNumber,
    signExtends: request.signExtends,
    immediate: request.immediate,
  })
}

/** Checks that something may be written there, whatever it is. */
export function writeThrough(v: Verification, pointerNumber: number, displacement: number, sizeBytes: number): void {
  accessThrough(v, {
    pointerNumber,
    displacement,
    sizeBytes,
    isWrite: true,
    valueNumber: -1,
    signExtends: false,
    immediate: undefined,
    aligned: false,
  })
}

function refuseTarget(v: Verification, number: number, pointer: RegisterState): never {
  const message = `R${number} invalid mem access '${typeName(pointer.type)}'`
  const isNumber = pointer.type === SCALAR
  const hint = isNumber ? 'the register holds a number, not a pointer' : 'compare the pointer with NULL first'
  return v.refuse('VERIFIER_INVALID_ACCESS', 'EACCES', message, isNumber || mayBeNull(pointer.type) ? hint : undefined)
}

/** Types whose accesses the fix-ups rewrite, so that one instruction can't serve them and others. */
const REWRITTEN: ReadonlySet<number> = new Set([
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_CTX,
  PTR_TO_SOCKET,
  PTR_TO_SOCK_COMMON,
  PTR_TO_TCP_SOCK,
  PTR_TO_XDP_SOCK,
])

/** Refuses an instruction that other paths used with a pointer of another sort, where the difference counts. */
export function notePointerType(v: Verification, type: number): void {
  const { pointerTypes } = v.notes
  const before = pointerTypes[v.pc] as number
  if (before === 0) {
    pointerTypes[v.pc] = type
  } else if (baseType(before) === PTR_TO_BTF_ID && baseType(type) === PTR_TO_BTF_ID) {
    if (before === type) return
    if ((v.insn.opcode & 0x07) !== BPF_LDX) refuseMixed(v)
    pointerTypes[v.pc] = PTR_TO_BTF_ID | PTR_UNTRUSTED
  } else if (before !== type && (isUntrustedMemory(before) || isUntrustedMemory(type))) {
    throw v.noted(unsupported('reading at an address of the kernel, and other memory, by one instruction is'))
  } else if (before !== type && (before === CONST_PTR_TO_MAP || type === CONST_PTR_TO_MAP)) {
    throw v.noted(unsupported('reading the fields of a map, and other memory, by one instruction is'))
  } else if (before !== type && (REWRITTEN.has(baseType(before)) || REWRITTEN.has(baseType(type)))) {
    refuseMixed(v)
  }
}

function refuseMixed(v: Verification): never {
  return v.refuse('VERIFIER_MIXED_POINTERS', 'EINVAL', 'same insn cannot be used with different pointers')
}
