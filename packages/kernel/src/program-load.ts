import type { Btf, FunctionInfo, LineInfo } from '@bpfoundry/btf'
import type { RandomU32 } from '@bpfoundry/codegen'
import { CPU_BLOCK, type InlinedProgram, type ProgramImage, type ProgramLine } from '@bpfoundry/engine'
import { helperInPlace } from '@bpfoundry/helpers'
import {
  BPF_DW,
  BPF_IMM,
  BPF_LD,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_IDX,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_PSEUDO_MAP_VALUE,
  type Insn,
} from '@bpfoundry/isa'
import { ERRNO, type HelperCapability, PROG_FLAG, PROG_TYPE, programTypeName } from '@bpfoundry/kernel-abi'
import { type ArenaLayout, ArenaMap } from '@bpfoundry/maps'
import {
  type DeviceHooks,
  type FixedUp,
  fixUp,
  type KernelBtf,
  type KernelModule,
  type SlotCounts,
  type Verified,
  type VerifierMap,
  type VerifierStats,
  verify,
} from '@bpfoundry/verifier'
import { attachedProgram } from './attached-program.ts'
import { blindProgram } from './hardening/blind-program.ts'
import { inlineHelpers, type PlainProgram } from './inline-helpers.ts'
import { KernelError, ProgramRejected } from './kernel-error.ts'
import type { InnerMap, KernelMap } from './kernel-map.ts'
import type { NetNamespace } from './offload/net-namespace.ts'
import { programTag } from './program-tag.ts'

/** A program load as bpf(2) gets it; map references are fds in LD_IMM64 instructions, or indexes of `fdArray`. */
export interface ProgramRequest {
  readonly name: string
  /** BPF_PROG_TYPE_* */
  readonly type: number
  readonly expectedAttachType: number
  readonly insns: readonly Insn[]
  readonly license: string
  readonly flags: number
  /** Fds of maps, and of modules' types, that instructions name by index. */
  readonly fdArray?: readonly number[]
  readonly btf?: Btf
  readonly functionInfo?: readonly FunctionInfo[]
  readonly lineInfo?: readonly LineInfo[]
  /** The kernel's type that a program of TRACING or LSM is bound to. */
  readonly attachBtfId?: number
  /** The loaded program that it is bound to instead: `attachBtfId` is a function's in that one's BTF. */
  readonly attachProgramFd?: number
  /** BPF_LOG_LEVEL bits; the log is kept in the program, or in the refusal. */
  readonly logLevel?: number
  /** Instructions the verifier explores at most. */
  readonly complexityLimit?: number
  /** Who loads it: all capabilities by default. */
  readonly capabilities?: readonly HelperCapability[]
  /** prog_ifindex: binds the program to this device. */
  readonly offloadIfindex?: number
  /** Where who loads it looks for the device; the initial namespace by default. */
  readonly namespace?: NetNamespace
}

/** Where programs leave what they throw. */
const EXCEPTIONS = {
  thrownAt: CPU_BLOCK.fields.thrown.offsetBytes,
  valueAt: CPU_BLOCK.fields.thrownValue.offsetBytes,
}

/** Most instructions of one program for a privileged user, and for others. @see BPF_COMPLEXITY_LIMIT_INSNS, BPF_MAXINSNS */
const MAX_INSNS = 1_000_000
const MAX_INSNS_UNPRIVILEGED = 4096

/** Program types for everybody; all others need CAP_BPF. */
const FOR_EVERYBODY: ReadonlySet<number> = new Set([PROG_TYPE.SOCKET_FILTER, PROG_TYPE.CGROUP_SKB])

/** Program types that also need CAP_PERFMON. @see is_perfmon_prog_type in kernel/bpf/syscall.c */
const FOR_PERFMON: ReadonlySet<number> = new Set([
  PROG_TYPE.KPROBE,
  PROG_TYPE.TRACEPOINT,
  PROG_TYPE.PERF_EVENT,
  PROG_TYPE.RAW_TRACEPOINT,
  PROG_TYPE.RAW_TRACEPOINT_WRITABLE,
  PROG_TYPE.TRACING,
  PROG_TYPE.LSM,
  PROG_TYPE.STRUCT_OPS,
  PROG_TYPE.EXT,
])

/** Licenses that may call GPL-only helpers. @see license_is_gpl_compatible in include/linux/license.h */
const GPL_COMPATIBLE: ReadonlySet<string> = new Set([
  'GPL',
  'GPL v2',
  'GPL and additional rights',
  'Dual BSD/GPL',
  'Dual MIT/GPL',
  'Dual MPL/GPL',
])

/** A program that passed: its image, and what the verifier found. */
export interface LoadedImage {
  readonly image: ProgramImage
  readonly verified: Verified
  readonly stats: VerifierStats
  readonly slotCounts: SlotCounts
  readonly log: string
  readonly maps: readonly KernelMap[]
  /** It calls kernel functions, of which some take memory while it runs. */
  readonly callsKernel: boolean
}

