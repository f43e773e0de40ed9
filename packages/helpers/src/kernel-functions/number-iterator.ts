/**
 * bpf_iter_num: the numbers from one to another, on the program's stack as {int current, int end}.
 *
 * @see kernel/bpf/bpf_iter.c (6.12)
 */
import { type Cpu, returnErrno, returnU32 } from '@bpfoundry/engine'
import { ERRNO } from '@bpfoundry/kernel-abi'
import { i32Argument, u32Argument } from '../registers.ts'

/** BPF_MAX_LOOPS */
const MOST_NUMBERS = 8 * 1024 * 1024

function set(cpu: Cpu, iterator: number, current: number, end: number): void {
  cpu.memory.view.setInt32(iterator, current, true)
  cpu.memory.view.setInt32(iterator + 4, end, true)
}

/** bpf_iter_num_new(it, start, end): 0, -EINVAL where they are in the wrong order, -E2BIG where they are too far apart. */
export function newNumbers(cpu: Cpu): void {
  const iterator = u32Argument(cpu, 1)
  const start = i32Argument(cpu, 2)
  const end = i32Argument(cpu, 3)
  const problem = start > end ? -ERRNO.EINVAL : end - start > MOST_NUMBERS ? -ERRNO.E2BIG : 0
  if (problem === 0) set(cpu, iterator, (start - 1) | 0, end)
  else set(cpu, iterator, 0, 0)
  returnErrno(cpu, problem)
}

/** bpf_iter_num_next(it): address of the next number, or NULL. */
export function nextNumber(cpu: Cpu): void {
  const iterator = u32Argument(cpu, 1)
  const { view } = cpu.memory
  const next = (view.getInt32(iterator, true) + 1) | 0
  if (next >= view.getInt32(iterator + 4, true)) {
    set(cpu, iterator, 0, 0)
    returnU32(cpu, 0)
  } else {
    view.setInt32(iterator, next, true)
    returnU32(cpu, iterator)
  }
}

/** bpf_iter_num_destroy(it) */
export function destroyNumbers(cpu: Cpu): void {
  set(cpu, u32Argument(cpu, 1), 0, 0)
}
