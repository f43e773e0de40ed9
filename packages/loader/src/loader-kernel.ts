import type { Btf, FunctionInfo, LineInfo } from '@bpfoundry/btf'
import type { Insn } from '@bpfoundry/isa'
import type { MapAttributes } from '@bpfoundry/kernel-abi'

/** A map in a kernel. Keys and values are bytes as the program sees them. */
export interface LoadedMap {
  readonly id: number
  /** What LD_IMM64 instructions name it by. */
  readonly fd: number
  readonly attributes: MapAttributes
  /** BPF_MAP_UPDATE_ELEM; `flags` is BPF_ANY unless given. Throws what the kernel answers. */
  update(key: Uint8Array, value: Uint8Array, flags?: number): void
  /**
   * What user space writes to the start of an arena through a mapping; absent where the kernel can't be mapped: an arena
   * starts out empty there.
   */
  writeStart?(bytes: Uint8Array): void
  /** BPF_MAP_FREEZE: from now on only programs write, if they may. */
  freeze(): void
  close(): void
}

/** A verified program in a kernel. */
export interface LoadedProgram {
  readonly id: number
  readonly fd: number
  readonly name: string
  close(): void
}

/** A map to create. */
export interface MapRequest<M> extends MapAttributes {
  readonly btf?: Btf
  /** 0 when unknown. */
  readonly btfKeyTypeId?: number
  readonly btfValueTypeId?: number
  /** For maps of maps: what the inner maps are like. Closed once the map is made. */
  readonly inner?: M
}

/** A program to load: complete, all references resolved. */
export interface ProgramRequest {
  readonly name: string
  /** BPF_PROG_TYPE_* */
  readonly type: number
  readonly expectedAttachType: number
  /**
   * Maps are named by LD_IMM64 with src BPF_PSEUDO_MAP_FD (imm: the fd) or BPF_PSEUDO_MAP_VALUE (imm: the fd, imm of the
   * second slot: the offset in the value).
   */
  readonly insns: readonly Insn[]
  readonly license: string
  readonly btf?: Btf
  /** Empty when unknown; otherwise an entry for every function. */
  readonly functionInfo: readonly FunctionInfo[]
  readonly lineInfo: readonly LineInfo[]
  /** BPF_F_* of BPF_PROG_LOAD. */
  readonly flags: number
  /** The kernel's type that the program is bound to. */
  readonly attachBtfId?: number
  /** The device that the program is to run on. */
  readonly offloadIfindex?: number
}

/**
 * What a collection is loaded into: the bpf(2) of a kernel, as far as a loader needs it. The emulated kernel implements
 * it; so could the real one. Both commands throw what the kernel answers.
 */
export interface LoaderKernel<M extends LoadedMap = LoadedMap, P extends LoadedProgram = LoadedProgram> {
  /** An event array that is declared without a size has an entry for each; 1 when absent. */
  readonly possibleCpus?: number
  createMap(request: MapRequest<M>): M
  /** @throws on refusal, with the verifier's reason */
  loadProgram(request: ProgramRequest): P
}
