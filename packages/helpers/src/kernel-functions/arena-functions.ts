/** bpf_arena_alloc_pages, bpf_arena_free_pages. @see kernel/bpf/arena.c (6.12) */
import { type Cpu, type HelperFunction, returnU32 } from '@bpfoundry/engine'
import { ArenaMap } from '@bpfoundry/maps'
import type { HelperEnvironment } from '../helper-environment.ts'
import { i32Argument, returnNumber, u32Argument, u64Argument } from '../registers.ts'

const U32 = 2 ** 32
/** Nodes of memory: there is one. */
const NO_NODE = -1
const ONLY_NODE = 0

/** What of an address counts: its lower half, and that it is one. */
function addressArgument(cpu: Cpu, n: number): number {
  return u64Argument(cpu, n) === 0 ? 0 : u32Argument(cpu, n) + U32
}

/** bpf_arena_alloc_pages(map, addr, page_cnt, node_id, flags): the first page's address in user space, or NULL. */
export function allocateArenaPages(environment: HelperEnvironment): HelperFunction {
  return (cpu) => {
    const arena = environment.mapAt(u32Argument(cpu, 1))
    const node = i32Argument(cpu, 4)
    const isFit = u64Argument(cpu, 5) === 0 && (node === NO_NODE || node === ONLY_NODE)
    const wanted = addressArgument(cpu, 2)
    returnNumber(cpu, arena instanceof ArenaMap && isFit ? arena.allocatePages(wanted, u32Argument(cpu, 3)) : 0)
  }
}

/** bpf_arena_free_pages(map, ptr, page_cnt) */
export function freeArenaPages(environment: HelperEnvironment): HelperFunction {
  return (cpu) => {
    const arena = environment.mapAt(u32Argument(cpu, 1))
    const address = addressArgument(cpu, 2)
    const count = u32Argument(cpu, 3)
    if (arena instanceof ArenaMap && address !== 0 && count !== 0) arena.freePages(address, count)
    returnU32(cpu, 0)
  }
}
