import { type Cpu, returnErrno, returnU32 } from '@bpfoundry/engine'
import { ERRNO } from '@bpfoundry/kernel-abi'
import { u32Argument } from './registers.ts'

/** Both buffers together. @see MAX_BPF_STACK */
const MOST_BYTES = 512
const ALL_ONES = 0xffff_ffff

/**
 * bpf_csum_diff(from, from_size, to, to_size, seed): the 32-bit one's complement sum of seed, the words of `to` and the
 * complements of the words of `from`; -EINVAL for sizes that are no multiples of 4 or too large.
 *
 * Sums stay far below 2^53, so that they are exact; the end-around carries are what is left modulo 2^32 - 1.
 *
 * @see RFC 1071, RFC 1624
 */
export function csumDiff(cpu: Cpu): void {
  const { view } = cpu.memory
  const from = u32Argument(cpu, 1)
  const fromBytes = u32Argument(cpu, 2)
  const to = u32Argument(cpu, 3)
  const toBytes = u32Argument(cpu, 4)
  if (((fromBytes | toBytes) & 3) !== 0 || fromBytes + toBytes > MOST_BYTES) {
    returnErrno(cpu, -ERRNO.EINVAL)
    return
  }
  let sum = u32Argument(cpu, 5)
  for (let at = 0; at < fromBytes; at += 4) sum += ALL_ONES - view.getUint32(from + at, true)
  for (let at = 0; at < toBytes; at += 4) sum += view.getUint32(to + at, true)
  returnU32(cpu, sum === 0 ? 0 : ((sum - 1) % ALL_ONES) + 1)
}
