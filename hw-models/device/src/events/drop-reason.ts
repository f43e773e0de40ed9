import { FATES, type Fate, type Fates } from '../fates.ts'
import type { XdpMode } from '../xdp-mode.ts'

/**
 * What the kernel says of a packet that ended so: a name of enum skb_drop_reason where an skb was freed; where there was
 * none yet, the counter or error by which the driver tells.
 */
export interface DropReason {
  /** SKB_DROP_REASON_* without the prefix; undefined where no skb was freed. */
  readonly skb?: string
  /** In words, for people. */
  readonly text: string
}

interface ReasonRow {
  /** In generic mode, where the packet is an skb. */
  readonly skb: string
  readonly text: string
}

/** In generic XDP a program's verdict frees the skb without a reason; a redirect that failed gives one. @see do_xdp_generic in net/core/dev.c (6.12) */
// biome-ignore format: table
const ROWS: Partial<Record<Fate, ReasonRow>> = {
  drop:           { skb: 'NOT_SPECIFIED', text: 'XDP_DROP' },
  aborted:        { skb: 'NOT_SPECIFIED', text: 'XDP_ABORTED, traced as xdp_exception' },
  invalid_action: { skb: 'NOT_SPECIFIED', text: 'a verdict that the driver does not know, traced as xdp_exception' },
  tx_full:        { skb: 'NOT_SPECIFIED', text: 'no room in the transmit ring' },
  redirect_error: { skb: 'XDP',           text: 'the redirect failed, traced as xdp_redirect_err or xdp_devmap_xmit' },
  xsk_full:       { skb: 'XDP',           text: 'no room at the AF_XDP socket, traced as xdp_redirect_err' },
  egress_drop:    { skb: 'NOT_SPECIFIED', text: "the devmap entry's program did not pass it" },
  cpumap_full:    { skb: 'XDP',           text: "no room in the CPU's queue, traced as xdp_cpumap_enqueue" },
  cpumap_drop:    { skb: 'NOT_SPECIFIED', text: "the cpumap entry's program did not pass it, traced as xdp_cpumap_kthread" },
  no_target:      { skb: 'NOT_SPECIFIED', text: 'a broadcast to no device' },
}

/** Of frames that the card itself refused there is no skb in any mode. */
const BY_THE_CARD: Partial<Record<Fate, string>> = {
  ring_full: 'no free receive descriptor (rx_missed_errors)',
  too_long: 'longer than the MTU allows (rx_length_errors)',
  too_short: 'shorter than an Ethernet header (rx_length_errors)',
  link_down: 'the interface was down',
}

/** Why packets with this fate were dropped; undefined for those that were not. */
export function dropReason(fate: Fate, mode: XdpMode): DropReason | undefined {
  const card = BY_THE_CARD[fate]
  if (card !== undefined) return { text: card }
  const row = ROWS[fate]
  if (row === undefined) return undefined
  return mode === 'generic' ? row : { text: row.text }
}

/** How many packets were dropped for one reason. */
export interface DroppedPackets extends DropReason {
  readonly fate: Fate
  readonly packets: number
}

/** The reasons for which packets were dropped, in the order of the fates; none where none were. */
export function dropReasons(fates: Readonly<Fates>, mode: XdpMode): DroppedPackets[] {
  return FATES.flatMap((fate) => {
    const reason = fates[fate] === 0 ? undefined : dropReason(fate, mode)
    return reason === undefined ? [] : [{ fate, packets: fates[fate], ...reason }]
  })
}
