/**
 * Dynptrs of kernel functions: made of a packet or of another dynptr, looked through, and the slices of memory that come
 * out. A slice of a packet is good until the packet may have moved.
 *
 * @see KF_ARG_PTR_TO_DYNPTR and KF_bpf_dynptr_slice in kernel/bpf/verifier.c (6.12)
 */
import { TYPE_FLAG } from '@bpfoundry/kernel-abi'
import type { CallableFunction } from '../kernel-types/kernel-function.ts'
import { mayWritePacket } from '../memory/packet-access.ts'
import { pointerTo, type RegisterState } from '../state/register-state.ts'
import { MEM_RDONLY, PTR_TO_MEM, typeFlags } from '../state/register-type.ts'
import type { DynptrKind } from '../state/stack-slot.ts'
import type { Verification } from '../verification.ts'
import { type CallNotes, newCallNotes } from './call-notes.ts'
import { makeDynptr, takeDynptr } from './dynptr.ts'

/** The dynptr that a function was handed. */
export type HandedDynptr = CallNotes['dynptr']

/** Functions that make a dynptr of their context. */
const MAKES: ReadonlyMap<string, DynptrKind> = new Map<string, DynptrKind>([
  ['bpf_dynptr_from_skb', 'skb'],
  ['bpf_dynptr_from_xdp', 'xdp'],
])

const CLONE = 'bpf_dynptr_clone'

/** A function that makes a dynptr in a way that is known. */
export function makesKnownDynptr({ name }: CallableFunction): boolean {
  return MAKES.has(name) || name === CLONE
}

/** A parameter that takes an initialised dynptr. */
export function takeKernelDynptr(v: Verification, number: number): HandedDynptr {
  const notes = newCallNotes()
  takeDynptr(v, number, TYPE_FLAG.MEM_RDONLY, notes)
  return notes.dynptr
}

/** A parameter where the function makes one; a clone belongs to what its original belongs to. */
export function makeKernelDynptr(v: Verification, fn: CallableFunction, number: number, original: HandedDynptr): void {
  const kind = MAKES.get(fn.name) ?? original?.kind
  if (kind === undefined) throw new Error(`${fn.name} makes dynptrs of no known kind`)
  makeDynptr(v, number, kind, fn.name === CLONE ? original : undefined)
}

const SLICES: ReadonlySet<string> = new Set(['bpf_dynptr_slice', 'bpf_dynptr_slice_rdwr'])

export function isSlice({ name }: CallableFunction): boolean {
  return SLICES.has(name)
}

// biome-ignore format: table
const SLICE_FLAGS: Readonly<Record<DynptrKind, number>> = {
  local:   typeFlags(TYPE_FLAG.DYNPTR_TYPE_LOCAL),
  ringbuf: typeFlags(TYPE_FLAG.DYNPTR_TYPE_RINGBUF),
  skb:     typeFlags(TYPE_FLAG.DYNPTR_TYPE_SKB),
  xdp:     typeFlags(TYPE_FLAG.DYNPTR_TYPE_XDP),
}

/** `memoryBytes` of what a dynptr gives access to, less the NULL that it may be. */
export function sliceResult(
  v: Verification,
  { name }: CallableFunction,
  dynptr: NonNullable<HandedDynptr>,
  memoryBytes: number,
): RegisterState {
  const type = PTR_TO_MEM | SLICE_FLAGS[dynptr.kind]
  const slice = { memoryBytes, dynptrId: dynptr.id }
  if (name === 'bpf_dynptr_slice') return pointerTo(type | MEM_RDONLY, slice)
  if (!mayWritePacket(v)) {
    v.refuse('VERIFIER_PACKET_READ_ONLY', 'EINVAL', 'the prog does not allow writes to packet data')
  }
  return pointerTo(type, slice)
}
