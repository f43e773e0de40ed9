/** Calls of helpers: who may call what, with which arguments, and what it leaves in r0. */

import type { Insn } from '@bpfoundry/isa'
import {
  type HelperPrototype,
  helperPrototype,
  MAP_TYPE,
  MAX_HELPER_ID,
  type ReturnType,
  TYPE_FLAG,
} from '@bpfoundry/kernel-abi'
import { synchronise } from '../domain/bounds-deduction.ts'
import { narrowSigned, narrowUnsigned, UNKNOWN } from '../domain/scalar.ts'
import { fromNumber, ZERO } from '../domain/word64.ts'
import { markPrecise } from '../exploration/precision.ts'
import { pointedStruct } from '../memory/kernel-pointer-access.ts'
import { isReadOnlyForPrograms } from '../memory/map-access.ts'
import { writeThrough } from '../memory/memory-access.ts'
import { fieldOfKind } from '../program/map-fields.ts'
import { isReadSide, maySleep } from '../program/read-side.ts'
import { calledName } from '../report/insn-text.ts'
import { unsupported } from '../report/refusal.ts'
import {
  isNull,
  pointerTo,
  type RegisterState,
  scalarRegister,
  UNINITIALISED,
  UNKNOWN_SCALAR,
} from '../state/register-state.ts'
import {
  MEM_ALLOC,
  MEM_PERCPU,
  PTR_TO_BTF_ID,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  typeFlags,
} from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import type { VerifierMap } from '../verifier-api.ts'
import { type CallNotes, newCallNotes } from './call-notes.ts'
import { startCallback } from './callbacks.ts'
import { checkFormat } from './constant-string.ts'
import { checkDynptrMemory, clearReleased } from './dynptr.ts'
import { checkHelperAllowed } from './helper-allowance.ts'
import { checkArgument } from './helper-arguments.ts'
import { checkMapCompatibility } from './map-compatibility.ts'
import { forgetPacketPointers } from './packet-change.ts'
import { cpuView, keepPerCpuObject } from './per-cpu-object.ts'
import { acquireReference, checkNoReferences, releaseReference } from './references.ts'
import { checkHelperInSection, checkNoSection } from './sections.ts'
import { checkCallUnderLock } from './spin-lock.ts'
import { structResult } from './struct-argument.ts'
import { checkTailCall, returnFromTailCall } from './tail-call.ts'

/** Registers that a call leaves without a value. */
const CALLER_SAVED = [0, 1, 2, 3, 4, 5] as const

/** BPF_FUNC_* that have rules of their own. */
const MAP_LOOKUP_ELEM = 1
const TAIL_CALL = 12
const SMP_PROCESSOR_ID = 8
const GET_LOCAL_STORAGE = 81
const DYNPTR_FROM_MEM = 197
const DYNPTR_WRITE = 202
const DYNPTR_DATA = 203
const SK_LOOKUP_TCP = 84
const SK_LOOKUP_UDP = 85
const SK_FULLSOCK = 95
const TCP_SOCK = 96
const SKC_LOOKUP_TCP = 99
const RINGBUF_RESERVE = 131
const SNPRINTF = 165
const KPTR_XCHG = 194

/** Helpers whose result the program must give back. @see is_acquire_function in kernel/bpf/verifier.c */
const ACQUIRES: ReadonlySet<number> = new Set([
  SK_LOOKUP_TCP,
  SK_LOOKUP_UDP,
  SKC_LOOKUP_TCP,
  RINGBUF_RESERVE,
  KPTR_XCHG,
])
/** skc_to_tcp6_sock, _tcp_sock, _tcp_timewait_sock, _tcp_request_sock, _udp6_sock, _mptcp_sock */
const SOCKET_CASTS = [136, 137, 138, 139, 140, 196] as const
/** Helpers that give the same object by another type, or its memory: the reference is the argument's. */
const CASTS: ReadonlySet<number> = new Set([...SOCKET_CASTS, SK_FULLSOCK, TCP_SOCK, DYNPTR_DATA])

/** Look-ups in these give out sockets that are counted. */
const SOCKET_MAPS: ReadonlySet<number> = new Set([MAP_TYPE.SOCKMAP, MAP_TYPE.SOCKHASH])

/** Pointers to objects that come out of a helper. */
const OBJECT_RESULTS: Readonly<Partial<Record<ReturnType, number>>> = {
  RET_PTR_TO_SOCKET: PTR_TO_SOCKET,
  RET_PTR_TO_SOCK_COMMON: PTR_TO_SOCK_COMMON,
  RET_PTR_TO_TCP_SOCK: PTR_TO_TCP_SOCK,
}

/** Helpers that change the map they are handed. */
const CHANGES_MAP: ReadonlySet<string> = new Set([
  'bpf_map_update_elem',
  'bpf_map_delete_elem',
  'bpf_map_push_elem',
  'bpf_map_pop_elem',
])

/** Elements of these are maps themselves. */
const MAPS_OF_MAPS: ReadonlySet<number> = new Set([MAP_TYPE.ARRAY_OF_MAPS, MAP_TYPE.HASH_OF_MAPS])

