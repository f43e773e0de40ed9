/**
 * Loads from the context as programs see it become loads from the context as it lies in memory.
 *
 * struct xdp_md is a view: its fields are the ends of the packet, which struct xdp_buff holds as pointers, and facts about
 * the queue and the device behind it. A socket buffer's context lies in memory as programs see it and is left alone.
 *
 * @see xdp_convert_ctx_access in net/core/filter.c
 */
import { BPF_DW, BPF_LDX, BPF_MEM, BPF_W, type Insn } from '@bpfoundry/isa'
import { NET_DEVICE, PROG_TYPE, XDP_BUFF, XDP_MD, XDP_RXQ_INFO } from '@bpfoundry/kernel-abi'

/** One load of a chain: each but the first goes through the pointer that the one before found. */
type Load = readonly [size: number, offsetBytes: number]

// biome-ignore format: table
const XDP_CHAINS: ReadonlyMap<number, readonly Load[]> = new Map<number, readonly Load[]>([
  [XDP_MD.data,           [[BPF_DW, XDP_BUFF.data]]],
  [XDP_MD.dataEnd,        [[BPF_DW, XDP_BUFF.dataEnd]]],
  [XDP_MD.dataMeta,       [[BPF_DW, XDP_BUFF.dataMeta]]],
  [XDP_MD.ingressIfindex, [[BPF_DW, XDP_BUFF.rxq], [BPF_DW, XDP_RXQ_INFO.dev], [BPF_W, NET_DEVICE.ifindex]]],
  [XDP_MD.rxQueueIndex,   [[BPF_DW, XDP_BUFF.rxq], [BPF_W, XDP_RXQ_INFO.queueIndex]]],
  [XDP_MD.egressIfindex,  [[BPF_DW, XDP_BUFF.txq], [BPF_DW, XDP_RXQ_INFO.dev], [BPF_W, NET_DEVICE.ifindex]]],
])

/** The instructions that stand for a load from the context; undefined where it stays as it is. */
export function convertContextLoad(programType: number, insn: Insn): readonly Insn[] | undefined {
  const isLoad = (insn.opcode & 0x07) === BPF_LDX && (insn.opcode & 0xe0) === BPF_MEM
  const chain = programType === PROG_TYPE.XDP && isLoad ? XDP_CHAINS.get(insn.off) : undefined
  return chain?.map(([size, off], index) => ({
    opcode: BPF_LDX | BPF_MEM | size,
    dst: insn.dst,
    src: index === 0 ? insn.src : insn.dst,
    off,
    imm: 0,
  }))
}
