/** Kernel functions that programs can call, by name; others are there to be refused in words of their own. */
import { ExecutionFault, type HelperFunction, returnU32 } from '@bpfoundry/engine'
import {
  ABSENT_KERNEL_FUNCTION,
  FIX_UP_FUNCTIONS,
  KERNEL_FUNCTION_NUMBERS,
  kernelFunctionNumber,
  numberedKernelFunction,
} from '@bpfoundry/kernel-abi'
import type { HelperEnvironment } from '../helper-environment.ts'
import { allocateArenaPages, freeArenaPages } from './arena-functions.ts'
import { destroyBits, newBits, nextBit } from './bits-iterator.ts'
import {
  dynptrAdjust,
  dynptrClone,
  dynptrFromPacket,
  dynptrIsNull,
  dynptrIsReadOnly,
  dynptrSize,
  dynptrSlice,
} from './dynptr-functions.ts'
import { destroyNumbers, newNumbers, nextNumber } from './number-iterator.ts'
import {
  acquireObject,
  beginTreeAdd,
  dropOwnObject,
  dropPerCpuObject,
  firstTreeNode,
  newObject,
  newPerCpuObject,
  popFromList,
  pushToList,
  removeTreeNode,
  stepTreeAdd,
} from './object-functions.ts'

/** Sections that keep others from freeing, or from taking the CPU: nobody does that to a run here. */
const nothing: HelperFunction = (cpu) => returnU32(cpu, 0)

// biome-ignore format: table
const FUNCTIONS: readonly (readonly [name: string, fn: HelperFunction])[] = [
  ['bpf_iter_num_new',          newNumbers],
  ['bpf_iter_num_next',         nextNumber],
  ['bpf_iter_num_destroy',      destroyNumbers],
  ['bpf_iter_bits_new',         newBits],
  ['bpf_iter_bits_next',        nextBit],
  ['bpf_iter_bits_destroy',     destroyBits],
  ['bpf_rcu_read_lock',         nothing],
  ['bpf_rcu_read_unlock',       nothing],
  ['bpf_preempt_disable',       nothing],
  ['bpf_preempt_enable',        nothing],
  ['bpf_dynptr_from_skb',       dynptrFromPacket('skb', false)],
  ['bpf_dynptr_from_xdp',       dynptrFromPacket('xdp', false)],
  ['bpf_dynptr_slice',          dynptrSlice(false)],
  ['bpf_dynptr_slice_rdwr',     dynptrSlice(true)],
  ['bpf_dynptr_adjust',         dynptrAdjust],
  ['bpf_dynptr_is_null',        dynptrIsNull],
  ['bpf_dynptr_is_rdonly',      dynptrIsReadOnly],
  ['bpf_dynptr_size',           dynptrSize],
  ['bpf_dynptr_clone',          dynptrClone],
  ['bpf_obj_new_impl',          newObject],
  ['bpf_obj_drop_impl',         dropOwnObject],
  ['bpf_percpu_obj_new_impl',   newPerCpuObject],
  ['bpf_percpu_obj_drop_impl',  dropPerCpuObject],
  ['bpf_refcount_acquire_impl', acquireObject],
  ['bpf_list_push_front_impl',  pushToList(false)],
  ['bpf_list_push_back_impl',   pushToList(true)],
  ['bpf_list_pop_front',        popFromList(false)],
  ['bpf_list_pop_back',         popFromList(true)],
  ['bpf_rbtree_remove',         removeTreeNode],
  ['bpf_rbtree_first',          firstTreeNode],
]

/** Those that are handed maps. */
// biome-ignore format: table
const MAP_FUNCTIONS: readonly (readonly [name: string, make: (environment: HelperEnvironment) => HelperFunction])[] = [
  ['bpf_arena_alloc_pages',     allocateArenaPages],
  ['bpf_arena_free_pages',      freeArenaPages],
]

/** Parts of functions that fix-ups put into the program. */
// biome-ignore format: table
const PARTS: readonly (readonly [number: number, fn: HelperFunction])[] = [
  [FIX_UP_FUNCTIONS.treeAddBegin,          beginTreeAdd],
  [FIX_UP_FUNCTIONS.treeAddStep,           stepTreeAdd],
  [FIX_UP_FUNCTIONS.dynptrFromSkbReadOnly, dynptrFromPacket('skb', true)],
]

/** What a run stops with that comes to a function which is not there. */
function absent(name: string): HelperFunction {
  return () => {
    throw new ExecutionFault({
      code: 'FAULT_UNKNOWN_HELPER',
      message: `the kernel function ${name} can't be run here`,
      got: name,
      hint: 'the program can be verified and dumped; docs/parity/helpers.md lists the functions that run',
    })
  }
}

/** By number: all that a fixed-up program may call. */
export function kernelFunctions(environment: HelperEnvironment): ReadonlyMap<number, HelperFunction> {
  const rows = KERNEL_FUNCTION_NUMBERS.map((number) => [number, absent(numberedKernelFunction(number) ?? '')] as const)
  const own = FUNCTIONS.map(([name, fn]) => [kernelFunctionNumber(name) as number, fn] as const)
  const ofMaps = MAP_FUNCTIONS.map(([name, make]) => [kernelFunctionNumber(name) as number, make(environment)] as const)
  return new Map([[ABSENT_KERNEL_FUNCTION, absent('of this call')], ...rows, ...PARTS, ...own, ...ofMaps])
}

/** Names of the kernel functions that programs can call. */
export const KERNEL_FUNCTIONS_IMPLEMENTED: readonly string[] = [...FUNCTIONS, ...MAP_FUNCTIONS].map(([name]) => name)
