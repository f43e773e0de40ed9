/** Kernel functions on dynptrs. @see kernel/bpf/helpers.c, net/core/filter.c (6.12) */
import { type Cpu, type HelperFunction, returnErrno, returnU32 } from '@bpfoundry/engine'
import { ERRNO } from '@bpfoundry/kernel-abi'
import { checkRange, DYNPTR_KIND, type Dynptr, readDynptr, writeDynptr, writeNullDynptr } from '../dynptr/dynptr.ts'
import { u32Argument, u64Argument } from '../registers.ts'
import { lengthOf, startOf } from '../socket-buffer/socket-buffer.ts'
import { eachPiece, packetBytes } from '../xdp-frags.ts'

/** bpf_xdp_pointer refuses offsets and lengths over this. */
const LARGEST_XDP_OFFSET = 0xffff

/** bpf_dynptr_from_skb, bpf_dynptr_from_xdp(ctx, flags, ptr): 0; -EINVAL for any flags, and a null dynptr. */
export function dynptrFromPacket(kind: 'skb' | 'xdp', isReadOnly: boolean): HelperFunction {
  return (cpu) => {
    const data = u32Argument(cpu, 1)
    const at = u32Argument(cpu, 3)
    if (u64Argument(cpu, 2) !== 0) {
      writeNullDynptr(cpu, at)
      returnErrno(cpu, -ERRNO.EINVAL)
      return
    }
    const sizeBytes = kind === 'skb' ? lengthOf(cpu, data) : packetBytes(cpu.memory, data >>> 2)
    writeDynptr(cpu, at, { data, kind: DYNPTR_KIND[kind], isReadOnly, sizeBytes, offsetBytes: 0 })
    returnErrno(cpu, 0)
  }
}

/** bpf_dynptr_slice, and _rdwr(ptr, offset, buffer, size): where the bytes are, the buffer with a copy of them, or NULL. */
export function dynptrSlice(writes: boolean): HelperFunction {
  return (cpu) => {
    const dynptr = readDynptr(cpu, u32Argument(cpu, 1))
    const [offset, buffer, length] = [u32Argument(cpu, 2), u32Argument(cpu, 3), u32Argument(cpu, 4)]
    const isClosed = dynptr.data === 0 || (writes && dynptr.isReadOnly)
    const isOutside = isClosed || checkRange(dynptr, offset, length) !== 0
    returnU32(cpu, isOutside ? 0 : sliceOf(cpu, dynptr, dynptr.offsetBytes + offset, buffer, length))
  }
}

function sliceOf(cpu: Cpu, { data, kind }: Dynptr, offset: number, buffer: number, length: number): number {
  if (kind === DYNPTR_KIND.xdp) return xdpSlice(cpu, data, offset, buffer, length)
  if (kind !== DYNPTR_KIND.skb) return data + offset
  // The packet may have become shorter since.
  return offset + length <= lengthOf(cpu, data) ? startOf(cpu, data) + offset : 0
}

function xdpSlice({ memory }: Cpu, ctx: number, offset: number, buffer: number, length: number): number {
  const at = ctx >>> 2
  const isThere = offset + length <= packetBytes(memory, at)
  if (!isThere || offset > LARGEST_XDP_OFFSET || length > LARGEST_XDP_OFFSET) return buffer
  const pieces: (readonly [address: number, done: number, bytes: number])[] = []
  eachPiece(memory, at, offset, length, (address, done, bytes) => pieces.push([address, done, bytes]))
  const [first] = pieces
  if (pieces.length === 1 && first !== undefined) return first[0]
  if (buffer === 0) return 0
  for (const [address, done, bytes] of pieces) memory.u8.copyWithin(buffer + done, address, address + bytes)
  return buffer
}

/** bpf_dynptr_adjust(ptr, start, end): 0, -EINVAL where it is null or they are in the wrong order, -ERANGE past its end. */
export function dynptrAdjust(cpu: Cpu): void {
  const at = u32Argument(cpu, 1)
  const [start, end] = [u32Argument(cpu, 2), u32Argument(cpu, 3)]
  const dynptr = readDynptr(cpu, at)
  const isWrong = dynptr.data === 0 || start > end
  const problem = isWrong ? -ERRNO.EINVAL : end > dynptr.sizeBytes ? -ERRNO.ERANGE : 0
  if (problem === 0) {
    writeDynptr(cpu, at, { ...dynptr, sizeBytes: end - start, offsetBytes: dynptr.offsetBytes + start })
  }
  returnErrno(cpu, problem)
}

/** bpf_dynptr_is_null(ptr) */
export function dynptrIsNull(cpu: Cpu): void {
  returnU32(cpu, readDynptr(cpu, u32Argument(cpu, 1)).data === 0 ? 1 : 0)
}

/** bpf_dynptr_is_rdonly(ptr): false where it is null. */
export function dynptrIsReadOnly(cpu: Cpu): void {
  const { data, isReadOnly } = readDynptr(cpu, u32Argument(cpu, 1))
  returnU32(cpu, data !== 0 && isReadOnly ? 1 : 0)
}

/** bpf_dynptr_size(ptr): a u32, of -EINVAL where it is null. */
export function dynptrSize(cpu: Cpu): void {
  const { data, sizeBytes } = readDynptr(cpu, u32Argument(cpu, 1))
  returnU32(cpu, data === 0 ? -ERRNO.EINVAL : sizeBytes)
}

/** bpf_dynptr_clone(ptr, clone): 0; -EINVAL and a null clone where it is null. */
export function dynptrClone(cpu: Cpu): void {
  const dynptr = readDynptr(cpu, u32Argument(cpu, 1))
  const clone = u32Argument(cpu, 2)
  if (dynptr.data === 0) writeNullDynptr(cpu, clone)
  else writeDynptr(cpu, clone, dynptr)
  returnErrno(cpu, dynptr.data === 0 ? -ERRNO.EINVAL : 0)
}
