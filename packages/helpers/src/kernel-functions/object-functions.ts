/** Kernel functions on objects of a program's own, on lists and trees of them. @see kernel/bpf/helpers.c (6.12) */
import { type Cpu, type HelperFunction, returnErrno, returnU32 } from '@bpfoundry/engine'
import { ERRNO } from '@bpfoundry/kernel-abi'
import { link, unlink } from '../objects/linked-list.ts'
import { heapOf } from '../objects/object-heap.ts'
import { beginObject, dropObject, holdObject } from '../objects/own-object.ts'
import { firstInTree, isInTree, removeFromTree, stepIntoTree } from '../objects/red-black-tree.ts'
import { sizeOfDescribed } from '../objects/structure-description.ts'
import { u32Argument } from '../registers.ts'

/** bpf_obj_new_impl(type, description): a fresh object of zeros, or NULL. */
export function newObject(cpu: Cpu): void {
  const description = u32Argument(cpu, 2)
  const object = heapOf(cpu)?.take(sizeOfDescribed(cpu.memory, description)) ?? 0
  if (object !== 0) beginObject(cpu.memory, object, description)
  returnU32(cpu, object)
}

/** bpf_percpu_obj_new_impl(type, description): zeros for each CPU, or NULL. */
export function newPerCpuObject(cpu: Cpu): void {
  returnU32(cpu, heapOf(cpu)?.takePerCpu(sizeOfDescribed(cpu.memory, u32Argument(cpu, 2))) ?? 0)
}

function drop(cpu: Cpu, object: number, description: number): void {
  const heap = heapOf(cpu)
  if (heap !== undefined) dropObject({ memory: cpu.memory, heap }, object, description)
}

/** bpf_obj_drop_impl(object, description) */
export function dropOwnObject(cpu: Cpu): void {
  drop(cpu, u32Argument(cpu, 1), u32Argument(cpu, 2))
  returnU32(cpu, 0)
}

/** bpf_percpu_obj_drop_impl(object, description) */
export function dropPerCpuObject(cpu: Cpu): void {
  heapOf(cpu)?.give(u32Argument(cpu, 1))
  returnU32(cpu, 0)
}

/** bpf_refcount_acquire_impl(object, description): the object, counted once more; NULL where it is being freed. */
export function acquireObject(cpu: Cpu): void {
  const object = u32Argument(cpu, 1)
  returnU32(cpu, holdObject(cpu.memory, object, u32Argument(cpu, 2)) ? object : 0)
}

/** bpf_list_push_front_impl, _back_(head, node, description, offset): 0; -EINVAL and no object where it is in a list. */
export function pushToList(atBack: boolean): HelperFunction {
  return (cpu) => {
    const node = u32Argument(cpu, 2)
    const isLinked = link(cpu.memory, u32Argument(cpu, 1), node, atBack)
    if (!isLinked) drop(cpu, node - u32Argument(cpu, 4), u32Argument(cpu, 3))
    returnErrno(cpu, isLinked ? 0 : -ERRNO.EINVAL)
  }
}

/** bpf_list_pop_front, _back(head): the node that was taken out, or NULL. */
export function popFromList(atBack: boolean): HelperFunction {
  return (cpu) => returnU32(cpu, unlink(cpu.memory, u32Argument(cpu, 1), atBack))
}

/** What bpf_rbtree_add_impl begins with, (node, description, offset): 0; -EINVAL and no object where it is in a tree. */
export function beginTreeAdd(cpu: Cpu): void {
  const node = u32Argument(cpu, 1)
  const isLinked = isInTree(cpu.memory, node)
  if (isLinked) drop(cpu, node - u32Argument(cpu, 3), u32Argument(cpu, 2))
  returnErrno(cpu, isLinked ? -ERRNO.EINVAL : 0)
}

/** A step of bpf_rbtree_add_impl, (root, node, parent, less): the node to be compared next, 0 once it is in. */
export function stepTreeAdd(cpu: Cpu): void {
  const [root, node, parent] = [u32Argument(cpu, 1), u32Argument(cpu, 2), u32Argument(cpu, 3)]
  const isLess = (cpu.regs[8] as number) !== 0 || (cpu.regs[9] as number) !== 0
  returnU32(cpu, stepIntoTree(cpu.memory, root, node, parent, isLess))
}

/** bpf_rbtree_remove(root, node): the node that was taken out, NULL where it is in no such tree. */
export function removeTreeNode(cpu: Cpu): void {
  const node = u32Argument(cpu, 2)
  returnU32(cpu, removeFromTree(cpu.memory, u32Argument(cpu, 1), node) ? node : 0)
}

/** bpf_rbtree_first(root): the node that comes first, or NULL. */
export function firstTreeNode(cpu: Cpu): void {
  returnU32(cpu, firstInTree(cpu.memory, u32Argument(cpu, 1)))
}
