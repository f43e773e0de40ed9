import { BPF_EXIT_INSN, BPF_MOV64_IMM, type Insn } from '@bpfoundry/isa'
import {
  ATTACH_TYPE,
  DEFAULT_PROFILE,
  HELPERS,
  helperAllowed,
  helperSince,
  isReleasedBy,
  type KernelOption,
  kernelOptions,
  MAP_TYPE,
  mapTypeName,
  mapTypeSince,
  PROG_FLAG,
  PROG_TYPE,
  programTypeName,
  programTypeSince,
  type SysctlName,
  sysctls,
} from '@bpfoundry/kernel-abi'
import { Kernel } from '../kernel.ts'
import { ProgramRejected } from '../kernel-error.ts'
import { MISC_FEATURES } from './misc-programs.ts'

/** How {@link probeFeatures} asks. */
export interface FeatureProbe {
  /** {@link DEFAULT_PROFILE} by default. */
  readonly release?: string
  /** Also of helpers that write to the kernel's log when they are tried: trace_printk, trace_vprintk, probe_write_user. */
  readonly full?: boolean
  /** As somebody who has no capability. */
  readonly unprivileged?: boolean
}

/** Something that a kernel has or lacks. */
export interface Availability {
  readonly name: string
  readonly available: boolean
}

/** What programs of a type may call. */
export interface TypeHelpers {
  readonly programType: string
  readonly available: boolean
  /** All that were asked about, by number. */
  readonly helpers: readonly Availability[]
}

/** What a kernel offers, in the order that bpftool tells it. */
export interface FeatureReport {
  readonly release: string
  /** -1 where it is not there, or may not be read. */
  readonly sysctls: ReadonlyMap<SysctlName, number>
  readonly options: readonly KernelOption[]
  readonly programTypes: readonly Availability[]
  readonly mapTypes: readonly Availability[]
  readonly helpers: readonly TypeHelpers[]
  readonly misc: readonly (Availability & { readonly text: string })[]
}

/** A try of one writes to the kernel's log. */
const LOGGING: ReadonlySet<string> = new Set(['bpf_trace_printk', 'bpf_trace_vprintk', 'bpf_probe_write_user'])

/** What a program needs to be loaded with, where 0 does not do. @see tools/lib/bpf/libbpf_probes.c */
const ATTACH_TYPES: ReadonlyMap<number, number> = new Map([
  [PROG_TYPE.CGROUP_SOCK_ADDR, ATTACH_TYPE.CGROUP_INET4_CONNECT],
  [PROG_TYPE.CGROUP_SOCKOPT, ATTACH_TYPE.CGROUP_GETSOCKOPT],
  [PROG_TYPE.SK_LOOKUP, ATTACH_TYPE.SK_LOOKUP],
  [PROG_TYPE.LIRC_MODE2, ATTACH_TYPE.LIRC_MODE2],
  [PROG_TYPE.NETFILTER, ATTACH_TYPE.NETFILTER],
])

/** Bound to a type of the kernel: none can be loaded to see, and which helpers there are depends on what it is bound to. */
const BOUND: ReadonlySet<number> = new Set([PROG_TYPE.TRACING, PROG_TYPE.STRUCT_OPS, PROG_TYPE.EXT, PROG_TYPE.LSM])

const typesOf = (numbers: Readonly<Record<string, number>>): readonly number[] =>
  Object.values(numbers).filter((type) => type !== 0)

/** Loads programs into a kernel of one release, to see whether it takes them. */
class ProbedKernel {
  readonly release: string
  readonly #kernel: Kernel

  constructor(release: string) {
    this.release = release
    this.#kernel = Kernel.create({ profile: release })
  }

  takes(type: number, insns: readonly Insn[]): boolean {
    const flags = type === PROG_TYPE.SYSCALL ? PROG_FLAG.SLEEPABLE : 0
    const expectedAttachType = ATTACH_TYPES.get(type) ?? 0
    try {
      this.#kernel.loadProgram({ name: '', type, expectedAttachType, insns, license: 'GPL', flags }).close()
      return true
    } catch (error) {
      if (!(error instanceof ProgramRejected)) throw error
      return false
    }
  }

  has(type: number): boolean {
    if (!BOUND.has(type)) return this.takes(type, [BPF_MOV64_IMM(0, 0), BPF_EXIT_INSN()])
    const since = programTypeSince(type)
    return since !== undefined && isReleasedBy(since, this.release)
  }
}

/**
 * What a kernel of a release offers, as `bpftool feature probe` would find it: program types and what the verifier takes by
 * loading programs, maps and helpers from the tables of `kernel-abi`, by which they are judged.
 *
 * @throws VerifierError VERIFIER_PROFILE for a release that there is no profile of
 */
export function probeFeatures({ release = DEFAULT_PROFILE, full, unprivileged }: FeatureProbe = {}): FeatureReport {
  const kernel = new ProbedKernel(release)
  // A kernel that keeps unprivileged users out tells them of everything that they may not.
  const isAdmitted = unprivileged !== true
  const programTypes = typesOf(PROG_TYPE).map((type) => ({ type, available: isAdmitted && kernel.has(type) }))
  return {
    release,
    sysctls: settings(release, isAdmitted),
    options: kernelOptions(release),
    programTypes: programTypes.map(({ type, available }) => ({ name: programTypeName(type), available })),
    mapTypes: typesOf(MAP_TYPE).map((type) => ({
      name: mapTypeName(type),
      available: isAdmitted && hasMap(type, release),
    })),
    helpers: programTypes.map(({ type, available }) => ({
      programType: programTypeName(type),
      available,
      helpers: helpersOf(type, release, { isTypeThere: available, full: full === true }),
    })),
    misc: MISC_FEATURES.map(({ name, text, insns }) => ({
      name,
      text,
      available: isAdmitted && kernel.takes(PROG_TYPE.SOCKET_FILTER, insns),
    })),
  }
}

function settings(release: string, isRoot: boolean): ReadonlyMap<SysctlName, number> {
  return new Map(sysctls(release).map(({ name, value = -1, isForRoot }) => [name, isForRoot && !isRoot ? -1 : value]))
}

function hasMap(type: number, release: string): boolean {
  const since = mapTypeSince(type)
  return since !== undefined && isReleasedBy(since, release)
}

function helpersOf(
  type: number,
  release: string,
  { isTypeThere, full }: { readonly isTypeThere: boolean; readonly full: boolean },
): readonly Availability[] {
  const attachType = ATTACH_TYPES.get(type) ?? 0
  const isThere = (id: number): boolean =>
    helperAllowed(type, id, { attachType, release }) &&
    isReleasedBy(helperSince(type, id, { attachType }) ?? release, release)
  const asked = HELPERS.filter((helper) => helper !== undefined && (full || !LOGGING.has(helper.name)))
  return asked.flatMap((helper) =>
    helper === undefined
      ? []
      : [{ name: helper.name, available: isTypeThere && !BOUND.has(type) && isThere(helper.id) }],
  )
}
