import type { Insn } from '@bpfoundry/isa'
import type { ModuleFunctionSet } from '@bpfoundry/kernel-abi'
import type { Expectation } from './expectation.ts'

/** What an element of a map is filled with: bytes, or another map or program of the case. */
export type FillValue = Uint8Array | { readonly map: number } | { readonly prog: number }

/** The types of a map's keys and values: JSON fields `btf` (hex), `btf_key`, `btf_value`. */
export interface VectorMapBtf {
  /** A BTF blob: header, types, strings. */
  readonly bytes: Uint8Array
  readonly keyTypeId: number
  readonly valueTypeId: number
}

/**
 * A map of a case. JSON: `{name, type, key_size, value_size, max_entries, flags, map_extra, inner, btf, btf_key, btf_value,
 * freeze, fill}`; all but the type may be left out.
 */
export interface VectorMap {
  /** What the log calls it: at most 15 characters are kept. */
  readonly name?: string
  /** BPF_MAP_TYPE_*; JSON: its number, or its name with or without the prefix, in any case. */
  readonly type: number
  readonly keySizeBytes: number
  readonly valueSizeBytes: number
  readonly maxEntries: number
  /** BPF_F_* of BPF_MAP_CREATE. */
  readonly flags: number
  readonly mapExtra: number
  /** Index of an earlier map: what a map of maps is made for. */
  readonly inner?: number
  readonly btf?: VectorMapBtf
  /** Frozen when it is filled. */
  readonly freeze: boolean
  /**
   * JSON: `[[key hex, value], ...]`, value being hex, `{"map": index}` or `{"prog": index}`. Of a per-CPU map a value of
   * `value_size` bytes goes to every CPU.
   */
  readonly fill: readonly (readonly [key: Uint8Array, value: FillValue])[]
}

/** A function: the slot where it starts, and its BTF type. */
export interface VectorFunction {
  readonly pc: number
  readonly typeId: number
}

/** A source line, as `struct bpf_line_info` has it: offsets into the BTF's strings, line number << 10 | column. */
export interface VectorLine {
  readonly pc: number
  readonly fileNameOffset: number
  readonly lineOffset: number
  readonly lineColumn: number
}

/** A constant that is the id of a type of the kernel. */
export interface VectorTypeId {
  readonly pc: number
  /** BTF_KIND_* */
  readonly kind: number
  readonly name: string
}

/** The program's own type information. */
export interface VectorBtf {
  /** JSON `btf`: the blob in hex. */
  readonly bytes: Uint8Array
  /** JSON `func_info`: `[[insn index, type id], ...]`. */
  readonly functions: readonly VectorFunction[]
  /** JSON `line_info`: `[[insn index, file name offset, line offset, line << 10 | column], ...]`. */
  readonly lines: readonly VectorLine[]
}

/**
 * A module that a case needs the kernel to have: its types, and what programs may call of it. JSON: `{name, btf, kfuncs}`,
 * the last a list of `{prog_types, functions}`: numbers or names of program types (none but `unspec`: all), and for each
 * function what its `KF_*` flags are in small letters: `{"bpf_testmod_ctx_create": ["acquire", "ret_null"]}`.
 */
export interface VectorModule {
  readonly name: string
  /** JSON: hex of a BTF that is complete by itself. A struct of the kernel is declared, or has its size and no members. */
  readonly btf: Uint8Array
  readonly functions: readonly ModuleFunctionSet[]
  /** JSON `may_fail`: names of the functions with ALLOW_ERROR_INJECTION. */
  readonly mayFail?: ReadonlySet<string>
  /** JSON `dtors`: names of the structures that register_btf_id_dtor_kfuncs has functions for. */
  readonly destructible?: ReadonlySet<string>
}

/** Who loads a program: root, who lacks CAP_PERFMON and CAP_SYS_ADMIN, or who lacks CAP_BPF and CAP_NET_ADMIN as well. */
export type VectorPrivilege = 'full' | 'no-perfmon' | 'unprivileged'

/**
 * A program of a case, as BPF_PROG_LOAD takes it. Of its JSON fields only `insns` must be given.
 *
 * @see include/uapi/linux/bpf.h, union bpf_attr, of BPF_PROG_LOAD
 */
