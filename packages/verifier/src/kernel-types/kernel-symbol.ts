/**
 * Variables and functions of the kernel whose addresses a program loads. The kernel that the types are of is taken to know
 * where each of them lies.
 *
 * @see check_pseudo_btf_id in kernel/bpf/verifier.c
 */
import { BTF_KIND, type BtfType } from '@bpfoundry/btf'
import type { Insn } from '@bpfoundry/isa'
import { ERRNO, type ErrnoName } from '@bpfoundry/kernel-abi'
import { Refusal, unsupported } from '../report/refusal.ts'
import type { KernelBtf } from '../verifier-api.ts'
import { isComposite, typeAt } from './kernel-types.ts'

/** What lies at the address. */
export type KernelSymbol =
  /** A variable that each CPU has one of, of any type; or a structure. */
  | { readonly kind: 'per-cpu' | 'struct'; readonly typeId: number }
  /** Bytes that may be read: none of a function. */
  | { readonly kind: 'memory'; readonly sizeBytes: number }

const PER_CPU_SECTION = '.data..percpu'

function refuse(pc: number, message: string, errno: ErrnoName = 'EINVAL'): never {
  throw new Refusal({ code: 'VERIFIER_KERNEL_SYMBOL', errno, message }, pc)
}

/**
 * The symbol that an LD_IMM64 of BPF_PSEUDO_BTF_ID names, at slot `pc`.
 *
 * @throws {Refusal} in the kernel's words
 */
export function kernelSymbol(btf: KernelBtf | undefined, insn: Insn, next: Insn, pc: number): KernelSymbol {
  if (btf === undefined) throw unsupported("the address of a kernel symbol without the kernel's types is", pc)
  if (next.imm !== 0) throw unsupported("the address of a module's symbol is", pc)
  const symbol = ofKernel(btf, insn.imm)
  if (symbol === undefined) refuse(pc, `ldimm64 insn specifies invalid btf_id ${insn.imm}.`, 'ENOENT')
  if (symbol.kind === BTF_KIND.FUNC) return { kind: 'memory', sizeBytes: 0 }
  if (symbol.kind !== BTF_KIND.VAR) refuse(pc, `pseudo btf_id ${insn.imm} in ldimm64 isn't KIND_VAR or KIND_FUNC`)
  const { typeId } = symbol
  if (isPerCpu(btf, symbol.id)) return { kind: 'per-cpu', typeId }
  const type = btf.resolve(typeId)
  if (isComposite(type)) return { kind: 'struct', typeId }
  const sizeBytes = btf.sizeOf(type.id)
  if (sizeBytes !== undefined) return { kind: 'memory', sizeBytes }
  return refuse(pc, `ldimm64 unable to resolve the size of type '${type.name}': -${ERRNO.EINVAL}`)
}

/** Of the kernel itself; a module's types are told apart by the slot after. */
function ofKernel(btf: KernelBtf, id: number): BtfType | undefined {
  return btf.moduleOf?.(id) === undefined ? typeAt(btf, id) : undefined
}

function isPerCpu(btf: KernelBtf, id: number): boolean {
  const sectionId = btf.find(PER_CPU_SECTION, BTF_KIND.DATASEC)
  const section = sectionId === undefined ? undefined : btf.type(sectionId)
  return section?.kind === BTF_KIND.DATASEC && section.entries.some(({ typeId }) => typeId === id)
}