function label(id: number): string {
  return `${calledName(id)}#${id}`
}

function findPrototype(v: Verification, id: number): HelperPrototype {
  if (id < 0 || id > MAX_HELPER_ID) v.refuse('VERIFIER_UNKNOWN_HELPER', 'EINVAL', `invalid func ${label(id)}`)
  const prototype = helperPrototype(v.program.type, id, v.helperScope)
  if (prototype === undefined) {
    v.refuse('VERIFIER_HELPER_NOT_ALLOWED', 'EINVAL', `${v.profile.forbiddenHelper} ${label(id)}`)
  }
  if (prototype.gplOnly && !v.program.gplCompatible) {
    const message = 'cannot call GPL-restricted function from non-GPL compatible program'
    v.refuse('VERIFIER_GPL_ONLY', 'EINVAL', message, "declare the licence 'GPL' or a compatible one")
  }
  checkHelperAllowed(v, id)
  if (prototype.mightSleep && !maySleep(v)) {
    v.refuse('VERIFIER_MIGHT_SLEEP', 'EINVAL', 'helper call might sleep in a non-sleepable prog')
  }
  checkHelperInSection(v, prototype)
  return prototype
}

/** `call helper`. Leaves `v.pc` at the next slot. */
export function transferHelperCall(v: Verification, insn: Insn): void {
  checkCallUnderLock(v, insn.imm)
  const prototype = findPrototype(v, insn.imm)
  const notes = newCallNotes()
  for (let index = 0; index < prototype.args.length; index++) checkArgument(v, prototype, index, notes)
  checkMapUse(v, prototype, notes)
  fillMemory(v, notes)
  if (notes.releasedNumber !== 0) releaseArgument(v, prototype, notes)
  if (prototype.id === TAIL_CALL) checkNothingOpen(v)
  if (prototype.id === GET_LOCAL_STORAGE) checkNoFlags(v)
  if (prototype.id === DYNPTR_FROM_MEM) checkDynptrMemory(v)
  if (prototype.id === SNPRINTF) checkFormat(v)
  startCallback(v, prototype.id, notes)
  const view = cpuView(v, prototype)
  clearCallerSaved(v)
  v.write(0, view ?? resultOf(v, prototype, notes))
  checkMapCompatibility(v, notes.map, prototype.id)
  v.showRegister(0)
  if (prototype.id === TAIL_CALL) returnFromTailCall(v)
  const staysPut = prototype.id === TAIL_CALL && !v.profile.failedTailCallMovesPacket
  const writesPacket = prototype.id === DYNPTR_WRITE && notes.dynptr?.kind === 'skb'
  if ((prototype.changesPacketData && !staysPut) || writesPacket) forgetPacketPointers(v, v.state)
  v.pc += 1
}

/** A tail call that succeeds leaves the program. */
function checkNothingOpen(v: Verification): void {
  checkNoReferences(v, 'tail_call would lead to reference leak')
  checkNoSection(v, 'tail_call')
}

function checkMapUse(v: Verification, prototype: HelperPrototype, notes: CallNotes): void {
  const { map } = notes
  if (map === undefined) return
  if (isReadOnlyForPrograms(map) && CHANGES_MAP.has(prototype.name)) {
    v.refuse('VERIFIER_MAP_READ_ONLY', 'EACCES', 'write into map forbidden')
  }
  if (prototype.id === TAIL_CALL) checkTailCall(v, map)
  noteMap(v, map)
}

/** @see bpf_map_ptr_store in kernel/bpf/verifier.c, for the idea */
function noteMap({ notes: { callMaps }, pc }: Verification, map: VerifierMap): void {
  const known = callMaps[pc]
  const isOne = map.id !== 0 && (known === 0 || known === map.id)
  callMaps[pc] = isOne ? map.id : -1
}

/** Bytes that the helper wrote, one by one as an instruction would. */
function fillMemory(v: Verification, notes: CallNotes): void {
  if (notes.filled === undefined) return
  const { number, sizeBytes } = notes.filled
  for (let displacement = 0; displacement < sizeBytes; displacement++) {
    writeThrough(v, number, displacement, 1)
  }
}

function releaseArgument(v: Verification, prototype: HelperPrototype, notes: CallNotes): void {
  if (notes.referenceId === 0) return
  if (prototype.id === KPTR_XCHG && isReadSide(v)) keepPerCpuObject(v, notes.referenceId)
  if (!releaseReference(v, notes.referenceId)) {
    v.refuse('VERIFIER_UNREFERENCED', 'EINVAL', `func ${label(prototype.id)} reference has not been acquired before`)
  }
  clearReleased(v, notes.referenceId)
}

/** After a call r0 to r5 hold nothing. */
export function clearCallerSaved(v: Verification): void {
  for (const number of CALLER_SAVED) v.write(number, UNINITIALISED)
}

