import { MAX_HELPER_ID } from './helpers.ts'

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

/** Sets of instructions that came to the kernel at one time each. */
export type InstructionSet =
  | 'base'
  /** JLT, JLE, JSLT, JSLE (-mcpu=v2). */
  | 'jump-less'
  /** JMP32 (-mcpu=v3). */
  | 'jmp32'
  /** Atomics that fetch, exchange or compare (-mcpu=v3). */
  | 'atomic-fetch'
  /** SDIV, SMOD, MOVSX, LDX MEMSX, BSWAP, JMP32 JA (-mcpu=v4). */
  | 'v4'
  | 'may-goto'
  | 'load-acquire'

/** Abilities of the verifier that change verdicts from one release to another. */
export interface KernelFeatures {
  /** Loops whose bound it finds by walking through them. */
  readonly boundedLoops: boolean
  readonly bpfToBpfCalls: boolean
  readonly globalFunctions: boolean
  /** LD_IMM64 with the address of a map's value: .data, .bss, .rodata. */
  readonly globalData: boolean
  /** Privileged programs may read stack that was never written. */
  readonly uninitialisedStackReads: boolean
  /** Tail calls in a program that has subprograms. */
  readonly tailCallsWithSubprograms: boolean
}

/** A kernel release as the verifier and the emulated bpf(2) follow it. */
export interface KernelProfile {
  /** `6.12` */
  readonly name: string
  readonly limits: KernelLimits
  readonly instructionSets: readonly InstructionSet[]
  readonly features: KernelFeatures
  /** Helpers up to this number exist. */
  readonly maxHelperId: number
  /** Map types below this number exist. */
  readonly mapTypes: number
  /** Program types below this number exist. */
  readonly programTypes: number
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

/** Releases that this machine can be, by name. */
export const KERNEL_PROFILES: ReadonlyMap<string, KernelProfile> = new Map([
  [
    '6.12',
    {
      name: '6.12',
      limits: LIMITS_6_12,
      instructionSets: ['base', 'jump-less', 'jmp32', 'atomic-fetch', 'v4', 'may-goto'],
      features: {
        boundedLoops: true,
        bpfToBpfCalls: true,
        globalFunctions: true,
        globalData: true,
        uninitialisedStackReads: true,
        tailCallsWithSubprograms: true,
      },
      maxHelperId: MAX_HELPER_ID,
      mapTypes: 34,
      programTypes: 33,
    },
  ],
])

/** The release that is meant where none is named. */
export const DEFAULT_PROFILE = '6.12'

/** The profile of this name; undefined where there is none (yet). */
export function kernelProfile(name: string = DEFAULT_PROFILE): KernelProfile | undefined {
  return KERNEL_PROFILES.get(name)
}
