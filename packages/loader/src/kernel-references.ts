import { BTF_KIND, type Btf, CORE_RELOCATION, type CoreRelocation } from '@bpfoundry/btf'
import { BPF_CALL, BPF_JMP, BPF_PSEUDO_BTF_ID, BPF_PSEUDO_KFUNC_CALL, type Insn } from '@bpfoundry/isa'
import { ATTACH_TYPE, attachSymbol, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { CodeFunction } from './code-section.ts'
import { CoreRelocator } from './core/core-relocator.ts'
import { patchInsn } from './core/patch-insn.ts'
import { badRelocation, essentialName, type KernelTypes } from './core/type-space.ts'
import { KernelConfiguration } from './kernel-configuration.ts'
import { LoaderError } from './loader-error.ts'
import type { ExternTarget } from './relocation-target.ts'
import type { StructOpsBinding, StructOpsPlaces } from './struct-ops.ts'

/** A call that may not run, for a weak function that the kernel lacks. @see POISON_CALL_KFUNC_BASE of libbpf */
const POISONED_CALL: Insn = { opcode: BPF_JMP | BPF_CALL, dst: 0, src: 0, off: 0, imm: 2_002_000_000 }

/** Types of programs that are bound to a function or tracepoint of the kernel. */
const BOUND: ReadonlySet<number> = new Set([PROG_TYPE.TRACING, PROG_TYPE.LSM])

/** Fills in what an object's programs need of a kernel, by the kernel's types. */
export class KernelReferences {
  readonly #btf: Btf
  readonly #kernel: KernelTypes
  readonly #relocator: CoreRelocator
  readonly configuration: KernelConfiguration
  /** Declared without a type (`extern const void`): of those the address is wanted. */
  readonly #untyped: ReadonlySet<string>

  constructor(btf: Btf, kernel: KernelTypes, untyped: ReadonlySet<string>) {
    this.configuration = new KernelConfiguration(btf, kernel)
    this.#untyped = untyped
    this.#btf = btf
    this.#kernel = kernel
    this.#relocator = new CoreRelocator(btf, kernel)
  }

  /**
   * The instruction, and the second half of a 64-bit load, as CO-RE has them for this kernel.
   *
   * @throws LoaderError LOADER_RELOCATION
   */
  relocate(insn: Insn, second: Insn | undefined, relocation: CoreRelocation): readonly Insn[] {
    if (relocation.kind === CORE_RELOCATION.TYPE_ID_LOCAL) return [insn]
    return patchInsn(insn, second, this.#relocator.outcome(relocation))
  }

  /**
   * A call of a kernel function, or both slots of a load of a kernel variable's address.
   *
   * @throws LoaderError LOADER_KERNEL_SYMBOL, LOADER_UNSUPPORTED
   */
  resolve(extern: ExternTarget, insn: Insn, second: Insn | undefined): readonly Insn[] {
    if (extern.isCall) return [this.#call(extern, insn)]
    const upper = { ...(second ?? badSecond()), imm: 0 }
    if (this.#untyped.has(extern.name)) return this.#address(extern, insn, upper)
    const isFunction = this.#btf.find(extern.name, BTF_KIND.FUNC) !== undefined
    const id = this.#find(extern, isFunction ? BTF_KIND.FUNC : BTF_KIND.VAR)
    return [{ ...insn, src: id === undefined ? 0 : BPF_PSEUDO_BTF_ID, imm: id ?? 0 }, upper]
  }

  /**
   * What a program is bound to; undefined for types that are not, and for section names without a target.
   *
   * @throws LoaderError LOADER_KERNEL_SYMBOL
   */
  attachTarget(type: number, attachType: number, target: string | undefined): number | undefined {
    if (target === undefined || !BOUND.has(type)) return undefined
    const { name, kind } = attachSymbol(target, attachType)
    const id = this.#kernel.find(name, kind)
    if (id === undefined)
      throw missing(`${attachType === ATTACH_TYPE.TRACE_RAW_TP ? 'tracepoint' : 'function'} '${target}'`)
    return id
  }

  /**
   * What a program stands in for.
   *
   * @throws LoaderError LOADER_KERNEL_SYMBOL, LOADER_UNSUPPORTED
   */
  structOps(places: StructOpsPlaces, fn: CodeFunction): StructOpsBinding {
    return places.binding(fn, this.#kernel)
  }

  #call(extern: ExternTarget, insn: Insn): Insn {
    const id = this.#find(extern, BTF_KIND.FUNC)
    return id === undefined ? POISONED_CALL : { ...insn, src: BPF_PSEUDO_KFUNC_CALL, imm: id, off: 0 }
  }

  /** Undefined for a weak one that the kernel lacks. */
  #find({ name, weak }: ExternTarget, kind: typeof BTF_KIND.FUNC | typeof BTF_KIND.VAR): number | undefined {
    const what = kind === BTF_KIND.FUNC ? `function '${name}'` : `variable '${name}'`
    const declared = this.#btf.find(name, kind)
    const id = this.#kernel.find(essentialName(name), kind)
    if (id === undefined && weak) return undefined
    if (id === undefined) throw missing(what)
    const found = this.#kernel.type(id)
    if (declared === undefined || !('typeId' in found)) return id
    const [here, there] = [this.#btf.resolve(declared.typeId), this.#kernel.resolve(found.typeId)]
    if (this.#relocator.isOfType(here.id, there.id)) return id
    if (weak && kind === BTF_KIND.FUNC) return undefined
    throw new LoaderError({ code: 'LOADER_KERNEL_SYMBOL', message: `the kernel's ${what} is of another type` })
  }

  /** The address is a number like any other. */
  #address({ name, weak }: ExternTarget, insn: Insn, upper: Insn): readonly Insn[] {
    if (this.#kernel.symbolAddress === undefined) throw notSupported(`the address of kernel symbol '${name}'`)
    const address = this.#kernel.symbolAddress(name)
    if (address === undefined && !weak) throw missing(`symbol '${name}'`)
    const [low, high] = [address ?? 0n, (address ?? 0n) >> 32n].map((word) => Number(BigInt.asIntN(32, word)))
    return [
      { ...insn, src: 0, imm: low ?? 0 },
      { ...upper, imm: high ?? 0 },
    ]
  }
}

function missing(what: string): LoaderError {
  return new LoaderError({
    code: 'LOADER_KERNEL_SYMBOL',
    message: `the kernel has no ${what}`,
    hint: 'the types given may be of another kernel, or it is a module that has it',
  })
}

function notSupported(what: string): LoaderError {
  return new LoaderError({ code: 'LOADER_UNSUPPORTED', message: `${what} is not supported`, got: what })
}

function badSecond(): never {
  throw badRelocation('the section ends inside a 64-bit load')
}
