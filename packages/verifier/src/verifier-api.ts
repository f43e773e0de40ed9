import type { Btf, BtfType, FunctionInfo, LineInfo } from '@bpfoundry/btf'
import type { Insn } from '@bpfoundry/isa'
import type { HelperCapability, MapAttributes, ModuleFunctionSet } from '@bpfoundry/kernel-abi'
import type { MapField } from './program/map-fields.ts'

/** A map as the verifier knows it: its attributes, not its storage. */
export interface VerifierMap extends MapAttributes {
  /** 0 for an inner map, of which only the attributes are known. */
  readonly id: number
  /** Frozen and read-only for programs: loads at constant offsets are known scalars. Bytes of the single value. */
  readonly constantValue?: Uint8Array
  /** Of a map of maps: what its elements are like. */
  readonly inner?: VerifierMap
  /** What the kernel keeps to itself in its values, by `mapFields`; undefined for a map without BTF. */
  readonly fields?: readonly MapField[]
  /** Lives where this program does not run: on a device, and the program on another or on the host, or the reverse. */
  readonly elsewhere?: boolean
}

/** The kernel's own types, as `LazyBtf` has them: of many, few are asked for. */
export interface KernelBtf {
  /** The first type of that name and BTF_KIND. */
  find(name: string, kind: number): number | undefined
  type(id: number): BtfType
  /** The type behind modifiers. */
  resolve(id: number): BtfType
  sizeOf(id: number): number | undefined
  /** Index of the module that a type is of; undefined for the kernel itself. Absent: there are no modules. */
  moduleOf?(id: number): number | undefined
}

/** A module of the kernel, whose types are among the kernel's. */
export interface KernelModule {
  readonly name: string
  /** As `moduleOf` of the kernel's types tells it. */
  readonly index: number
  /** What programs may call of it. */
  readonly functions: readonly ModuleFunctionSet[]
  /** Its functions that may be made to fail (ALLOW_ERROR_INJECTION): none when absent. */
  readonly mayFail?: ReadonlySet<string>
  /** Its structures of which counted pointers may be kept in maps, as something gives them back: none when absent. */
  readonly destructible?: ReadonlySet<string>
}

/** What a program load brings to the verifier. */
export interface VerifierProgram {
  readonly name: string
  /** BPF_PROG_TYPE_* */
  readonly type: number
  readonly expectedAttachType: number
  readonly insns: readonly Insn[]
  readonly gplCompatible: boolean
  /** BPF_F_* of BPF_PROG_LOAD; of them TEST_STATE_FREQ, STRICT_ALIGNMENT and ANY_ALIGNMENT change what is found. */
  readonly flags?: number
  /** Maps by the fd that LD_IMM64 with BPF_PSEUDO_MAP_FD/_VALUE names. */
  readonly maps: ReadonlyMap<number, VerifierMap>
  /** Fds by the index that LD_IMM64 with BPF_PSEUDO_MAP_IDX/_IDX_VALUE names, or `off` of a call of a module's function. */
  readonly fdArray?: readonly number[]
  /** Modules by the fd of their types. */
  readonly modules?: ReadonlyMap<number, KernelModule>
  readonly btf?: Btf
  readonly functionInfo?: readonly FunctionInfo[]
  readonly lineInfo?: readonly LineInfo[]
  /** The kernel's type that a program of TRACING or LSM is bound to: a function, or the typedef of a tracepoint. */
  readonly attachBtfId?: number
  /** The loaded program that it is bound to instead (attach_prog_fd): `attachBtfId` is a function's in that one's BTF. */
  readonly attachProgram?: Verified
}

/** Options that may change the verdict. */
export interface VerifierOptions {
  /**
   * The release that the program is judged for: "6.12" by default. Rules are those of 6.12 or 6.18; an older release has
   * those of 6.12 but for what it did otherwise (older-rules.ts), its own limits, and what it lacks is refused by
   * VERIFIER_RELEASE.
   */
  readonly profile?: string
  /** Instructions explored at most; 1,000,000 by default. */
  readonly complexityLimit?: number
  /**
   * What whoever loads the program may do: CAP_BPF for calls, loops and precise tracking; CAP_PERFMON for leaking pointers,
   * reading what was never written, and for not being guarded against Spectre. Both by default.
   */
  readonly capabilities?: readonly HelperCapability[]
  /** CPUs of the machine: bpf_get_smp_processor_id answers less than this. Any number when absent. */
  readonly possibleCpus?: number
  /**
   * Follow a path also where it differs from an explored one only in numbers that the verdict does not rest on, so that the
   * facts hold in every run. Explores more; false by default, as in the kernel.
   */
  readonly exactFacts?: boolean
  /** The types of the kernel that the program is judged for; without them what needs them is VERIFIER_UNSUPPORTED. */
  readonly kernelBtf?: KernelBtf
  /** A device's say in the verdict, as `struct bpf_prog_offload_ops` has it. */
  readonly device?: DeviceHooks
}

