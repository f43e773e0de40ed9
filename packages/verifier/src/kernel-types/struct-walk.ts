/**
 * What a load at an offset of a kernel structure finds: down through structures in structures and elements of arrays to a
 * number, or to a pointer to another structure.
 *
 * @see btf_struct_walk in kernel/bpf/btf.c
 */
import { BTF_KIND, type BtfComposite, type BtfMember, type BtfType } from '@bpfoundry/btf'
import type { ErrnoName } from '@bpfoundry/kernel-abi'
import { MEM_PERCPU, MEM_RCU, MEM_USER, PTR_UNTRUSTED } from '../state/register-type.ts'
import type { KernelBtf } from '../verifier-api.ts'
import { isComposite } from './kernel-types.ts'

/** What lies there. */
export type Found =
  | { readonly kind: 'number' }
  /** A pointer to something else than a structure. */
  | { readonly kind: 'address'; readonly flags: number }
  | { readonly kind: 'pointer'; readonly structId: number; readonly flags: number; readonly field: string }
  | { readonly kind: 'refused'; readonly errno: ErrnoName; readonly message: string }

/** One step of the walk: found, or a structure to go on in. */
type Step = Found | { readonly kind: 'struct'; readonly type: BtfComposite; readonly offset: number }

interface Walk {
  readonly btf: KernelBtf
  readonly sizeBytes: number
  /** A last member of unknown length may be gone into: not in the program's own structures. */
  readonly isFlexible: boolean
  /** PTR_UNTRUSTED once a union was passed. */
  flags: number
}

const NUMBER: Found = { kind: 'number' }
/** Steps of one walk; types that are no cycle take far fewer. */
const MAX_STEPS = 1000

/** What has no name is called so. */
function shown(name: string): string {
  return name === '' ? '(anon)' : name
}

function refused(message: string, errno: ErrnoName = 'EACCES'): Found {
  return { kind: 'refused', errno, message }
}

/** What a load of `sizeBytes` at `offset` of the structure finds. */
export function walkStruct(
  btf: KernelBtf,
  structId: number,
  offset: number,
  sizeBytes: number,
  isFlexible: boolean = true,
): Found {
  const walk: Walk = { btf, sizeBytes, isFlexible, flags: 0 }
  let type = btf.resolve(structId)
  let at = offset
  for (let count = 0; count < MAX_STEPS; count++) {
    if (!isComposite(type)) return refused(`Type '${shown(type.name)}' is not a struct`, 'EINVAL')
    const step = stepInto(walk, type, at)
    if (step.kind !== 'struct') return step
    type = step.type
    at = step.offset
  }
  return refused('the types contain themselves', 'EINVAL')
}

/** A structure `wantedId` begins at `offset` of the structure. @see btf_struct_ids_match in kernel/bpf/btf.c */
export function holdsStruct(btf: KernelBtf, structId: number, offset: number, wantedId: number): boolean {
  const walk: Walk = { btf, sizeBytes: 1, isFlexible: true, flags: 0 }
  let type = btf.resolve(structId)
  let at = offset
  for (let count = 0; count < MAX_STEPS && isComposite(type); count++) {
    const step = stepInto(walk, type, at)
    if (step.kind !== 'struct') return false
    if (step.offset === 0 && step.type.id === wantedId) return true
    type = step.type
    at = step.offset
  }
  return false
}

function stepInto(walk: Walk, type: BtfComposite, offset: number): Step {
  if (type.kind === BTF_KIND.UNION && type.members.length !== 1) walk.flags |= PTR_UNTRUSTED
  if (offset + walk.sizeBytes > type.sizeBytes) return stepIntoFlexible(walk, type, offset)
  for (const member of type.members) {
    const memberOffset = Math.floor(member.bitOffset / 8)
    if (offset + walk.sizeBytes <= memberOffset) break
    if (member.bitfieldBits > 0) {
      const endBytes = Math.ceil((member.bitOffset + member.bitfieldBits) / 8)
      if (offset <= memberOffset && endBytes <= offset + walk.sizeBytes) return NUMBER
      continue
    }
    if (offset < memberOffset) break
    const step = stepIntoMember(walk, type, member, offset)
    if (step !== undefined) return step
  }
  return refused(`struct ${shown(type.name)} doesn't have field at offset ${offset}`, 'EINVAL')
}

