import type { AttachProgram } from '../attach-driver.ts'

/** One instruction of classic BPF: struct sock_filter. */
export interface ClassicInsn {
  readonly code: number
  readonly jt: number
  readonly jf: number
  readonly k: number
}

/** What a cls_bpf filter runs: an eBPF program, or classic bytecode, which has no id, name or tag. */
export interface TcProgram extends AttachProgram {
  readonly bytecode?: readonly ClassicInsn[]
}

/** Classic bytecode as a filter's program. @see tc-bpf(8) */
export function classicProgram(bytecode: readonly ClassicInsn[]): TcProgram {
  return { id: 0, name: '', tag: '', type: 0, expectedAttachType: 0, bytecode }
}

/** Whether two are the same program in the kernel. */
export function isSameProgram(one: AttachProgram | undefined, other: AttachProgram | undefined): boolean {
  return one === other || (one !== undefined && one.id !== 0 && one.id === other?.id)
}