/** What a load depends on besides the program. */
export interface LoadOptions {
  /** Resolves the fds that LD_IMM64 instructions name. */
  readonly mapByFd: (fd: number) => KernelMap | undefined
  /** CPUs of the machine: bpf_get_smp_processor_id answers less than this. */
  readonly possibleCpus: number
  /** Whether compiling engines shall find helpers inlined. */
  readonly inlineHelpers: boolean
  /** Keys to blind the constants with that compiling engines see; absent where the program is not hardened. */
  readonly blindingKeys?: RandomU32
  /** The kernel's own types. */
  readonly kernelBtf?: KernelBtf
  /** What the verifier found of the programs that others may be bound to, by fd. */
  readonly verifiedByFd?: (fd: number) => Verified | undefined
  /** Modules by the fd of their types. */
  readonly modules?: ReadonlyMap<number, KernelModule>
  /** The release that it is judged for. */
  readonly profile?: string
  /** Address of the description of a structure of the program's BTF, for a program that makes objects. */
  readonly structureAddress: (btf: Btf, typeId: number) => number
  /** Asked by the verifier, for a program that is bound to a device. */
  readonly device?: DeviceHooks
  /** Whether a map is where the program can't reach it. */
  readonly isElsewhere?: (map: KernelMap) => boolean
}

/**
 * Verifies a program and fixes it up: everything of BPF_PROG_LOAD but the fd.
 *
 * @throws ProgramRejected when the verifier refuses; KernelError E2BIG, EINVAL for what bpf(2) checks before it
 */
export function loadImage(request: ProgramRequest, id: number, options: LoadOptions): LoadedImage {
  const { mapByFd, possibleCpus, device, kernelBtf, modules, profile, isElsewhere } = options
  checkRequest(request)
  checkCapabilities(request)
  const attachProgram = attachedProgram(request, options.verifiedByFd)
  const maps = mapsOf(request, mapByFd)
  const result = verify(
    {
      name: request.name,
      type: request.type,
      expectedAttachType: request.expectedAttachType,
      insns: request.insns,
      gplCompatible: GPL_COMPATIBLE.has(request.license),
      flags: request.flags,
      maps: new Map(
        [...maps].map(([fd, map]) => [fd, { ...verifierMap(map), ...(isElsewhere?.(map) ? { elsewhere: true } : {}) }]),
      ),
      ...(request.fdArray === undefined ? {} : { fdArray: request.fdArray }),
      ...(modules === undefined ? {} : { modules }),
      ...(request.btf === undefined ? {} : { btf: request.btf }),
      ...(request.functionInfo === undefined ? {} : { functionInfo: request.functionInfo }),
      ...(request.lineInfo === undefined ? {} : { lineInfo: request.lineInfo }),
      ...(request.attachBtfId === undefined ? {} : { attachBtfId: request.attachBtfId }),
      ...(attachProgram === undefined ? {} : { attachProgram }),
    },
    {
      possibleCpus,
      ...(device === undefined ? {} : { device }),
      ...(kernelBtf === undefined ? {} : { kernelBtf }),
      ...(profile === undefined ? {} : { profile }),
      ...(request.capabilities === undefined ? {} : { capabilities: request.capabilities }),
      ...(request.complexityLimit === undefined ? {} : { complexityLimit: request.complexityLimit }),
    },
    { logLevel: request.logLevel ?? 1 },
  )
  if (!result.ok) throw new ProgramRejected(request.name, result.rejection, result)
  const { verified, stats, slotCounts, log } = result
  const { btf } = request
  const fixed = fixUp(verified, {
    ...(btf === undefined ? {} : { structureAddress: (typeId: number) => options.structureAddress(btf, typeId) }),
    mapAddress: (fd) => mapOrThrow(maps, fd).storage.address,
    mapValueAddress: (fd) => valueAddress(mapOrThrow(maps, fd)),
    arena: (fd) => arenaLayout(mapOrThrow(maps, fd)),
    inlinedHelper: helperInPlace,
    exceptions: EXCEPTIONS,
  })
  const used = [...new Set(maps.values())]
  const callsKernel = verified.notes.kernelCalls.some((call) => call !== undefined)
  const image = imageOf(request, id, fixed, used, options)
  return { image, verified, stats, slotCounts, log, maps: used, callsKernel }
}

function arenaLayout({ storage }: KernelMap): ArenaLayout | undefined {
  return storage instanceof ArenaMap ? storage.layout : undefined
}

/** Of an array its first value's; an arena's addresses are those of user space. */
function valueAddress(map: KernelMap): number {
  return arenaLayout(map)?.userAddress ?? map.storage.valueBase ?? 0
}

function imageOf(
  request: ProgramRequest,
  id: number,
  fixed: FixedUp,
  maps: readonly KernelMap[],
  options: LoadOptions,
): ProgramImage {
  const plain: PlainProgram = {
    insns: fixed.insns,
    subprograms: fixed.subprograms,
    lines: fixed.lineInfo.map(programLine),
  }
  // What a device runs is made of the plain program, as on Linux.
  const inlined = options.device === undefined ? compiledForm(plain, fixed, maps, options) : undefined
  return {
    ...plain,
    id,
    name: request.name,
    tag: programTag(request.insns, options.profile),
    type: request.type,
    expectedAttachType: request.expectedAttachType,
    mapReferences: fixed.mapReferences,
    gplCompatible: GPL_COMPATIBLE.has(request.license),
    ...((request.flags & PROG_FLAG.XDP_HAS_FRAGS) === 0 ? {} : { hasFrags: true }),
    ...(inlined === undefined ? {} : { inlined }),
  }
}