/** Past the end there is only what a last member of unknown length holds. */
function stepIntoFlexible({ btf, sizeBytes, isFlexible }: Walk, type: BtfComposite, offset: number): Step {
  const beyond = refused(`access beyond struct ${shown(type.name)} at off ${offset} size ${sizeBytes}`)
  const last = type.members.at(-1)
  const list = last === undefined ? undefined : btf.resolve(last.typeId)
  if (!isFlexible || last === undefined || list?.kind !== BTF_KIND.ARRAY || list.length !== 0) return beyond
  const start = Math.floor(last.bitOffset / 8)
  if (offset < start) return beyond
  const element = btf.resolve(list.elementTypeId)
  if (element.kind === BTF_KIND.INT) return NUMBER
  if (!isComposite(element) || element.sizeBytes === 0) return beyond
  return { kind: 'struct', type: element, offset: (offset - start) % element.sizeBytes }
}

/** Undefined where the member ends before the offset. */
function stepIntoMember(walk: Walk, type: BtfComposite, member: BtfMember, offset: number): Step | undefined {
  const { btf, sizeBytes } = walk
  const whole = btf.sizeOf(member.typeId)
  if (whole === undefined) return refused(`field ${shown(member.name)} doesn't have size`, 'EFAULT')
  const memberOffset = Math.floor(member.bitOffset / 8)
  const end = memberOffset + whole
  if (offset >= end) return undefined
  const { element, elementBytes } = elementOf(btf, btf.resolve(member.typeId), whole)
  const start = memberOffset + Math.floor((offset - memberOffset) / elementBytes) * elementBytes
  if (isComposite(element)) return { kind: 'struct', type: element, offset: offset - start }
  if (element.kind === BTF_KIND.PTR) {
    if (elementBytes !== sizeBytes || offset !== start) {
      const where = `with moff ${start} in struct ${shown(type.name)} with off ${offset} size ${sizeBytes}`
      return refused(`cannot access ptr member ${shown(member.name)} ${where}`)
    }
    const target = btf.resolve(element.typeId)
    if (isComposite(target)) {
      const flags = walk.flags | tagFlags(btf, element.typeId)
      return { kind: 'pointer', structId: target.id, flags, field: member.name }
    }
    return { kind: 'address', flags: walk.flags }
  }
  if (offset + sizeBytes > end && (walk.flags & PTR_UNTRUSTED) === 0) {
    const where = `(mend:${end}) in struct ${shown(type.name)} with off ${offset} size ${sizeBytes}`
    return refused(`access beyond the end of member ${shown(member.name)} ${where}`)
  }
  return NUMBER
}

/** The innermost elements of an array of arrays; of what is none, itself. */
function elementOf(btf: KernelBtf, type: BtfType, sizeBytes: number): { element: BtfType; elementBytes: number } {
  let element = type
  while (element.kind === BTF_KIND.ARRAY) element = btf.resolve(element.elementTypeId)
  return { element, elementBytes: element === type ? sizeBytes : (btf.sizeOf(element.id) ?? sizeBytes) }
}

// biome-ignore format: table
const TAG_FLAGS: ReadonlyMap<string, number> = new Map([
  ['user', MEM_USER], ['percpu', MEM_PERCPU], ['rcu', MEM_RCU],
])

/** What a tag says of the memory that a pointer to type `id` points to. */
export function tagFlags(btf: KernelBtf, id: number): number {
  const type = btf.type(id)
  return type.kind === BTF_KIND.TYPE_TAG ? (TAG_FLAGS.get(type.name) ?? 0) : 0
}