/** Options that change only what is reported. */
export interface VerifierReport {
  /** BPF_LOG_LEVEL: 1 trace of the failing path, 2 everything explored, 4 statistics; may be or-ed. 0: no log. */
  readonly logLevel?: number
}

/** Kinds of pointers and scalars that a register can hold. The names are those of the log. */
export type RegisterKind =
  | 'scalar'
  | 'ctx'
  | 'map_ptr'
  | 'map_value'
  | 'map_value_or_null'
  | 'fp'
  | 'pkt'
  | 'pkt_meta'
  | 'pkt_end'
  | 'func'
  | 'unknown'

/**
 * What holds of one register at one instruction on every explored path, joined. A path that was covered by an explored one
 * may bring other numbers where the verdict does not rest on them, unless `exactFacts` was asked for; kinds, maps and what
 * accesses rest on hold in any case.
 */
export interface RegisterFact {
  readonly kind: RegisterKind
  /** True when paths disagree on the kind. */
  readonly mixed: boolean
  readonly mapId?: number
  /** Fixed part of the offset, when all paths agree on it. */
  readonly offset?: number
  /** The variable part is one number on all paths: `value`. */
  readonly constant: boolean
  readonly value?: bigint
  readonly umin: bigint
  readonly umax: bigint
  readonly smin: bigint
  readonly smax: bigint
  /** For a device's hook only: what one path has there, which is not joined. */
  readonly now?: RegisterNow
}

/** More of a register on the path being explored, as `struct bpf_reg_state` has it. */
export interface RegisterNow {
  /** The log's name of the type, also of those that `RegisterKind` has no word for. */
  readonly typeName: string
  /** Bits of the number, or of the variable part of a pointer: `value` where `mask` is 0. */
  readonly varOff: { readonly value: bigint; readonly mask: bigint }
  /** Links registers that came from one another; 0 for none. */
  readonly id: number
  /** Packet pointers: bytes known to be readable from the base on. */
  readonly packetRange: number
  /** A stack pointer into the frame of a caller. */
  readonly ofCaller: boolean
}

/** Facts about one instruction; undefined registers were never seen live there. */
export interface InsnFact {
  readonly visited: boolean
  /** The pointer that a load, store or atomic goes through. */
  readonly memory?: RegisterFact
  /** r1..r5 at a helper call, r0 at exit, dst and src at an ALU operation. */
  readonly registers: ReadonlyMap<number, RegisterFact>
}

/** Hooks of a device that takes the program: called once an explored instruction, like `insn_hook` and `finalize`. */
export interface DeviceHooks {
  /** Asked once the program's map references are resolved, before anything is explored. */
  prepare?(): DeviceRefusal | undefined
  /** Refuses with a message (goes to the log, prefixed by `prefix`) and an errno, or undefined to go on. */
  insn(
    pc: number,
    insn: Insn,
    registers: (n: number) => RegisterFact,
    /**
     * Whether the byte at r10 + `offsetBytes` is known to be zero (STACK_ZERO), of the frame that `pointer` points into or
     * else of the current one; absent: nothing is known.
     */
    stackIsZero?: (offsetBytes: number, pointer?: number) => boolean,
    /** Writes a line to the log, prefixed by `prefix`, whether or not something is refused. */
    print?: (line: string) => void,
  ): DeviceRefusal | undefined
  /** @param maps by slot: the map that an LD_IMM64 names */
  finalize(
    facts: readonly InsnFact[],
    stackDepthBytes: readonly number[],
    maps?: readonly (VerifierMap | undefined)[],
  ): DeviceRefusal | undefined
  readonly prefix: string
}

export interface DeviceRefusal {
  readonly errno: number
  /** Empty where the device says nothing. */
  readonly message: string
  /** In the place of the hooks' own: empty for what is the verifier's to say of a device. */
  readonly prefix?: string
}

/** A subprogram as found by the verifier. */
export interface VerifiedSubprogram {
  readonly name: string
  readonly start: number
  readonly end: number
  readonly stackDepthBytes: number
}

