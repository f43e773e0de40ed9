import { isDiagnostic } from '@bpfoundry/diagnostics'
import type { Insn } from '@bpfoundry/isa'
import { ATTACH_TYPE, PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { Kernel, type OffloadDevice } from '../kernel.ts'
import { ProgramRejected } from '../kernel-error.ts'

/** What a program needs to be loaded with, where 0 does not do. @see tools/lib/bpf/libbpf_probes.c */
const ATTACH_TYPES: ReadonlyMap<number, number> = new Map([
  [PROG_TYPE.CGROUP_SOCK_ADDR, ATTACH_TYPE.CGROUP_INET4_CONNECT],
  [PROG_TYPE.CGROUP_SOCKOPT, ATTACH_TYPE.CGROUP_GETSOCKOPT],
  [PROG_TYPE.SK_LOOKUP, ATTACH_TYPE.SK_LOOKUP],
  [PROG_TYPE.LIRC_MODE2, ATTACH_TYPE.LIRC_MODE2],
  [PROG_TYPE.NETFILTER, ATTACH_TYPE.NETFILTER],
])

/** The attach type that programs of a type are tried with. */
export function probeAttachType(programType: number): number {
  return ATTACH_TYPES.get(programType) ?? 0
}

/** Loads programs into a kernel of one release, or for a device there, to see whether they are taken. */
export class ProbedKernel {
  readonly release: string
  readonly #kernel: Kernel
  readonly #device: OffloadDevice | undefined

  constructor(release: string, device?: OffloadDevice) {
    this.release = release
    this.#kernel = Kernel.create({ profile: release })
    this.#device = device
  }

  takes(type: number, insns: readonly Insn[]): boolean {
    return this.refusal(type, insns) === undefined
  }

  /** What is said of a program that is not taken: the log, or why it was not even judged. */
  refusal(type: number, insns: readonly Insn[]): string | undefined {
    const flags = type === PROG_TYPE.SYSCALL ? PROG_FLAG.SLEEPABLE : 0
    const request = { name: '', type, expectedAttachType: probeAttachType(type), insns, license: 'GPL', flags }
    try {
      this.#kernel.loadProgram(request, this.#device).close()
      return undefined
    } catch (error) {
      if (error instanceof ProgramRejected) return `${error.log}${error.rejection.message}`
      if (isDiagnostic(error) && this.#device !== undefined) return error.message
      throw error
    }
  }
}
