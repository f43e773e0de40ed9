/**
 * bpf_iter_bits: the bits that are set in some words, of which it keeps a copy: one word on the program's stack, more on
 * the heap. On the stack it is {u64 copy or address, int bits, int bit}.
 *
 * @see kernel/bpf/helpers.c (6.12)
 */
import { type Cpu, returnErrno, returnU32 } from '@bpfoundry/engine'
import { NULL_PAGE_BYTES } from '@bpfoundry/guest-memory'
import { ERRNO } from '@bpfoundry/kernel-abi'
import { heapOf } from '../objects/object-heap.ts'
import { u32Argument, u64Argument } from '../registers.ts'

const WORD_BYTES = 8
const WORD_BITS = 64
const MOST_WORDS = 511
const BITS = 8
const BIT = 12

/** bpf_iter_bits_new(it, words, nr_words): 0, -EINVAL, -E2BIG, -ENOMEM; -EFAULT where no memory is. */
export function newBits(cpu: Cpu): void {
  const { view } = cpu.memory
  const iterator = u32Argument(cpu, 1)
  view.setBigUint64(iterator, 0n, true)
  view.setInt32(iterator + BITS, 0, true)
  view.setInt32(iterator + BIT, -1, true)
  returnErrno(cpu, fill(cpu, iterator, u64Argument(cpu, 2), u32Argument(cpu, 3)))
}

function fill(cpu: Cpu, iterator: number, source: number, words: number): number {
  if (source === 0 || words === 0) return -ERRNO.EINVAL
  if (words > MOST_WORDS) return -ERRNO.E2BIG
  const copy = words === 1 ? iterator : (heapOf(cpu)?.take(words * WORD_BYTES) ?? 0)
  if (copy === 0) return -ERRNO.ENOMEM
  if (!copyFrom(cpu, copy, source, words * WORD_BYTES)) {
    if (copy !== iterator) heapOf(cpu)?.give(copy)
    return -ERRNO.EFAULT
  }
  const { view } = cpu.memory
  if (copy !== iterator) view.setUint32(iterator, copy, true)
  view.setInt32(iterator + BITS, words * WORD_BITS, true)
  return 0
}

/** Any number may come as the address. */
function copyFrom({ memory }: Cpu, to: number, from: number, bytes: number): boolean {
  memory.refresh()
  if (from < NULL_PAGE_BYTES || from + bytes > memory.byteLength) return false
  memory.u8.copyWithin(to, from, from + bytes)
  return true
}

/** bpf_iter_bits_next(it): address of the number of the next bit that is set, or NULL. */
export function nextBit(cpu: Cpu): void {
  const { view } = cpu.memory
  const iterator = u32Argument(cpu, 1)
  const bits = view.getInt32(iterator + BITS, true)
  const bit = view.getInt32(iterator + BIT, true)
  if (bits === 0 || bit >= bits) {
    returnU32(cpu, 0)
    return
  }
  const next = findBit(cpu, bits === WORD_BITS ? iterator : view.getUint32(iterator, true), bits, bit + 1)
  view.setInt32(iterator + BIT, next, true)
  returnU32(cpu, next < bits ? iterator + BIT : 0)
}

/** The first bit that is set from `start` on; `bits` where there is none. */
function findBit({ memory }: Cpu, words: number, bits: number, start: number): number {
  for (let bit = start; bit < bits; bit += 32 - (bit % 32)) {
    const left = memory.view.getUint32(words + 4 * Math.floor(bit / 32), true) >>> (bit % 32)
    if (left !== 0) return bit + 31 - Math.clz32(left & -left)
  }
  return bits
}

/** bpf_iter_bits_destroy(it) */
export function destroyBits(cpu: Cpu): void {
  const { view } = cpu.memory
  const iterator = u32Argument(cpu, 1)
  if (view.getInt32(iterator + BITS, true) <= WORD_BITS) return
  heapOf(cpu)?.give(view.getUint32(iterator, true))
}
