/** bpf_redirect and bpf_redirect_map leave the target in the CPU's block, where the driver finds it after XDP_REDIRECT. */
import { CPU_BLOCK, type Cpu, type HelperFunction, returnU32 } from '@bpfoundry/engine'
import { MAP_TYPE, XDP_ACTION } from '@bpfoundry/kernel-abi'
import { type BpfMap, isTargetMap } from '@bpfoundry/maps'
import type { HelperEnvironment } from './helper-environment.ts'
import { u32Argument, u64Argument } from './registers.ts'

const MAP = CPU_BLOCK.fields.redirectMap.offsetBytes >>> 2
const INDEX = CPU_BLOCK.fields.redirectIndex.offsetBytes >>> 2
const IFINDEX = CPU_BLOCK.fields.redirectIfindex.offsetBytes >>> 2
const FLAGS = CPU_BLOCK.fields.redirectFlags.offsetBytes >>> 2

/** Low bits of the flags: the action when there is no target. */
export const ACTION_MASK = 3
/** Flags of devmaps: to all of them, but not to where the packet came from. */
export const BPF_F_BROADCAST = 8
const BPF_F_EXCLUDE_INGRESS = 16
const DEVMAP_FLAGS: number = ACTION_MASK | BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS

/** The flags that bpf_redirect_map knows of a map's type. */
export function redirectFlags({ attributes: { type } }: BpfMap): number {
  return type === MAP_TYPE.DEVMAP || type === MAP_TYPE.DEVMAP_HASH ? DEVMAP_FLAGS : ACTION_MASK
}

function setTarget(cpu: Cpu, map: number, index: number, ifindex: number, flags: number): void {
  const { u32 } = cpu.memory
  const at = cpu.block >>> 2
  u32[at + MAP] = map
  u32[at + INDEX] = index
  u32[at + IFINDEX] = ifindex
  u32[at + FLAGS] = flags
}

/** bpf_redirect(ifindex, flags) of XDP: XDP_REDIRECT, or XDP_ABORTED for any flag. */
export function xdpRedirect(cpu: Cpu): void {
  if (u64Argument(cpu, 2) !== 0) {
    returnU32(cpu, XDP_ACTION.ABORTED)
    return
  }
  const ifindex = u32Argument(cpu, 1)
  setTarget(cpu, 0, ifindex, ifindex, 0)
  returnU32(cpu, XDP_ACTION.REDIRECT)
}

/**
 * bpf_redirect_map(map, key, flags): XDP_REDIRECT; without a target the action in the flags' low bits; XDP_ABORTED for
 * flags that the map type does not know. A broadcast needs no target.
 */
export function xdpRedirectMap(environment: HelperEnvironment): HelperFunction {
  return (cpu) => {
    const address = u32Argument(cpu, 1)
    const map = environment.mapAt(address)
    const index = u32Argument(cpu, 2)
    const flags = u64Argument(cpu, 3)
    const known = redirectFlags(map)
    if (flags > known || (flags & ~known) !== 0) {
      returnU32(cpu, XDP_ACTION.ABORTED)
      return
    }
    const target = isTargetMap(map) ? map.target(index) : 0
    const broadcast = (flags & BPF_F_BROADCAST) !== 0
    if (target === 0 && !broadcast) {
      setTarget(cpu, 0, 0, 0, 0)
      returnU32(cpu, flags & ACTION_MASK)
      return
    }
    setTarget(cpu, address, index, target, broadcast ? flags : 0)
    returnU32(cpu, XDP_ACTION.REDIRECT)
  }
}