/** The program that compiling engines translate, where it is another. */
function compiledForm(
  plain: PlainProgram,
  { mapCalls }: FixedUp,
  maps: readonly KernelMap[],
  options: LoadOptions,
): InlinedProgram | undefined {
  const storage = new Map(maps.map((map) => [map.id, map.storage]))
  const mapIds = new Map(mapCalls.map(({ pc, mapId }) => [pc, mapId]))
  const inlined = options.inlineHelpers ? inlineHelpers(plain, (pc) => storage.get(mapIds.get(pc) ?? 0)) : undefined
  return options.blindingKeys === undefined ? inlined : blindProgram(inlined ?? plain, options.blindingKeys)
}

function checkRequest(request: ProgramRequest): void {
  const where = { program: request.name }
  const most = hasCapability(request, 'CAP_BPF') ? MAX_INSNS : MAX_INSNS_UNPRIVILEGED
  if (request.insns.length === 0 || request.insns.length > most) {
    throw new KernelError(ERRNO.E2BIG, {
      code: 'KERNEL_PROGRAM_SIZE',
      message: `program ${request.name} has ${request.insns.length} instructions (E2BIG)`,
      where,
      got: request.insns.length,
      expected: `1 to ${most}`,
    })
  }
  if (request.type === PROG_TYPE.UNSPEC || programTypeName(request.type).startsWith('type ')) {
    throw new KernelError(ERRNO.EINVAL, {
      code: 'KERNEL_PROGRAM_TYPE',
      message: `program ${request.name} has no program type (EINVAL)`,
      where,
      got: request.type,
      hint: 'name its section by type, SEC("xdp") for example',
    })
  }
}

function hasCapability({ capabilities }: ProgramRequest, capability: HelperCapability): boolean {
  return capabilities === undefined || capabilities.includes(capability)
}

/** Which program types who may load. @see bpf_prog_load in kernel/bpf/syscall.c */
function checkCapabilities(request: ProgramRequest): void {
  const { type } = request
  const needed: HelperCapability | undefined =
    !FOR_EVERYBODY.has(type) && !hasCapability(request, 'CAP_BPF')
      ? 'CAP_BPF'
      : FOR_PERFMON.has(type) && !hasCapability(request, 'CAP_PERFMON')
        ? 'CAP_PERFMON'
        : undefined
  if (needed === undefined) return
  throw new KernelError(ERRNO.EPERM, {
    code: 'KERNEL_CAPABILITY',
    message: `programs of ${programTypeName(type)} need ${needed} (EPERM)`,
    where: { program: request.name },
    expected: needed,
  })
}

/** Every map the program names, by fd; what is none the verifier refuses where it comes to it. */
function mapsOf(
  request: ProgramRequest,
  mapByFd: (fd: number) => KernelMap | undefined,
): ReadonlyMap<number, KernelMap> {
  const maps = new Map<number, KernelMap>()
  for (const insn of request.insns) {
    const fd = mapFdOf(insn, request.fdArray)
    const map = fd === undefined || maps.has(fd) ? undefined : mapByFd(fd)
    if (fd !== undefined && map !== undefined) maps.set(fd, map)
  }
  return maps
}

/** The fd of the map that an instruction names; undefined where it names none, or an index that there is not. */
function mapFdOf({ opcode, src, imm }: Insn, fdArray: readonly number[] = []): number | undefined {
  if (opcode !== (BPF_LD | BPF_IMM | BPF_DW)) return undefined
  if (src === BPF_PSEUDO_MAP_FD || src === BPF_PSEUDO_MAP_VALUE) return imm
  return src === BPF_PSEUDO_MAP_IDX || src === BPF_PSEUDO_MAP_IDX_VALUE ? fdArray[imm] : undefined
}

function mapOrThrow(maps: ReadonlyMap<number, KernelMap>, fd: number): KernelMap {
  const map = maps.get(fd)
  if (map === undefined) throw new Error(`the verifier names map fd ${fd}, which the program does not`)
  return map
}

/** An inner map is not known at load: its id is none of a map's, and it has no name. */
const ANY_INNER_MAP = { id: 0, name: '' } as const

function verifierMap(map: KernelMap): VerifierMap {
  const { constantValue, fields, inner } = map
  return {
    ...map.attributes,
    id: map.id,
    ...(constantValue === undefined ? {} : { constantValue }),
    ...(fields === undefined ? {} : { fields }),
    ...(inner === undefined ? {} : { inner: { ...inner.attributes, ...fieldsOf(inner), ...ANY_INNER_MAP } }),
  }
}

function fieldsOf({ fields }: InnerMap): Pick<VerifierMap, 'fields'> {
  return fields === undefined ? {} : { fields }
}

function programLine({ pc, file, line, column, text }: LineInfo): ProgramLine {
  return { pc, file, line, column, text }
}
