/**
 * Accesses to the context as programs see it become accesses to the context as it lies in memory.
 *
 * struct xdp_md is a view: its fields are the ends of the packet, which struct xdp_buff holds as pointers, and facts about
 * the queue and the device behind it. A socket buffer's context lies in memory as programs see it: only stores to fields
 * that have 16 bits in the socket buffer are cut to those.
 *
 * @see xdp_convert_ctx_access, bpf_convert_ctx_access in net/core/filter.c
 */
import {
  BPF_DW,
  BPF_H,
  BPF_JGE,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_LDX,
  BPF_MEM,
  BPF_ST,
  BPF_STX,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { NET_DEVICE, PROG_TYPE, SK_BUFF, XDP_BUFF, XDP_MD, XDP_RXQ_INFO } from '@bpfoundry/kernel-abi'

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

/** The instructions that stand for an access to the context; undefined where it stays as it is. */
export function convertContextAccess(programType: number, insn: Insn): readonly Insn[] | undefined {
  if ((insn.opcode & 0xe0) !== BPF_MEM) return undefined
  const isLoad = (insn.opcode & 0x07) === BPF_LDX
  if (programType === PROG_TYPE.XDP) return isLoad ? convertXdpLoad(insn) : undefined
  return STORES_NARROW.has(programType) && !isLoad ? convertSocketBufferStore(insn) : undefined
}

/** Types on a socket buffer that may write these fields. */
const STORES_NARROW: ReadonlySet<number> = new Set([PROG_TYPE.SCHED_CLS, PROG_TYPE.SCHED_ACT, PROG_TYPE.SK_SKB])
const NARROW_FIELDS: ReadonlySet<number> = new Set([SK_BUFF.queueMapping, SK_BUFF.tcIndex, SK_BUFF.tcClassid])
/** A queue number that stands for none: it is not stored. */
const NO_QUEUE_MAPPING = 0xffff

function convertSocketBufferStore(insn: Insn): readonly Insn[] | undefined {
  if (!NARROW_FIELDS.has(insn.off)) return undefined
  const fromRegister = (insn.opcode & 0x07) === BPF_STX
  const store = { ...insn, opcode: (fromRegister ? BPF_STX : BPF_ST) | BPF_MEM | BPF_H }
  if (insn.off !== SK_BUFF.queueMapping) return [store]
  if (fromRegister) return [BPF_JMP_IMM(BPF_JGE, insn.src, NO_QUEUE_MAPPING, 1), store]
  return insn.imm >= NO_QUEUE_MAPPING ? [BPF_JMP_A(0)] : [store]
}

function convertXdpLoad(insn: Insn): readonly Insn[] | undefined {
  return XDP_CHAINS.get(insn.off)?.map(([size, off], index) => ({
    opcode: BPF_LDX | BPF_MEM | size,
    dst: insn.dst,
    src: index === 0 ? insn.src : insn.dst,
    off,
    imm: 0,
  }))
}
