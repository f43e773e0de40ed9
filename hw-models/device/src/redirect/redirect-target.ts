import { CPU_BLOCK, type Cpu } from '@bpfoundry/engine'
import type { GuestMemory } from '@bpfoundry/guest-memory'

const MAP = CPU_BLOCK.fields.redirectMap.offsetBytes >>> 2
const INDEX = CPU_BLOCK.fields.redirectIndex.offsetBytes >>> 2
const IFINDEX = CPU_BLOCK.fields.redirectIfindex.offsetBytes >>> 2
const FLAGS = CPU_BLOCK.fields.redirectFlags.offsetBytes >>> 2

/** Flags of bpf_redirect_map that the driver acts on. @see include/uapi/linux/bpf.h */
export const REDIRECT_FLAG = { broadcast: 8, excludeIngress: 16 } as const

/** Where the last bpf_redirect or bpf_redirect_map of a run wants the packet: struct bpf_redirect_info. */
export class RedirectTarget {
  /** Guest address of the map, 0 without one. */
  map = 0
  /** Key in the map, or the ifindex. */
  index = 0
  /** What the helper found there: an ifindex, a queue's length, a socket. */
  found = 0
  /** {@link REDIRECT_FLAG}s. */
  flags = 0

  /** Takes what a CPU's helper left, so that no later packet finds it. */
  take({ u32 }: GuestMemory, cpu: Cpu): void {
    const at = cpu.block >>> 2
    this.map = u32[at + MAP] as number
    this.index = u32[at + INDEX] as number
    this.found = u32[at + IFINDEX] as number
    this.flags = u32[at + FLAGS] as number
    forgetRedirect(u32, at)
  }
}

/** Leaves nothing that a packet could be redirected by. */
export function clearRedirect({ u32 }: GuestMemory, cpu: Cpu): void {
  forgetRedirect(u32, cpu.block >>> 2)
}

function forgetRedirect(u32: Uint32Array, at: number): void {
  u32[at + MAP] = 0
  u32[at + IFINDEX] = 0
  u32[at + FLAGS] = 0
}

/** Leaves a target for {@link RedirectTarget.take}: of a packet whose program ran a while ago. */
export function leaveRedirect({ u32 }: GuestMemory, cpu: Cpu, target: Readonly<Omit<RedirectTarget, 'take'>>): void {
  const at = cpu.block >>> 2
  u32[at + MAP] = target.map
  u32[at + INDEX] = target.index
  u32[at + IFINDEX] = target.found
  u32[at + FLAGS] = target.flags
}
