import { isReleasedBy } from './releases.ts'

/** Numbers that the kernel refuses to go beyond. */
export interface KernelLimits {
  /** BPF_MAXINSNS: slots of a program loaded without CAP_BPF. */
  readonly unprivilegedInsns: number
  /** Slots of a program loaded with it. */
  readonly privilegedInsns: number
  /** BPF_COMPLEXITY_LIMIT_INSNS: instructions that the verifier walks through. */
  readonly exploredInsns: number
  /** BPF_COMPLEXITY_LIMIT_JMP_SEQ: branches waiting to be explored. */
  readonly pendingBranches: number
  /** BPF_COMPLEXITY_LIMIT_STATES: states kept of one instruction before it is a "miss" to keep more. */
  readonly statesPerInsn: number
  /** MAX_BPF_STACK: bytes of a frame, and of all frames of a chain together. */
  readonly stackBytes: number
  readonly callFrames: number
  readonly tailCalls: number
  readonly subprograms: number
  /** Maps that one program may use. */
  readonly usedMaps: number
  /** MAX_PACKET_OFF: bytes from a packet pointer's base. */
  readonly packetOffsetBytes: number
  /** BPF_MAX_VAR_OFF: what a pointer may be moved by. */
  readonly pointerOffsetBytes: number
  /** BPF_OBJ_NAME_LEN with the terminating zero. */
  readonly nameBytes: number
}

/**
 * A kernel release as a program can be judged for. What it has of instructions, helpers, types and abilities follows from
 * the release that brought each.
 */
export interface KernelProfile {
  /** `6.12` */
  readonly name: string
  readonly limits: KernelLimits
}

/** Limits of Linux 6.12. @see include/linux/bpf_verifier.h, include/linux/bpf.h, kernel/bpf/verifier.c */
const LIMITS_6_12: KernelLimits = {
  unprivilegedInsns: 4096,
  privilegedInsns: 1_000_000,
  exploredInsns: 1_000_000,
  pendingBranches: 8192,
  statesPerInsn: 64,
  stackBytes: 512,
  callFrames: 8,
  tailCalls: 33,
  subprograms: 256,
  usedMaps: 64,
  packetOffsetBytes: 0xffff,
  pointerOffsetBytes: 1 << 29,
  nameBytes: 16,
}

/** Before 5.2 programs were short. @see BPF_MAXINSNS, BPF_COMPLEXITY_LIMIT_INSNS, BPF_COMPLEXITY_LIMIT_STACK */
const LIMITS_4_19: KernelLimits = {
  ...LIMITS_6_12,
  privilegedInsns: 4096,
  exploredInsns: 131_072,
  pendingBranches: 1024,
}

const LIMITS_4_13: KernelLimits = { ...LIMITS_4_19, exploredInsns: 98_304 }

/** Releases of long support, the first one with native XDP in many drivers, and the newest that was compared with. */
// biome-ignore format: table
const ROWS: readonly KernelProfile[] = [
  { name: '4.13', limits: LIMITS_4_13 },
  { name: '4.19', limits: LIMITS_4_19 },
  { name: '5.4',  limits: LIMITS_6_12 },
  { name: '5.10', limits: LIMITS_6_12 },
  { name: '5.15', limits: LIMITS_6_12 },
  { name: '6.1',  limits: LIMITS_6_12 },
  { name: '6.6',  limits: LIMITS_6_12 },
  { name: '6.12', limits: LIMITS_6_12 },
  { name: '6.18', limits: LIMITS_6_12 },
]

/** Releases that a program can be judged for, by name, oldest first. */
export const KERNEL_PROFILES: ReadonlyMap<string, KernelProfile> = new Map(ROWS.map((row) => [row.name, row]))

/** The release that is meant where none is named. */
export const DEFAULT_PROFILE = '6.12'

/**
 * The release by which a kernel is judged: its own where there is a profile of it, else the next newer one, and the newest
 * for those that come after all.
 *
 * @param release as a kernel's Makefile or `uname -r` tells it: `6.1.192`
 */
export function profileFor(release: string): string {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10))
  const names = ROWS.map(({ name }) => name)
  return names.find((name) => isReleasedBy(`${major}.${minor}`, name)) ?? (names[names.length - 1] as string)
}

/** The profile of this name; undefined where there is none (yet). */
export function kernelProfile(name: string = DEFAULT_PROFILE): KernelProfile | undefined {
  return KERNEL_PROFILES.get(name)
}
