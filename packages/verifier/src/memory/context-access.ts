/** Accesses to the context: a table of fields by program type, from kernel-abi. */
import { type ContextLayout, type ContextValue, contextField, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { isConstantZero } from '../domain/scalar.ts'
import type { AttachTarget } from '../kernel-types/attach-target.ts'
import { unsupported } from '../report/refusal.ts'
import { tnumText } from '../report/state-text.ts'
import { pointerTo, type RegisterState, UNKNOWN_SCALAR } from '../state/register-state.ts'
import {
  MAYBE_NULL,
  mayBeNull,
  PTR_TO_BTF_ID,
  PTR_TO_FLOW_KEYS,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TP_BUFFER,
  PTR_TRUSTED,
} from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import { type Access, loaded } from './access.ts'
import { loadArgument } from './argument-access.ts'

// biome-ignore format: table
const LOADED: Readonly<Partial<Record<ContextValue, RegisterState>>> = {
  scalar:              UNKNOWN_SCALAR,
  pkt:                 pointerTo(PTR_TO_PACKET),
  pkt_meta:            pointerTo(PTR_TO_PACKET_META),
  pkt_end:             pointerTo(PTR_TO_PACKET_END),
  sock:                pointerTo(PTR_TO_SOCKET),
  sock_or_null:        pointerTo(PTR_TO_SOCKET | MAYBE_NULL),
  sock_common_or_null: pointerTo(PTR_TO_SOCK_COMMON | MAYBE_NULL),
  flow_keys:           pointerTo(PTR_TO_FLOW_KEYS),
  tp_buffer:           pointerTo(PTR_TO_TP_BUFFER),
}

/** Refuses a pointer that was moved off what it points to, for pointers that only serve unmodified. */
export function checkUnmodified(v: Verification, number: number, fixedOffsetAllowed: boolean): void {
  const register = v.register(number)
  const name = v.typeText(register.type)
  const { offset } = register
  if (offset < 0) {
    v.refuse('VERIFIER_MODIFIED_POINTER', 'EACCES', `negative offset ${name} ptr R${number} off=${offset} disallowed`)
  }
  if (!fixedOffsetAllowed && offset !== 0) {
    const message = `dereference of modified ${name} ptr R${number} off=${offset} disallowed`
    v.refuse('VERIFIER_MODIFIED_POINTER', 'EACCES', message)
  }
  if (!isConstantZero(register.scalar)) {
    const message = `variable ${name} access var_off=${tnumText(register.scalar.tnum)} disallowed`
    v.refuse('VERIFIER_MODIFIED_POINTER', 'EACCES', message)
  }
}

export function accessContext(v: Verification, access: Access): void {
  const { offset, sizeBytes, isWrite, valueNumber, signExtends } = access
  if (isWrite && valueNumber >= 0 && v.leaks(valueNumber)) {
    v.refuse('VERIFIER_LEAK', 'EACCES', `R${valueNumber} leaks addr into ctx`)
  }
  if (access.immediate !== undefined && !v.profile.storesConstantsToContext) {
    const message = `BPF_ST stores into R${access.pointerNumber} ctx is not allowed`
    v.refuse('VERIFIER_CONTEXT_ACCESS', 'EACCES', message)
  }
  checkUnmodified(v, access.pointerNumber, false)
  if (v.target !== undefined) {
    accessArguments(v, v.target, access)
    return
  }
  if (v.program.type === PROG_TYPE.SYSCALL) {
    accessPlain(v, access)
    return
  }
  const layout = v.context
  const where = { offsetBytes: offset, sizeBytes, store: isWrite, signed: signExtends }
  const field = layout === undefined ? undefined : contextField(layout, where)
  if (field === undefined) {
    const hint = layout === undefined ? 'contexts of this program type are not covered yet' : fieldHint(layout, offset)
    refuseAccess(v, access, hint)
  }
  if (isWrite || valueNumber < 0) return
  const found = field.yields === 'trusted_ptr' ? trustedField(v, field.name) : LOADED[field.yields]
  if (found === undefined) throw v.noted(unsupported(`loading ${layout?.structName}.${field.name} is`))
  const value = mayBeNull(found.type) ? found.with({ id: v.newId() }) : found
  v.write(valueNumber, loaded(value, sizeBytes, signExtends))
}

/** Structures behind fields of contexts. @see nf_is_valid_access in net/netfilter/nf_bpf_link.c */
const FIELD_STRUCTS: ReadonlyMap<string, string> = new Map([
  ['state', 'nf_hook_state'],
  ['skb', 'sk_buff'],
])

function trustedField(v: Verification, name: string): RegisterState | undefined {
  if (v.program.type !== PROG_TYPE.NETFILTER) return undefined
  const struct = v.kernel?.named(FIELD_STRUCTS.get(name) ?? '')
  return struct === undefined ? undefined : pointerTo(PTR_TO_BTF_ID | PTR_TRUSTED, { struct })
}

function refuseAccess(v: Verification, { offset, sizeBytes }: Access, hint?: string): never {
  const message = `invalid bpf_context access off=${offset} size=${sizeBytes}`
  v.log.print(`${message}\n`)
  v.printSourceLine(v.pc)
  return v.refuseSilently('VERIFIER_CONTEXT_ACCESS', 'EACCES', message, hint)
}

/** Bytes that whoever calls a SYSCALL program may hand it. @see syscall_prog_is_valid_access */
const MAX_PLAIN_CONTEXT_BYTES = 0xffff

/** Memory of the caller's, of any size: what is past its end is 0. */
function accessPlain(v: Verification, access: Access): void {
  const { offset, sizeBytes } = access
  if (offset < 0 || offset >= MAX_PLAIN_CONTEXT_BYTES || offset % sizeBytes !== 0) refuseAccess(v, access)
  v.contextBytes = Math.max(v.contextBytes, offset + sizeBytes)
  if (!access.isWrite && access.valueNumber >= 0) {
    v.write(access.valueNumber, loaded(UNKNOWN_SCALAR, sizeBytes, access.signExtends))
  }
}

/** The context of a program that is bound to a kernel function. */
function accessArguments(v: Verification, target: AttachTarget, access: Access): void {
  const value = loadArgument(v, target, access)
  if (value === undefined) refuseAccess(v, access)
  if (access.valueNumber >= 0) v.write(access.valueNumber, value)
}

function fieldHint(layout: ContextLayout, offset: number): string {
  const field = layout.fields.find((row) => offset >= row.offsetBytes && offset < row.offsetBytes + row.extentBytes)
  if (field === undefined) return `struct ${layout.structName} has no field there for this program type`
  const sizes = field.loads.length === 0 ? 'not at all' : `in ${field.loads.join(', ')} bytes`
  const stores = field.stores.length === 0 ? 'not be stored to' : `be stored to in ${field.stores.join(', ')} bytes`
  return `${layout.structName}.${field.name} may be loaded ${sizes} and ${stores}`
}
