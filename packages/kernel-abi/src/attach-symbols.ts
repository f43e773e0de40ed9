import { ATTACH_TYPE } from './attach-types.ts'
import { PROG_TYPE } from './program-types.ts'

/** Which type of the kernel's BTF `attach_btf_id` names. */
export interface AttachSymbol {
  readonly name: string
  /** BTF_KIND_FUNC, BTF_KIND_TYPEDEF or BTF_KIND_STRUCT. */
  readonly kind: number
}

const [KIND_STRUCT, KIND_TYPEDEF, KIND_FUNC] = [4, 8, 12]

/**
 * How the symbol is named that a program is bound to, by attach type; those without a row take the function of that name.
 *
 * @see libbpf_find_vmlinux_btf_id in tools/lib/bpf/libbpf.c (6.12)
 */
// biome-ignore format: table
const SYMBOLS: ReadonlyMap<number, readonly [prefix: string, kind: number]> = new Map([
  [ATTACH_TYPE.TRACE_RAW_TP, ['btf_trace_', KIND_TYPEDEF]],
  [ATTACH_TYPE.LSM_MAC,      ['bpf_lsm_',   KIND_FUNC]],
  [ATTACH_TYPE.TRACE_ITER,   ['bpf_iter_',  KIND_FUNC]],
  [ATTACH_TYPE.LSM_CGROUP,   ['bpf_lsm_',   KIND_FUNC]],
])

/**
 * The type for the symbol that a section names: `file_open` of `lsm/file_open` is `bpf_lsm_file_open`.
 *
 * @param programType BPF_PROG_TYPE_*; of STRUCT_OPS the symbol is the structure's, and the attach type counts its members
 */
export function attachSymbol(symbol: string, attachType: number, programType?: number): AttachSymbol {
  if (programType === PROG_TYPE.STRUCT_OPS) return { name: symbol, kind: KIND_STRUCT }
  const [prefix, kind] = SYMBOLS.get(attachType) ?? ['', KIND_FUNC]
  return { name: `${prefix}${symbol}`, kind }
}
