/** What a register holds after a context field was loaded; the names are those of the verifier's log. */
export type ContextValue =
  | 'scalar'
  | 'pkt'
  | 'pkt_end'
  | 'pkt_meta'
  | 'sock'
  | 'sock_or_null'
  | 'sock_common_or_null'
  | 'flow_keys'
  | 'tp_buffer'
  | 'trusted_ptr'

/**
 * Field, offset and extent in bytes, sizes of a load and of a store in bytes (`1 2 4` is a field that may be read in
 * part; `^1` only at its first byte), and what a load yields. A field may have several rows. A store also needs the program type's leave, so does a load that yields no scalar.
 */
export type ContextFieldRow = readonly [
  name: string,
  offsetBytes: number,
  extentBytes: number,
  load: string,
  store: string,
  yields: ContextValue,
]

/**
 * struct __sk_buff as bpf_skb_is_valid_access of Linux 6.12 sees it. Every access is also aligned to its size and stays
 * inside its field. Padding has no row.
 *
 * @see include/uapi/linux/bpf.h, net/core/filter.c
 */
// biome-ignore format: table
export const SK_BUFF_ROWS: readonly ContextFieldRow[] = [
  ['len',               0,  4, '1 2 4',   '4',       'scalar'],
  ['pkt_type',          4,  4, '1 2 4',   '4',       'scalar'],
  ['mark',              8,  4, '1 2 4',   '4',       'scalar'],
  ['queue_mapping',    12,  4, '1 2 4',   '4',       'scalar'],
  ['protocol',         16,  4, '1 2 4',   '4',       'scalar'],
  ['vlan_present',     20,  4, '1 2 4',   '4',       'scalar'],
  ['vlan_tci',         24,  4, '1 2 4',   '4',       'scalar'],
  ['vlan_proto',       28,  4, '1 2 4',   '4',       'scalar'],
  ['priority',         32,  4, '1 2 4',   '4',       'scalar'],
  ['ingress_ifindex',  36,  4, '1 2 4',   '4',       'scalar'],
  ['ifindex',          40,  4, '1 2 4',   '4',       'scalar'],
  ['tc_index',         44,  4, '1 2 4',   '4',       'scalar'],
  ['cb',               48, 20, '1 2 4 8', '1 2 4 8', 'scalar'],
  ['hash',             68,  4, '1 2 4',   '4',       'scalar'],
  ['tc_classid',       72,  4, '1 2 4',   '4',       'scalar'],
  ['data',             76,  4, '4',       '4',       'pkt'],
  ['data_end',         80,  4, '4',       '4',       'pkt_end'],
  ['napi_id',          84,  4, '1 2 4',   '4',       'scalar'],
  ['family',           88,  4, '1 2 4',   '4',       'scalar'],
  ['remote_ip4',       92,  4, '4',       '4',       'scalar'],
  ['local_ip4',        96,  4, '4',       '4',       'scalar'],
  ['remote_ip6',      100, 16, '4',       '4',       'scalar'],
  ['local_ip6',       116, 16, '4',       '4',       'scalar'],
  ['remote_port',     132,  4, '1 2 4',   '4',       'scalar'],
  ['local_port',      136,  4, '1 2 4',   '4',       'scalar'],
  ['data_meta',       140,  4, '4',       '4',       'pkt_meta'],
  ['flow_keys',       144,  8, '',        '',        'flow_keys'],
  ['tstamp',          152,  8, '8',       '8',       'scalar'],
  ['wire_len',        160,  4, '1 2 4',   '4',       'scalar'],
  ['gso_segs',        164,  4, '1 2 4',   '4',       'scalar'],
  ['sk',              168,  8, '8',       '',        'sock_common_or_null'],
  ['gso_size',        176,  4, '1 2 4',   '4',       'scalar'],
  ['tstamp_type',     180,  1, '',        '',        'scalar'],
  ['hwtstamp',        184,  8, '8',       '',        'scalar'],
]

/** sizeof(struct __sk_buff) */
export const SK_BUFF_BYTES = 192

/** struct xdp_md, all of it read-only words. @see xdp_is_valid_access in net/core/filter.c */
// biome-ignore format: table
export const XDP_MD_ROWS: readonly ContextFieldRow[] = [
  ['data',              0,  4, '4',       '',        'pkt'],
  ['data_end',          4,  4, '4',       '',        'pkt_end'],
  ['data_meta',         8,  4, '4',       '',        'pkt_meta'],
  ['ingress_ifindex',  12,  4, '4',       '',        'scalar'],
  ['rx_queue_index',   16,  4, '4',       '4',       'scalar'],
  ['egress_ifindex',   20,  4, '4',       '',        'scalar'],
]
