/** The helpers that LD_ABS and LD_IND call after the fix-ups: (skb, offset), a number in network order, or -EFAULT. */
import { type Cpu, type HelperFunction, returnErrno, returnU32 } from '@bpfoundry/engine'
import { ERRNO, SK_BUFF } from '@bpfoundry/kernel-abi'
import { i32Argument, u32Argument } from '../registers.ts'
import { fieldOf, lengthOf, startOf } from './socket-buffer.ts'

/** Offsets from here on are relative to the network's header, from the lower one to the link layer's. */
const SKF_NET_OFF = -0x100000
const SKF_LL_OFF = -0x200000

/** @see bpf_skb_load_helper_8_no_cache and its siblings in net/core/filter.c (6.12) */
export function packetLoad(bytes: 1 | 2 | 4): HelperFunction {
  return (cpu) => {
    const skb = u32Argument(cpu, 1)
    const offset = fromStart(cpu, skb, i32Argument(cpu, 2))
    if (offset === undefined || lengthOf(cpu, skb) - offset < bytes) returnErrno(cpu, -ERRNO.EFAULT)
    else returnU32(cpu, bigEndian(cpu, startOf(cpu, skb) + offset, bytes))
  }
}

/** May be negative: the link layer's header lies before the packet of a socket filter. */
function fromStart(cpu: Cpu, skb: number, offset: number): number | undefined {
  if (offset >= 0) return offset
  const start = startOf(cpu, skb)
  if (offset >= SKF_NET_OFF) return offset - SKF_NET_OFF + fieldOf(cpu, skb, SK_BUFF.networkHeader) - start
  return offset >= SKF_LL_OFF ? offset - SKF_LL_OFF + fieldOf(cpu, skb, SK_BUFF.macHeader) - start : undefined
}

function bigEndian(cpu: Cpu, address: number, bytes: 1 | 2 | 4): number {
  const { view } = cpu.memory
  if (bytes === 1) return view.getUint8(address)
  return bytes === 2 ? view.getUint16(address) : view.getUint32(address)
}
