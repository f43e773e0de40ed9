import { errnoName, XDP_ACTION } from '@bpfoundry/kernel-abi'

/** Names of XDP_* as tracepoints print them; a number that is none stands for itself, in hexadecimal. */
const ACTION_NAMES: readonly string[] = Object.keys(XDP_ACTION)

/** `map_id` of a redirect without a map: INT_MAX. */
export const NO_MAP = 0x7fff_ffff

/** One kind of event: its fields as the kernel's tracepoint has them, and how it prints them. */
interface EventRow {
  readonly name: string
  readonly fields: readonly string[]
  /** TP_printk: `%field` stands for a field. */
  readonly text: string
}

const REDIRECT_FIELDS = ['prog_id', 'act', 'ifindex', 'err', 'to_ifindex', 'map_id', 'map_index'] as const
const REDIRECT_TEXT =
  'prog_id=%prog_id action=%act ifindex=%ifindex to_ifindex=%to_ifindex err=%err map_id=%map_id map_index=%map_index'

/**
 * Tracepoints of the kernel, in the order of their numbers here.
 *
 * @see include/trace/events/xdp.h, include/trace/events/skb.h (6.12)
 */
// biome-ignore format: table
const ROWS: readonly EventRow[] = [
  { name: 'xdp_exception',       fields: ['prog_id', 'act', 'ifindex'],                                   text: 'prog_id=%prog_id action=%act ifindex=%ifindex' },
  { name: 'xdp_bulk_tx',         fields: ['ifindex', 'act', 'drops', 'sent', 'err'],                      text: 'ifindex=%ifindex action=%act sent=%sent drops=%drops err=%err' },
  { name: 'xdp_redirect',        fields: REDIRECT_FIELDS,                                                 text: REDIRECT_TEXT },
  { name: 'xdp_redirect_err',    fields: REDIRECT_FIELDS,                                                 text: REDIRECT_TEXT },
  { name: 'xdp_cpumap_kthread',  fields: ['map_id', 'act', 'cpu', 'drops', 'processed', 'sched', 'xdp_pass', 'xdp_drop', 'xdp_redirect'],
    text: 'kthread cpu=%cpu map_id=%map_id action=%act processed=%processed drops=%drops sched=%sched xdp_pass=%xdp_pass xdp_drop=%xdp_drop xdp_redirect=%xdp_redirect' },
  { name: 'xdp_cpumap_enqueue',  fields: ['map_id', 'act', 'cpu', 'drops', 'processed', 'to_cpu'],        text: 'enqueue cpu=%cpu map_id=%map_id action=%act processed=%processed drops=%drops to_cpu=%to_cpu' },
  { name: 'xdp_devmap_xmit',     fields: ['from_ifindex', 'act', 'to_ifindex', 'drops', 'sent', 'err'],   text: 'ndo_xdp_xmit from_ifindex=%from_ifindex to_ifindex=%to_ifindex action=%act sent=%sent drops=%drops err=%err' },
  { name: 'kfree_skb',           fields: ['protocol', 'reason', 'ifindex'],                               text: 'protocol=%protocol reason: %reason' },
  { name: 'mem_connect',         fields: ['mem_id', 'mem_type', 'ifindex'],                               text: 'mem_id=%mem_id mem_type=%mem_type ifindex=%ifindex' },
  { name: 'mem_disconnect',      fields: ['mem_id', 'mem_type'],                                          text: 'mem_id=%mem_id mem_type=%mem_type' },
]

/** Numbers of the events. */
export const XDP_EVENT = {
  exception: 0,
  bulkTx: 1,
  redirect: 2,
  redirectError: 3,
  cpumapKthread: 4,
  cpumapEnqueue: 5,
  devmapXmit: 6,
  kfreeSkb: 7,
  memConnect: 8,
  memDisconnect: 9,
} as const

/** Fields of an event at most. */
export const EVENT_FIELDS = 9

/** enum skb_drop_reason, as far as generic XDP gives reasons; the numbers are our own. @see include/net/dropreason-core.h */
const SKB_DROP_REASONS = ['NOT_SPECIFIED', 'XDP'] as const
export const SKB_DROP_REASON = { NOT_SPECIFIED: 0, XDP: 1 } as const

/** enum xdp_mem_type. @see include/net/xdp.h */
const MEM_TYPES = ['PAGE_SHARED', 'PAGE_ORDER0', 'PAGE_POOL', 'XSK_BUFF_POOL'] as const

/** Fields that are numbers of something with a name. */
const NAMED: Readonly<Record<string, (value: number) => string>> = {
  act: (value) => ACTION_NAMES[value] ?? `0x${(value >>> 0).toString(16)}`,
  mem_type: (value) => MEM_TYPES[value] ?? String(value),
  reason: (value) => SKB_DROP_REASONS[value] ?? String(value),
}

/** Something that the kernel would have traced. */
export interface XdpEvent {
  /** Name of the tracepoint. */
  readonly name: string
  /** CPU that it happened on, and its modelled time. */
  readonly cpu: number
  readonly timestampNs: number
  /** Its fields by the kernel's names; `err` is negative, as in the kernel. */
  readonly fields: Readonly<Record<string, number>>
  /** As the kernel's TP_printk writes it. */
  readonly text: string
}

/** An event of its number and the values of its fields, in their order. */
export function xdpEvent(number: number, cpu: number, timestampNs: number, values: readonly number[]): XdpEvent {
  const { name, fields, text } = ROWS[number] as EventRow
  const named = Object.fromEntries(fields.map((field, n) => [field, values[n] as number]))
  const shown = text.replace(/%(\w+)/g, (_, field: string) => {
    const value = named[field] as number
    return NAMED[field]?.(value) ?? String(value)
  })
  return { name, cpu, timestampNs, fields: named, text: shown }
}

/** The errno that an event tells, by name: `ENETDOWN`; undefined where nothing went wrong. */
export function eventError({ fields }: XdpEvent): string | undefined {
  const { err } = fields
  return err === undefined || err === 0 ? undefined : errnoName(err)
}
