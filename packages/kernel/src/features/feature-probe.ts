import { BPF_EXIT_INSN, BPF_MOV64_IMM } from '@bpfoundry/isa'
import {
  DEFAULT_PROFILE,
  helperAllowed,
  helperSince,
  isReleasedBy,
  kernelOptions,
  MAP_TYPE,
  mapTypeName,
  mapTypeSince,
  PROG_TYPE,
  programTypeName,
  programTypeSince,
  type SysctlName,
  sysctls,
} from '@bpfoundry/kernel-abi'
import { type Availability, type FeatureReport, probedHelpers } from './feature-report.ts'
import { MISC_FEATURES } from './misc-programs.ts'
import { ProbedKernel, probeAttachType } from './probed-kernel.ts'

/** How {@link probeFeatures} asks. */
export interface FeatureProbe {
  /** {@link DEFAULT_PROFILE} by default. */
  readonly release?: string
  /** Also of helpers that write to the kernel's log when they are tried: trace_printk, trace_vprintk, probe_write_user. */
  readonly full?: boolean
  /** As somebody who has no capability. */
  readonly unprivileged?: boolean
}

/** Bound to a type of the kernel: none can be loaded to see, and which helpers there are depends on what it is bound to. */
const BOUND: ReadonlySet<number> = new Set([PROG_TYPE.TRACING, PROG_TYPE.STRUCT_OPS, PROG_TYPE.EXT, PROG_TYPE.LSM])

const typesOf = (numbers: Readonly<Record<string, number>>): readonly number[] =>
  Object.values(numbers).filter((type) => type !== 0)

function has(kernel: ProbedKernel, type: number): boolean {
  if (!BOUND.has(type)) return kernel.takes(type, [BPF_MOV64_IMM(0, 0), BPF_EXIT_INSN()])
  const since = programTypeSince(type)
  return since !== undefined && isReleasedBy(since, kernel.release)
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
  const programTypes = typesOf(PROG_TYPE).map((type) => ({ type, available: isAdmitted && has(kernel, type) }))
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
  const attachType = probeAttachType(type)
  const isThere = (id: number): boolean =>
    helperAllowed(type, id, { attachType, release }) &&
    isReleasedBy(helperSince(type, id, { attachType }) ?? release, release)
  return probedHelpers(full).map(({ name, id }) => ({
    name,
    available: isTypeThere && !BOUND.has(type) && isThere(id),
  }))
}
