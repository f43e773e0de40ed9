import type { Btf, FunctionInfo, LineInfo } from '@bpfoundry/btf'
import type { Insn } from '@bpfoundry/isa'
import type { MapAttributes } from '@bpfoundry/kernel-abi'

/** A map as the object file describes it; editable until a collection is made of it. */
export interface MapSpec extends MapAttributes {
  name: string
  maxEntries: number
  flags: number
  keySizeBytes: number
  valueSizeBytes: number
  /** LIBBPF_PIN_BY_NAME. */
  pinByName: boolean
  /** Initial entries: a global data section's single value, or prog array and map-in-map slots by name. */
  contents: MapContent[]
  /** Frozen after its contents are set (.rodata). */
  freeze: boolean
  inner?: MapSpec
  /** BTF type ids of key and value, 0 when unknown. */
  btfKeyTypeId: number
  btfValueTypeId: number
  /** Section it came from. */
  readonly section: string
}

export interface MapContent {
  key: Uint8Array
  value: Uint8Array | { readonly program: string } | { readonly map: string }
}

/** An LD_IMM64 that names a map. */
export interface MapRelocation {
  readonly pc: number
  readonly map: string
  /** For direct value addresses (globals): the offset into the value. */
  readonly valueOffsetBytes?: number
}

/** A program as the object file describes it: subprograms already appended, calls resolved. */
export interface ProgramSpec {
  /** Name of the function. */
  name: string
  readonly section: string
  /** BPF_PROG_TYPE_* */
  type: number
  expectedAttachType: number
  /** Complete: entry function first, then every function it calls. Map references are still by name. */
  insns: Insn[]
  readonly mapRelocations: readonly MapRelocation[]
  license: string
  readonly functionInfo: readonly FunctionInfo[]
  readonly lineInfo: readonly LineInfo[]
  flags: number
}

/** Everything an object file holds, editable, not yet in any kernel. */
export interface CollectionSpec {
  readonly programs: Map<string, ProgramSpec>
  readonly maps: Map<string, MapSpec>
  readonly btf?: Btf
  readonly byteOrder: 'little' | 'big'
}
