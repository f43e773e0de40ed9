import type { Btf, FunctionInfo, LineInfo } from '@bpfoundry/btf'
import type { Insn } from '@bpfoundry/isa'
import type { MapAttributes } from '@bpfoundry/kernel-abi'
import { LoaderError } from './loader-error.ts'
import type { StructOpsMember } from './struct-ops.ts'
import { encodeVariable, type VariableSpec, type VariableValue } from './variable.ts'

/** A map as the object file describes it; editable until a collection is made of it. */
export interface MapSpec extends MapAttributes {
  /** The kernel's name for it, at most 15 characters; global data goes by `<object>.<section>` as libbpf has it. */
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
  numaNode?: number
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
  /** Key of the map in {@link CollectionSpec.maps}. */
  readonly map: string
  /** For direct value addresses (globals): the offset into the value. */
  readonly valueOffsetBytes?: number
}

/**
 * What an instruction needs of the kernel that it is loaded into, found there by name: a call's function (a kfunc), an
 * LD_IMM64's variable, or the id of a type. Its imm is 0 so far.
 */
export interface ExternReference {
  readonly pc: number
  readonly kind: 'function' | 'variable' | 'type'
  readonly name: string
  /** Of a type: its kind, of BTF_KIND. */
  readonly typeKind?: number
  /** The program loads without it. */
  readonly weak: boolean
}

/** A program as the object file describes it: subprograms already appended, calls resolved. */
export interface ProgramSpec {
  /** Name of the function. */
  name: string
  readonly section: string
  /** BPF_PROG_TYPE_* */
  type: number
  expectedAttachType: number
  /** What the section name says the program is for: `sys_nanosleep` of `kprobe/sys_nanosleep`. */
  readonly target?: string
  /** Loaded unless only others are asked for; false for `SEC("?...")`. */
  autoload: boolean
  /** Complete: entry function first, then every function it calls. Map references are still by name: their imm is 0. */
  insns: Insn[]
  readonly mapRelocations: readonly MapRelocation[]
  /** With the option `kernelTypes`: the kernel's function, or typedef of a tracepoint, that `target` names. */
  readonly attachBtfId?: number
  /** With the option `externs: 'keep'`, of a struct_ops program: what it stands in for, by its names. */
  readonly structOps?: StructOpsMember
  /** With the option `externs: 'keep'`: what is still to be found in the kernel. */
  readonly externs?: readonly ExternReference[]
  license: string
  readonly functionInfo: readonly FunctionInfo[]
  readonly lineInfo: readonly LineInfo[]
  /** BPF_F_* of BPF_PROG_LOAD. */
  flags: number
  /** Why this program can't be loaded, though the object could be read: what it needs is not supported. */
  readonly unsupported?: LoaderError
}

/** Everything an object file holds, editable, not yet in any kernel. */
export class CollectionSpec {
  /** By name of the function. */
  readonly programs: Map<string, ProgramSpec>
  /** By name of the variable that declares the map; global data by section name (`.rodata`, `.bss`). */
  readonly maps: Map<string, MapSpec>
  readonly btf?: Btf
  readonly byteOrder: 'little' | 'big'
  /** Global variables by name, wherever they live. */
  readonly variables: ReadonlyMap<string, VariableSpec>
  /** What was tolerated, and should be written differently. */
  readonly warnings: readonly LoaderError[]

  constructor(fields: {
    readonly programs: Map<string, ProgramSpec>
    readonly maps: Map<string, MapSpec>
    readonly btf?: Btf
    readonly byteOrder: 'little' | 'big'
    readonly variables?: ReadonlyMap<string, VariableSpec>
    readonly warnings?: readonly LoaderError[]
  }) {
    this.programs = fields.programs
    this.maps = fields.maps
    if (fields.btf !== undefined) this.btf = fields.btf
    this.byteOrder = fields.byteOrder
    this.variables = fields.variables ?? new Map()
    this.warnings = fields.warnings ?? []
  }

  /**
   * Sets a global variable's initial value; for a `const volatile` one, the constant that the verifier will see.
   *
   * @param value the bytes, as many as the variable has; or a number, for one of 1, 2, 4 or 8 bytes
   * @throws {LoaderError} LOADER_VARIABLE for an unknown name, a wrong number of bytes or a number out of range
   */
  setVariable(name: string, value: VariableValue): void {
    const variable = this.#variable(name)
    const bytes = encodeVariable(variable, value, this.byteOrder)
    this.#storage(variable).set(bytes, variable.offsetBytes)
  }

  /** A copy of a global variable's initial value. @throws {LoaderError} LOADER_VARIABLE for an unknown name */
  variable(name: string): Uint8Array {
    const { offsetBytes, sizeBytes, ...variable } = this.#variable(name)
    const map = this.maps.get(variable.map)
    const value = map?.contents[0]?.value
    if (!(value instanceof Uint8Array)) return new Uint8Array(sizeBytes)
    return value.slice(offsetBytes, offsetBytes + sizeBytes)
  }

  #variable(name: string): VariableSpec {
    const variable = this.variables.get(name)
    if (variable !== undefined && this.maps.has(variable.map)) return variable
    const names = [...this.variables.keys()]
    throw new LoaderError({
      code: 'LOADER_VARIABLE',
      message: `no global variable '${name}'`,
      got: name,
      expected: names.length === 0 ? 'none: the object has no global variables' : names.slice(0, 20).join(', '),
      hint: 'the compiler drops variables that no program uses; `const volatile` keeps a constant settable',
    })
  }

  /** The value of the data section that the variable is in; a `.bss` gets one when it is first written to. */
  #storage({ map: name }: VariableSpec): Uint8Array {
    const map = this.maps.get(name) as MapSpec
    const value = map.contents[0]?.value
    if (value instanceof Uint8Array) return value
    const zeros = new Uint8Array(map.valueSizeBytes)
    map.contents = [{ key: new Uint8Array(map.keySizeBytes), value: zeros }]
    return zeros
  }
}
