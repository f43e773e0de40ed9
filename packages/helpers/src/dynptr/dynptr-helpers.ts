/** Helpers that make dynptrs and copy through them. @see kernel/bpf/helpers.c (6.12) */
import { type Cpu, returnErrno, returnU32 } from '@bpfoundry/engine'
import { ERRNO } from '@bpfoundry/kernel-abi'
import { u32Argument, u64Argument } from '../registers.ts'
import { skbLoadBytes, skbStoreBytes } from '../socket-buffer/packet-bytes.ts'
import { xdpLoadBytes, xdpStoreBytes } from '../xdp-frame.ts'
import {
  checkRange,
  DYNPTR_KIND,
  type Dynptr,
  LARGEST_DYNPTR_BYTES,
  readDynptr,
  writeDynptr,
  writeNullDynptr,
} from './dynptr.ts'

/** bpf_dynptr_from_mem(data, size, flags, ptr): 0, -E2BIG, -EINVAL for any flags; then it is null. */
export function dynptrFromMem(cpu: Cpu): void {
  const at = u32Argument(cpu, 4)
  const sizeBytes = u32Argument(cpu, 2)
  const tooLarge = sizeBytes > LARGEST_DYNPTR_BYTES ? -ERRNO.E2BIG : 0
  const problem = tooLarge || (u64Argument(cpu, 3) === 0 ? 0 : -ERRNO.EINVAL)
  const data = u32Argument(cpu, 1)
  if (problem === 0)
    writeDynptr(cpu, at, { data, kind: DYNPTR_KIND.local, isReadOnly: false, sizeBytes, offsetBytes: 0 })
  else writeNullDynptr(cpu, at)
  returnErrno(cpu, problem)
}

/** Lays arguments out for a helper that this one ends with: r1 on. */
function hand({ regs }: Cpu, ...values: readonly number[]): void {
  values.forEach((value, index) => {
    regs[2 * index + 2] = value
    regs[2 * index + 3] = 0
  })
}

/** bpf_dynptr_read(dst, len, src, offset, flags): 0, -EINVAL where it is null, -E2BIG past its end. */
export function dynptrRead(cpu: Cpu): void {
  const [to, length, offset] = [u32Argument(cpu, 1), u32Argument(cpu, 2), u32Argument(cpu, 4)]
  const dynptr = readDynptr(cpu, u32Argument(cpu, 3))
  const isWrong = dynptr.data === 0 || u64Argument(cpu, 5) !== 0
  const problem = isWrong ? -ERRNO.EINVAL : checkRange(dynptr, offset, length)
  if (problem !== 0) {
    returnErrno(cpu, problem)
    return
  }
  const from = dynptr.offsetBytes + offset
  if (isPacket(dynptr)) {
    hand(cpu, dynptr.data, from, to, length)
    if (dynptr.kind === DYNPTR_KIND.skb) skbLoadBytes(cpu)
    else xdpLoadBytes(cpu)
    return
  }
  cpu.memory.u8.copyWithin(to, dynptr.data + from, dynptr.data + from + length)
  returnErrno(cpu, 0)
}

/** bpf_dynptr_write(dst, offset, src, len, flags): 0, -EINVAL where it is null or only to be read, -E2BIG past its end. */
export function dynptrWrite(cpu: Cpu): void {
  const [offset, from, length] = [u32Argument(cpu, 2), u32Argument(cpu, 3), u32Argument(cpu, 4)]
  const dynptr = readDynptr(cpu, u32Argument(cpu, 1))
  const isWrong = dynptr.data === 0 || dynptr.isReadOnly
  const problem = isWrong ? -ERRNO.EINVAL : checkRange(dynptr, offset, length)
  if (problem !== 0) {
    returnErrno(cpu, problem)
    return
  }
  const hasFlags = u64Argument(cpu, 5) !== 0
  if (hasFlags && dynptr.kind !== DYNPTR_KIND.skb) {
    returnErrno(cpu, -ERRNO.EINVAL)
    return
  }
  const to = dynptr.offsetBytes + offset
  if (isPacket(dynptr)) {
    hand(cpu, dynptr.data, to, from, length)
    if (dynptr.kind === DYNPTR_KIND.skb) skbStoreBytes(cpu)
    else xdpStoreBytes(cpu)
    return
  }
  cpu.memory.u8.copyWithin(dynptr.data + to, from, from + length)
  returnErrno(cpu, 0)
}

/** bpf_dynptr_data(ptr, offset, len): its address, or NULL; NULL for a packet's. */
export function dynptrData(cpu: Cpu): void {
  const dynptr = readDynptr(cpu, u32Argument(cpu, 1))
  const offset = u32Argument(cpu, 2)
  const isThere = dynptr.data !== 0 && !dynptr.isReadOnly && !isPacket(dynptr)
  const fits = isThere && checkRange(dynptr, offset, u32Argument(cpu, 3)) === 0
  returnU32(cpu, fits ? dynptr.data + dynptr.offsetBytes + offset : 0)
}

/** Its `data` is a context. */
export function isPacket({ kind }: Dynptr): boolean {
  return kind === DYNPTR_KIND.skb || kind === DYNPTR_KIND.xdp
}