export interface VectorProgram {
  /**
   * BPF_PROG_TYPE_*. JSON `prog_type`: its number, or its name with or without the prefix, in any case; socket_filter by
   * default, a case's own programs have its type.
   */
  readonly type: number
  /** JSON `expected_attach_type`: enum bpf_attach_type; 0 by default. */
  readonly expectedAttachType: number
  /** JSON `insns`: hex of the struct bpf_insn array, little-endian. */
  readonly insns: readonly Insn[]
  /** JSON `license`; "GPL" by default. */
  readonly license: string
  /** JSON `flags`: BPF_F_* of BPF_PROG_LOAD. */
  readonly flags: number
  /** JSON `log_level`: 1 and 2 trace, 4 (the default) tells errors and statistics, 0 nothing. */
  readonly logLevel: number
  /** JSON `log_tail`: characters of the log's end to answer, 4096 by default; 0: all. */
  readonly logTail: number
  /**
   * JSON `map_refs`: `[[insn index, map index], ...]`: the imm of that LD_IMM64 becomes the fd of that map, its src_reg being
   * 1 or 2. Or let src_reg be 5 or 6 and imm the index of the map.
   */
  readonly mapRefs: readonly { readonly pc: number; readonly map: number }[]
  readonly btf?: VectorBtf
  /**
   * JSON `attach_btf`: the kernel symbol that a program of tracing, lsm and the like is for: `bpf_fentry_test1`; the
   * structure of one of struct_ops, whose member `expected_attach_type` counts.
   */
  readonly attachBtf?: string
  /** JSON `kfuncs`: `[[insn index, name], ...]`: that call becomes one of the kernel's function, or of a module's. */
  readonly kfuncs?: readonly { readonly pc: number; readonly name: string }[]
  /** JSON `type_ids`: `[[insn index, BTF_KIND, name], ...]`: that instruction's imm becomes the id of the kernel's type. */
  readonly typeIds?: readonly VectorTypeId[]
  /** JSON `perfmon: false` or `unpriv: true`; full by default. */
  readonly privilege?: VectorPrivilege
}

/** One BPF_PROG_TEST_RUN. */
export interface VectorRun {
  /** JSON `data_in`: hex. */
  readonly dataIn?: Uint8Array
  /** JSON `ctx_in`: hex. */
  readonly ctxIn?: Uint8Array
  /** JSON `repeat`: runs in one call; 0, the default, is one, and the only one for types that can't repeat. */
  readonly repeat: number
  /** JSON `run_flags`: BPF_F_TEST_*. */
  readonly flags: number
  /** JSON `data_out_size`: room for the packet afterwards; by default 4096 bytes more than it was. */
  readonly dataOutBytes?: number
  /** JSON `ctx_out_size`: room for the context afterwards; by default as much as it was. */
  readonly ctxOutBytes?: number
}

/** What an answer shows besides: the instructions after the fix-ups, the machine code, what is in the maps at the end. */
export const VECTOR_DUMPS = ['xlated', 'jited', 'maps'] as const
export type VectorDump = (typeof VECTOR_DUMPS)[number]

/** One case of the JSON Lines format: a program, its maps, and what it is run on. */
export interface Vector extends VectorProgram {
  /** Any JSON value; copied to the answer. */
  readonly id: unknown
  readonly maps: readonly VectorMap[]
  /** JSON `modules`: in the kernel before anything else is made. */
  readonly modules?: readonly VectorModule[]
  /** JSON `progs`: loaded first: what program arrays are filled with. */
  readonly progs: readonly VectorProgram[]
  /** None: it is only loaded. JSON: `data_in`, `ctx_in` or `run: true` ask for one, `runs: [{...}]` for several. */
  readonly runs: readonly VectorRun[]
  /** Runs are answered in a list of their own, as they were asked for in one. */
  readonly listsRuns: boolean
  /** JSON `dump`: a list of them. */
  readonly dump?: readonly VectorDump[]
  /** JSON `expect`. */
  readonly expect?: Expectation
}

/** A vector with what most have, but for what is given. */
export function createVector(fields: Partial<Vector> & Pick<Vector, 'id' | 'type' | 'insns'>): Vector {
  return {
    expectedAttachType: 0,
    license: 'GPL',
    flags: 0,
    logLevel: DEFAULT_LOG_LEVEL,
    logTail: DEFAULT_LOG_TAIL,
    mapRefs: [],
    maps: [],
    progs: [],
    runs: [],
    listsRuns: false,
    ...fields,
  }
}

/** BPF_LOG_STATS: errors and statistics. */
export const DEFAULT_LOG_LEVEL = 4
export const DEFAULT_LOG_TAIL = 4096