/** What r0 holds after the call: nothing for a helper without a result. */
function resultOf(v: Verification, prototype: HelperPrototype, notes: CallNotes): RegisterState {
  const { type, flags } = prototype.returns
  if (type === 'RET_VOID') return UNINITIALISED
  if (type === 'RET_INTEGER') return integerResult(v, prototype.id, notes)
  const { map } = notes
  const mayBeAbsent = (flags & TYPE_FLAG.PTR_MAYBE_NULL) !== 0 && !isElementKnown(v, map, notes)
  const kept = mayBeAbsent ? flags : flags & ~TYPE_FLAG.PTR_MAYBE_NULL
  const id = mayBeAbsent || fieldOfKind(map?.fields, 'bpf_spin_lock') !== undefined ? v.newId() : 0
  const referenceId = referenceOf(v, prototype, notes)
  // A reference's id is the pointer's own, unless the pointer is another view of an object that was got before.
  const identity = { id: CASTS.has(prototype.id) ? id : referenceId || id, referenceId }
  if (type === 'RET_PTR_TO_MAP_VALUE' && map !== undefined) {
    if (MAPS_OF_MAPS.has(map.type) && map.inner === undefined) {
      throw v.noted(unsupported(`looking up an element of map_type ${map.type} is`))
    }
    return pointerTo(PTR_TO_MAP_VALUE | typeFlags(kept), { map, ...identity })
  }
  if (type === 'RET_PTR_TO_MEM') {
    const dynptrId = prototype.id === DYNPTR_DATA ? (notes.dynptr?.id ?? 0) : 0
    return pointerTo(PTR_TO_MEM | typeFlags(flags), { memoryBytes: notes.allocatedBytes, dynptrId, ...identity })
  }
  if (type === 'RET_PTR_TO_BTF_ID' && notes.exchanged !== undefined) {
    const struct = pointedStruct(v, notes.exchanged)
    const perCpu = notes.exchanged.kind === 'percpu_kptr' ? MEM_PERCPU : 0
    const own = struct.own === undefined ? 0 : MEM_ALLOC | perCpu
    return pointerTo(PTR_TO_BTF_ID | own | typeFlags(kept), { struct, ...identity })
  }
  const struct = structResult(v, prototype)
  if (struct !== undefined) return struct.with(identity)
  const object = OBJECT_RESULTS[type]
  if (object !== undefined) return pointerTo(object | typeFlags(kept), identity)
  throw v.noted(unsupported(`the result of ${prototype.name}#${prototype.id} (${type}) is`))
}

/** The reference that the result belongs to; 0 for none. */
function referenceOf(v: Verification, { id }: HelperPrototype, { map, referenceId, dynptr }: CallNotes): number {
  if (id === DYNPTR_DATA) return dynptr?.referenceId ?? 0
  if (CASTS.has(id)) return referenceId
  const acquires = ACQUIRES.has(id) || (id === MAP_LOOKUP_ELEM && map !== undefined && SOCKET_MAPS.has(map.type))
  return acquires ? acquireReference(v) : 0
}

/** The helper can't answer an error, so that it takes no flags it might not know. */
function checkNoFlags(v: Verification): void {
  if (!isNull(v.register(2))) {
    v.refuse('VERIFIER_ARGUMENT_VALUE', 'EINVAL', "get_local_storage() doesn't support non-zero flags")
  }
  markPrecise(v, 2)
}

/** bpf_get_stack, bpf_get_task_stack, bpf_probe_read_str and its two siblings. */
const ANSWERS_A_LENGTH: ReadonlySet<number> = new Set([67, 141, 45, 114, 115])
/** Errors are small negative numbers. @see MAX_ERRNO in include/linux/err.h */
const MAX_ERRNO = 4095

/** @see do_refine_retval_range in kernel/bpf/verifier.c */
function integerResult(v: Verification, helperId: number, { largestSize }: CallNotes): RegisterState {
  if (helperId === SMP_PROCESSOR_ID) return cpuNumber(v)
  if (!ANSWERS_A_LENGTH.has(helperId)) return UNKNOWN_SCALAR
  const length = UNKNOWN.clone()
  narrowSigned(length, fromNumber(-MAX_ERRNO), largestSize)
  synchronise(length)
  return scalarRegister(length)
}

function cpuNumber(v: Verification): RegisterState {
  const { possibleCpus } = v.options
  if (possibleCpus === undefined) return UNKNOWN_SCALAR
  const number = UNKNOWN.clone()
  narrowUnsigned(number, ZERO, fromNumber(possibleCpus - 1))
  synchronise(number)
  return scalarRegister(number)
}

const ARRAYS: ReadonlySet<number> = new Set([MAP_TYPE.ARRAY, MAP_TYPE.PERCPU_ARRAY])

/** An array has an element at every index below its size. */
function isElementKnown(v: Verification, map: VerifierMap | undefined, { constantKey }: CallNotes): boolean {
  if (!v.profile.knowsConstantKeys || map === undefined || constantKey === undefined) return false
  return ARRAYS.has(map.type) && constantKey < map.maxEntries
}
