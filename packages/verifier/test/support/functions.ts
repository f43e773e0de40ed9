import { BTF_INT_ENCODING, BTF_KIND, BTF_LINKAGE, type Btf, BtfBuilder, type FunctionInfo } from '@bpfoundry/btf'
import { BPF_CALL, BPF_JMP, BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, type Insn } from '@bpfoundry/isa'

/** A type in a prototype: a number, a pointer to a struct of a name and size, to nothing, to an unknown struct. */
export type CaseType = 'int' | 'void' | 'void *' | 'forward *' | { readonly struct: string; readonly bytes: number }

/** A function of a case, as its BTF tells. */
export interface CaseFunction {
  readonly name: string
  /** Global by default. */
  readonly linkage?: 'static' | 'global'
  readonly returns?: CaseType
  readonly args: readonly CaseType[]
  /** Decl tags: index of the argument, and its tag. */
  readonly tags?: readonly (readonly [index: number, tag: string])[]
}

class Types {
  readonly builder = new BtfBuilder()
  readonly #int = this.builder.add({
    kind: BTF_KIND.INT,
    name: 'int',
    sizeBytes: 4,
    encoding: BTF_INT_ENCODING.SIGNED,
    bitOffset: 0,
    bits: 32,
  })

  id(type: CaseType): number {
    if (type === 'int') return this.#int
    if (type === 'void') return 0
    return this.builder.add({ kind: BTF_KIND.PTR, name: '', typeId: this.#target(type) })
  }

  #target(type: Exclude<CaseType, 'int' | 'void'>): number {
    if (type === 'void *') return 0
    if (type === 'forward *') return this.builder.add({ kind: BTF_KIND.FWD, name: 'absent', isUnion: false })
    const { struct: name, bytes } = type
    const length = bytes / 4
    const indexTypeId = this.#int
    const array = this.builder.add({ kind: BTF_KIND.ARRAY, name: '', elementTypeId: this.#int, indexTypeId, length })
    const members = [{ name: 'words', typeId: array, bitOffset: 0, bitfieldBits: 0 }]
    return this.builder.add({ kind: BTF_KIND.STRUCT, name, sizeBytes: bytes, kindFlag: false, members })
  }
}

/** BTF with the functions, in the order of their starts in the program, and where they start. */
export function describeFunctions(
  insns: readonly Insn[],
  functions: readonly CaseFunction[],
): { readonly btf: Btf; readonly functionInfo: readonly FunctionInfo[] } {
  const types = new Types()
  const starts = functionStarts(insns)
  const functionInfo = functions.map((fn, index) => ({ pc: starts[index] as number, typeId: addFunction(types, fn) }))
  return { btf: types.builder.build(), functionInfo }
}

function addFunction(types: Types, { name, linkage, returns, args, tags }: CaseFunction): number {
  const parameters = args.map((type, index) => ({ name: `a${index}`, typeId: types.id(type) }))
  const returnTypeId = types.id(returns ?? 'int')
  const proto = types.builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId, parameters })
  const code = linkage === 'static' ? BTF_LINKAGE.STATIC : BTF_LINKAGE.GLOBAL
  const fn = types.builder.add({ kind: BTF_KIND.FUNC, name, typeId: proto, linkage: code })
  for (const [componentIndex, tag] of tags ?? []) {
    types.builder.add({ kind: BTF_KIND.DECL_TAG, name: tag, typeId: fn, componentIndex, attribute: false })
  }
  return fn
}

const LD_IMM64 = 0x18

/** Where functions start: the entry, and what is called or handed over. */
export function functionStarts(insns: readonly Insn[]): number[] {
  const starts = new Set([0])
  insns.forEach((insn, pc) => {
    const isCall = insn.opcode === (BPF_JMP | BPF_CALL) && insn.src === BPF_PSEUDO_CALL
    const isAddress = insn.opcode === LD_IMM64 && insn.src === BPF_PSEUDO_FUNC
    if (isCall || isAddress) starts.add(pc + insn.imm + 1)
  })
  return [...starts].sort((a, b) => a - b)
}
