/**
 * Accesses to the context as programs see it become accesses to the context as it lies in memory.
 *
 * struct xdp_md is a view: its fields are the ends of the packet, which struct xdp_buff holds as pointers, and facts about
 * the queue and the device behind it. A socket buffer's context lies in memory as programs see it, but for fields that are
 * smaller in the socket buffer: stores are cut to what there is, and a load of the upper part of the field, no smaller than
 * that, gives it once more.
 *
 * @see xdp_convert_ctx_access, bpf_convert_ctx_access in net/core/filter.c; convert_ctx_accesses in kernel/bpf/verifier.c
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
import { contextNames, NET_DEVICE, PROG_TYPE, SK_BUFF, XDP_BUFF, XDP_MD, XDP_RXQ_INFO } from '@bpfoundry/kernel-abi'

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
  if (isLoad) return contextNames(programType)?.program === '__sk_buff' ? convertSocketBufferLoad(insn) : undefined
  return STORES_NARROW.has(programType) ? convertSocketBufferStore(insn) : undefined
}

/** Fields of 4 bytes that have as many in the socket buffer. */
// biome-ignore format: table
const SMALL_FIELDS: ReadonlyMap<number, number> = new Map([
  [SK_BUFF.pktType,      1],
  [SK_BUFF.queueMapping, 2],
  [SK_BUFF.protocol,     2],
  [SK_BUFF.vlanTci,      2],
  [SK_BUFF.vlanProto,    2],
  [SK_BUFF.tcIndex,      2],
  [SK_BUFF.tcClassid,    2],
  [SK_BUFF.family,       2],
  [SK_BUFF.gsoSegs,      2],
  [SK_BUFF.gsoSize,      2],
])
const FIELD_BYTES = 4
/** By BPF_SIZE: W, H, B, DW. */
const SIZE_BYTES: readonly number[] = [4, 2, 1, 8]

/** The kernel narrows a load only where it is smaller than what it converts it to. */
function convertSocketBufferLoad(insn: Insn): readonly Insn[] | undefined {
  const field = insn.off - (insn.off % FIELD_BYTES)
  const bytes = SMALL_FIELDS.get(field)
  const loaded = SIZE_BYTES[(insn.opcode & 0x18) >> 3] as number
  return bytes === undefined || field === insn.off || loaded < bytes ? undefined : [{ ...insn, off: field }]
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
