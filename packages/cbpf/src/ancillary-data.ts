import { SKF_AD_OFF } from './classic-opcodes.ts'

/**
 * What packet loads at SKF_AD_OFF give instead of packet data: name, offset from there, what tcpdump calls it.
 *
 * @see SKF_AD_* in the kernel's include/uapi/linux/filter.h; Documentation/networking/filter.rst
 */
// biome-ignore format: table
const ANCILLARY_DATA = [
  ['protocol',          0, 'proto'],      // EtherType
  ['pkttype',           4, 'type'],       // PACKET_HOST, PACKET_BROADCAST ...
  ['ifindex',           8, 'ifidx'],
  ['nlattr',           12, 'nla'],        // offset of netlink attribute X at or behind A
  ['nlattr_nest',      16, 'nlan'],       // the same within the attribute at A
  ['mark',             20, 'mark'],
  ['queue',            24, 'queue'],
  ['hatype',           28, 'hatype'],     // ARPHRD_*
  ['rxhash',           32, 'rxhash'],
  ['cpu',              36, 'cpu'],
  ['alu_xor_x',        40, 'xor_x'],      // A ^ X, from before there was an instruction for it
  ['vlan_tag',         44, 'vlan_tci'],
  ['vlan_tag_present', 48, 'vlanp'],
  ['pay_offset',       52, 'poff'],       // where the transport's payload starts
  ['random',           56, 'random'],
  ['vlan_tpid',        60, 'vlan_tpid'],
] as const

export type AncillaryName = (typeof ANCILLARY_DATA)[number][0]

/** One row: a load with `k` reads it, whatever its size. */
export interface AncillaryRow {
  readonly name: AncillaryName
  /** Unsigned, as in an instruction. */
  readonly k: number
  /** In tcpdump's disassembly. */
  readonly word: string
}

/** All of them. */
export const ANCILLARY: readonly AncillaryRow[] = Object.freeze(
  ANCILLARY_DATA.map(([name, offset, word]) => Object.freeze({ name, k: (SKF_AD_OFF + offset) >>> 0, word })),
)

const FIRST = SKF_AD_OFF >>> 0
const byOffset = new Map(ANCILLARY.map((row) => [row.k, row]))

/** What a packet load with this k reads; undefined where it is packet data. Only loads without X have ancillary data. */
export function ancillaryOf(k: number): AncillaryRow | undefined {
  return k < FIRST ? undefined : byOffset.get(k)
}