export interface VerifierStats {
  readonly insnsProcessed: number
  readonly maxStatesPerInsn: number
  readonly totalStates: number
  readonly peakStates: number
  readonly verificationTimeUs: number
  /** Per subprogram, in order. */
  readonly stackDepthBytes: readonly number[]
}

/** Where the instructions went: what became of each slot of the program, arrays by slot. */
export interface SlotCounts {
  /** How often a path came by. The sum is `insnsProcessed`. */
  readonly explored: Uint32Array
  /** How many states were kept in front of it. The sum is `totalStates`. */
  readonly kept: Uint32Array
  /** How often a second path set out from it: both ways of a branch, another round, a callback. These multiply states. */
  readonly forked: Uint32Array
}

/** Something that a program needs of a kernel, and the release that brought it. */
export interface Requirement {
  /** `5.8` */
  readonly since: string
  /** `helper bpf_ringbuf_output`, `loops`, `maps of type ringbuf` ... */
  readonly what: string
  /** The first slot that shows it; undefined where the program as a whole does. */
  readonly pc?: number
}

/** Why a program was refused: data, of which the log is one rendering. */
export interface Rejection {
  /** Stable code, upper case: `VERIFIER_UNINITIALIZED_REGISTER`, `VERIFIER_PACKET_BOUNDS` ... */
  readonly code: string
  /** Positive errno: EACCES, EINVAL, E2BIG, EPERM ... */
  readonly errno: number
  /** The kernel's own words, the last line(s) of its log before the statistics. */
  readonly message: string
  readonly pc?: number
  /** Slots on the refused path, from the entry. */
  readonly path?: readonly number[]
  /** What the registers held that the refused instruction reads, as the log writes it: `scalar(umax=255)`. */
  readonly operands?: readonly { readonly register: number; readonly value: string }[]
  /** What usually mends it. */
  readonly hint?: string
  /** Of VERIFIER_RELEASE: everything that the release lacks, the newest first. */
  readonly requirements?: readonly Requirement[]
}

/** A call of a kernel function. */
export interface KernelCallNote {
  readonly name: string
  /** The structure, in the program's BTF, of the object that it makes, takes or links. */
  readonly structTypeId?: number
  /** Where in that object the pointer led that was handed over. */
  readonly nodeOffsetBytes?: number
  /** Index of the program's function that it is handed. */
  readonly callback?: number
  /** Paths come with objects of several structures: there is no one call for all. */
  readonly isAmbiguous: boolean
}

/** What the exploration noted of each slot, for the fix-ups. */
export interface VerifiedNotes {
  /** 1 where some path came by. */
  readonly seen: Uint8Array
  /** Register type that memory was accessed through; 0 where none was. */
  readonly pointerTypes: Int32Array
  /** Id of the map that a helper call was handed; -1 where paths disagree, 0 for none. */
  readonly callMaps: Int32Array
  /** Operations in 64 bits whose operands were addresses of an arena: 1 for those only. */
  readonly arenaOperands: Uint8Array
  /** What a load through a map pointer finds, by slot: an attribute of the map, or 0. */
  readonly mapLoads: ReadonlyMap<number, number>
  /** The map that an LD_IMM64 names. */
  readonly maps: readonly (VerifierMap | undefined)[]
  /** Index of the callback of a bpf_loop that can become a loop; 0 or less where it can't. */
  readonly inlineLoops: Int32Array
  /** Calls of kernel functions, by slot. */
  readonly kernelCalls: readonly (KernelCallNote | undefined)[]
  /** Spills and fills around calls that keep their registers once they are inlined. */
  readonly removableSpills: readonly number[]
  /** Stack that the fix-ups take below that of the program, by function; undefined where they rewrite nothing. */
  readonly frameExtras: readonly FrameExtras[] | undefined
  /** By index of the function: what others that are bound to it rest on. */
  readonly functions: readonly FunctionTraits[]
  /** Whoever loads it has no CAP_PERFMON: speculation is guarded. */
  readonly isUntrusted: boolean
  /** Of a SYSCALL program: how much of its context it looks at. */
  readonly contextBytes: number
}

/** What a program that is bound to a function of another must know of it. */
export interface FunctionTraits {
  /** A helper that it calls, or a function that it calls calls, may move the packet. */
  readonly changesPacketData: boolean
  /** It is called as its BTF says: a global function, or a main function of one context. */
  readonly isReliable: boolean
  readonly isExceptionCallback: boolean
}

