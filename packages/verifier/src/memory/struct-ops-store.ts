/**
 * Stores of programs of STRUCT_OPS to structures of the kernel: some fields of some of them.
 *
 * @see btf_struct_access of struct bpf_verifier_ops
 */
import { BTF_KIND, type BtfType } from '@bpfoundry/btf'
import type { StructOps, WritableField } from '@bpfoundry/kernel-abi'
import { isComposite } from '../kernel-types/kernel-types.ts'
import type { Verification } from '../verification.ts'
import type { KernelBtf } from '../verifier-api.ts'
import type { Access } from './access.ts'

const CODE = 'VERIFIER_STRUCT_ACCESS'

/** Bytes of a field: from `start` on, up to `end`. */
interface Span {
  readonly start: number
  readonly end: number
}

/** Where a member lies, unnamed structures and unions gone into. */
function spanOfMember(btf: KernelBtf, type: BtfType, name: string): (Span & { readonly typeId: number }) | undefined {
  if (!isComposite(type)) return undefined
  for (const { name: found, typeId, bitOffset, bitfieldBits } of type.members) {
    const start = Math.floor(bitOffset / 8)
    if (found === name && bitfieldBits === 0) return { start, end: start + (btf.sizeOf(typeId) ?? 0), typeId }
    const inside = found === '' ? spanOfMember(btf, btf.resolve(typeId), name) : undefined
    if (inside !== undefined) return { ...inside, start: start + inside.start, end: start + inside.end }
  }
  return undefined
}

function spanOf(btf: KernelBtf, { struct, field }: WritableField): Span | undefined {
  const id = btf.find(struct, BTF_KIND.STRUCT)
  let type = id === undefined ? undefined : btf.type(id)
  let base = 0
  let span: Span | undefined
  for (const name of field.split('.')) {
    const found = type === undefined ? undefined : spanOfMember(btf, type, name)
    if (found === undefined) return undefined
    span = { start: base + found.start, end: base + found.end }
    base = span.start
    type = btf.resolve(found.typeId)
  }
  return span
}

/** Refuses a store elsewhere than to what programs in this place may write. */
export function checkStructOpsStore(v: Verification, { writable }: StructOps, access: Access): void {
  const { offset, sizeBytes, pointer } = access
  const { struct, fields, words } = writable
  if (pointer.struct !== v.kernel?.named(struct)) refuseOther(v, struct, words)
  if (fields === undefined) {
    const sizeOfStruct = v.kernel?.btf.sizeOf(pointer.struct?.id ?? 0) ?? 0
    if (offset + sizeBytes <= sizeOfStruct) return
    v.refuse(CODE, 'EACCES', `write access at off ${offset} with size ${sizeBytes}`)
  }
  checkFields(v, fields, access, words)
}

function refuseOther(v: Verification, struct: string, words: StructOps['writable']['words']): never {
  if (words === 'tcp_sock') v.refuse(CODE, 'EACCES', 'only read is supported')
  if (words === 'state') v.refuse(CODE, 'EACCES', `only access to ${struct} is supported`)
  return v.refuseSilently(CODE, 'EACCES', `only struct ${struct} may be written`)
}

function checkFields(
  v: Verification,
  fields: readonly WritableField[],
  { offset, sizeBytes }: Access,
  words: StructOps['writable']['words'],
): void {
  const { btf } = v.kernel as NonNullable<Verification['kernel']>
  const end = offset + sizeBytes
  for (const field of fields) {
    const span = spanOf(btf, field)
    if (span === undefined || offset < span.start || offset >= span.end) continue
    if (field.isWhole !== true && offset !== span.start) continue
    if (end <= span.end) return
    if (words !== 'tcp_sock') continue
    const where = `beyond the member of tcp_sock ended at ${span.end}`
    v.refuse(CODE, 'EACCES', `write access at off ${offset} with size ${sizeBytes} ${where}`)
  }
  if (words === 'tcp_sock') v.refuse(CODE, 'EACCES', `no write support to tcp_sock at off ${offset}`)
  v.refuseSilently(CODE, 'EACCES', `nothing may be written at ${offset}`)
}