/** Offsets from the frame pointer of stack that only fix-ups know of. */
export interface FrameExtras {
  /** Registers that a loop in the place of bpf_loop or bpf_rbtree_add uses are kept there. */
  readonly loopRegistersAt?: number
  /** Rounds that may_goto has left. */
  readonly mayGotoBudgetAt?: number
}

/** What `fixUp` needs of a verified program. Opaque to others but for `subprograms` and `facts`. */
export interface Verified {
  readonly program: VerifierProgram
  readonly subprograms: readonly VerifiedSubprogram[]
  /** By slot; made when first asked for. */
  readonly facts: readonly InsnFact[]
  readonly notes: VerifiedNotes
}

/** What is told of every program, whatever the verdict. */
export interface VerifierFindings {
  readonly log: string
  readonly stats: VerifierStats
  /** All zero where the program was refused before it was explored. */
  readonly slotCounts: SlotCounts
}

export type VerifierResult =
  | ({ readonly ok: true; readonly verified: Verified } & VerifierFindings)
  | ({ readonly ok: false; readonly rejection: Rejection } & VerifierFindings & Traceable)

/** What a refusal can tell when it is asked. */
export interface Traceable {
  /**
   * Searches the way of fewest instructions to the refusal: another exploration, of up to 100,000 instructions. Undefined
   * where there is none to search: a program refused before it was explored, for a device, or to somebody without
   * CAP_PERFMON, and loops without end.
   */
  readonly refusedPath: () => RefusedPath | undefined
}

/** The way of fewest instructions to a refusal. */
export interface RefusedPath {
  /** Slots from the entry to the refused instruction; absent where the search did not find it. */
  readonly path?: readonly number[]
  /** Instructions that the search followed, all paths together. */
  readonly followed: number
  /** Its bound ended the search. */
  readonly isCut: boolean
  /** Where on that path the values come from that the refused instruction depends on, the first one first. */
  readonly values: readonly TracedValue[]
}

/** A value on the way to a refusal. */
export interface TracedValue {
  /** The instruction that made it, or that learnt something of it. */
  readonly pc: number
  /** `r1`, or a slot of the stack, `fp-8`. */
  readonly place: string
  /** As the log writes it, after the instruction: `scalar(umax=255)`. */
  readonly value: string
}

/** Where a CPU keeps an exception until the main function ends by it: offsets in its block. */
export interface ExceptionPlacement {
  /** u32: 1 while one is on its way. */
  readonly thrownAt: number
  /** u64: what was thrown. */
  readonly valueAt: number
}

/** Where things lie that instructions name. */
export interface FixUpPlacement {
  /** Guest address of the map with this fd. */
  mapAddress(fd: number): number
  /** Guest address of the single value of the array with this fd; of an arena, its first page's address in user space. */
  mapValueAddress(fd: number): number
  /** Where the arena with this fd lies; undefined: programs with one stay as they are, and run nowhere. */
  arena?(fd: number): ArenaPlacement | undefined
  /** Guest address of what describes a structure of the program's BTF; absent where no objects can be made. */
  structureAddress?(typeId: number): number
  /** Absent where nothing can be thrown. */
  readonly exceptions?: ExceptionPlacement
  /** Instructions in the place of a helper's call, which touch r0 only; undefined where the call stays. */
  inlinedHelper?(helper: number): readonly Insn[] | undefined
}

/** Where an arena lies. */
export interface ArenaPlacement {
  /** Address of its first page in user space. */
  readonly userAddress: number
  /** Guest address of its first page; the others follow. */
  readonly pagesAddress: number
  /** Guest address of a byte for each page: 0 where it is not there. */
  readonly presentAddress: number
  /** Bytes of all pages: less than 2 GiB. */
  readonly sizeBytes: number
}

/** An LD_IMM64 that names a map, or an address inside its value. */
export interface MapUse {
  /** Slot after the fix-ups. */
  readonly pc: number
  readonly mapFd: number
  readonly mapId: number
  /** Offset into the value for a direct value address, undefined for the map itself. */
  readonly valueOffsetBytes?: number
}

/** A helper call that is handed the same map on every path. */
export interface MapCall {
  /** Slot after the fix-ups. */
  readonly pc: number
  readonly mapId: number
}

/** A program as the engines run it ("xlated"). Slots everywhere are those after the fix-ups. */
export interface FixedUp {
  readonly insns: readonly Insn[]
  /** Functions that are left, the entry first. */
  readonly subprograms: readonly VerifiedSubprogram[]
  readonly mapReferences: readonly MapUse[]
  readonly mapCalls: readonly MapCall[]
  readonly lineInfo: readonly LineInfo[]
}
