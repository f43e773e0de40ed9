import type { ContextFieldRow } from './context-rows.ts'

/**
 * The contexts of programs on sockets, as the functions `*_is_valid_access` of net/core/filter.c and kernel/bpf/cgroup.c
 * of Linux 6.12 see them. Columns as in {@link ContextFieldRow}; a size behind `^` is taken at the field's first byte only.
 */

/** struct bpf_sock, of BPF_PROG_TYPE_CGROUP_SOCK. */
// biome-ignore format: table
export const SOCK_ROWS: readonly ContextFieldRow[] = [
  ['bound_dev_if',      0,  4, '4',        '4', 'scalar'],
  ['family',            4,  4, '^1 ^2 ^4', '',  'scalar'],
  ['type',              8,  4, '^1 ^2 ^4', '',  'scalar'],
  ['protocol',         12,  4, '^1 ^2 ^4', '',  'scalar'],
  ['mark',             16,  4, '4',        '4', 'scalar'],
  ['priority',         20,  4, '4',        '4', 'scalar'],
  ['src_ip4',          24,  4, '1 2 4',    '',  'scalar'],
  ['src_ip6',          28, 16, '1 2 4',    '',  'scalar'],
  ['src_port',         44,  4, '^1 ^2 ^4', '',  'scalar'],
  ['dst_port',         48,  2, '1 2',      '',  'scalar'],
  ['dst_port',         48,  4, '^4',       '',  'scalar'],
  ['dst_ip4',          52,  4, '1 2 4',    '',  'scalar'],
  ['dst_ip6',          56, 16, '1 2 4',    '',  'scalar'],
  ['state',            72,  4, '^1 ^2 ^4', '',  'scalar'],
  ['rx_queue_mapping', 76,  4, '^1 ^2 ^4', '',  'scalar'],
]
export const SOCK_BYTES = 80

/** struct bpf_sock_addr, of BPF_PROG_TYPE_CGROUP_SOCK_ADDR. */
// biome-ignore format: table
export const SOCK_ADDR_ROWS: readonly ContextFieldRow[] = [
  ['user_family',  0,  4, '4',       '',    'scalar'],
  ['user_ip4',     4,  4, '1 2 4',   '4',   'scalar'],
  ['user_ip6',     8, 16, '1 2 4 8', '4 8', 'scalar'],
  ['user_port',   24,  4, '1 2 4',   '4',   'scalar'],
  ['family',      28,  4, '4',       '',    'scalar'],
  ['type',        32,  4, '4',       '',    'scalar'],
  ['protocol',    36,  4, '4',       '',    'scalar'],
  ['msg_src_ip4', 40,  4, '1 2 4',   '4',   'scalar'],
  ['msg_src_ip6', 44, 16, '1 2 4 8', '4 8', 'scalar'],
  ['sk',          64,  8, '8',       '',    'sock'],
]
export const SOCK_ADDR_BYTES = 72

/** struct bpf_sock_ops. */
// biome-ignore format: table
export const SOCK_OPS_ROWS: readonly ContextFieldRow[] = [
  ['op',                      0,  4, '4',        '',  'scalar'],
  ['reply',                   4,  4, '4',        '4', 'scalar'],
  ['replylong',               8, 12, '4',        '',  'scalar'],
  ['family',                 20,  4, '4',        '',  'scalar'],
  ['remote_ip4',             24,  4, '4',        '',  'scalar'],
  ['local_ip4',              28,  4, '4',        '',  'scalar'],
  ['remote_ip6',             32, 16, '4',        '',  'scalar'],
  ['local_ip6',              48, 16, '4',        '',  'scalar'],
  ['remote_port',            64,  4, '4',        '',  'scalar'],
  ['local_port',             68,  4, '4',        '',  'scalar'],
  ['is_fullsock',            72,  4, '4',        '',  'scalar'],
  ['snd_cwnd',               76,  4, '4',        '',  'scalar'],
  ['srtt_us',                80,  4, '4',        '',  'scalar'],
  ['bpf_sock_ops_cb_flags',  84,  4, '4',        '',  'scalar'],
  ['state',                  88,  4, '4',        '',  'scalar'],
  ['rtt_min',                92,  4, '4',        '',  'scalar'],
  ['snd_ssthresh',           96,  4, '4',        '',  'scalar'],
  ['rcv_nxt',               100,  4, '4',        '',  'scalar'],
  ['snd_nxt',               104,  4, '4',        '',  'scalar'],
  ['snd_una',               108,  4, '4',        '',  'scalar'],
  ['mss_cache',             112,  4, '4',        '',  'scalar'],
  ['ecn_flags',             116,  4, '4',        '',  'scalar'],
  ['rate_delivered',        120,  4, '4',        '',  'scalar'],
  ['rate_interval_us',      124,  4, '4',        '',  'scalar'],
  ['packets_out',           128,  4, '4',        '',  'scalar'],
  ['retrans_out',           132,  4, '4',        '',  'scalar'],
  ['total_retrans',         136,  4, '4',        '',  'scalar'],
  ['segs_in',               140,  4, '4',        '',  'scalar'],
  ['data_segs_in',          144,  4, '4',        '',  'scalar'],
  ['segs_out',              148,  4, '4',        '',  'scalar'],
  ['data_segs_out',         152,  4, '4',        '',  'scalar'],
  ['lost_out',              156,  4, '4',        '',  'scalar'],
  ['sacked_out',            160,  4, '4',        '',  'scalar'],
  ['sk_txhash',             164,  4, '4',        '4', 'scalar'],
  ['bytes_received',        168,  8, '8',        '',  'scalar'],
  ['bytes_acked',           176,  8, '8',        '',  'scalar'],
  ['sk',                    184,  8, '8',        '',  'sock_or_null'],
  ['skb_data',              192,  8, '8',        '',  'pkt'],
  ['skb_data_end',          200,  8, '8',        '',  'pkt_end'],
  ['skb_len',               208,  4, '4',        '',  'scalar'],
  ['skb_tcp_flags',         212,  4, '^1 ^2 ^4', '',  'scalar'],
  ['skb_hwtstamp',          216,  8, '8',        '',  'scalar'],
]
export const SOCK_OPS_BYTES = 224

/** struct sk_msg_md. */
// biome-ignore format: table
export const SK_MSG_ROWS: readonly ContextFieldRow[] = [
  ['data',         0,  8, '8', '', 'pkt'],
  ['data_end',     8,  8, '8', '', 'pkt_end'],
  ['family',      16,  4, '4', '', 'scalar'],
  ['remote_ip4',  20,  4, '4', '', 'scalar'],
  ['local_ip4',   24,  4, '4', '', 'scalar'],
  ['remote_ip6',  28, 16, '4', '', 'scalar'],
  ['local_ip6',   44, 16, '4', '', 'scalar'],
  ['remote_port', 60,  4, '4', '', 'scalar'],
  ['local_port',  64,  4, '4', '', 'scalar'],
  ['size',        68,  4, '4', '', 'scalar'],
  ['sk',          72,  8, '8', '', 'sock'],
]
export const SK_MSG_BYTES = 80

/** struct sk_reuseport_md. */
// biome-ignore format: table
export const SK_REUSEPORT_ROWS: readonly ContextFieldRow[] = [
  ['data',          0, 8, '8',     '', 'pkt'],
  ['data_end',      8, 8, '8',     '', 'pkt_end'],
  ['len',          16, 4, '1 2 4', '', 'scalar'],
  ['eth_protocol', 20, 4, '2 4',   '', 'scalar'],
  ['ip_protocol',  24, 4, '1 2 4', '', 'scalar'],
  ['bind_inany',   28, 4, '1 2 4', '', 'scalar'],
  ['hash',         32, 4, '4',     '', 'scalar'],
  ['sk',           40, 8, '8',     '', 'sock'],
  ['migrating_sk', 48, 8, '8',     '', 'sock_common_or_null'],
]
export const SK_REUSEPORT_BYTES = 56

/** struct bpf_sk_lookup. */
// biome-ignore format: table
export const SK_LOOKUP_ROWS: readonly ContextFieldRow[] = [
  ['sk',               0,  8, '8',     '', 'sock_or_null'],
  ['family',           8,  4, '1 2 4', '', 'scalar'],
  ['protocol',        12,  4, '1 2 4', '', 'scalar'],
  ['remote_ip4',      16,  4, '1 2 4', '', 'scalar'],
  ['remote_ip6',      20, 16, '1 2 4', '', 'scalar'],
  ['remote_port',     36,  4, '1 2 4', '', 'scalar'],
  ['local_ip4',       40,  4, '1 2 4', '', 'scalar'],
  ['local_ip6',       44, 16, '1 2 4', '', 'scalar'],
  ['local_port',      60,  4, '1 2 4', '', 'scalar'],
  ['ingress_ifindex', 64,  4, '1 2 4', '', 'scalar'],
]
export const SK_LOOKUP_BYTES = 72

/** struct bpf_tcp_sock, behind a pointer. @see bpf_tcp_sock_is_valid_access */
// biome-ignore format: table
export const TCP_SOCK_ROWS: readonly ContextFieldRow[] = [
  ['snd_cwnd',           0, 4, '4', '', 'scalar'],
  ['srtt_us',            4, 4, '4', '', 'scalar'],
  ['rtt_min',            8, 4, '4', '', 'scalar'],
  ['snd_ssthresh',      12, 4, '4', '', 'scalar'],
  ['rcv_nxt',           16, 4, '4', '', 'scalar'],
  ['snd_nxt',           20, 4, '4', '', 'scalar'],
  ['snd_una',           24, 4, '4', '', 'scalar'],
  ['mss_cache',         28, 4, '4', '', 'scalar'],
  ['ecn_flags',         32, 4, '4', '', 'scalar'],
  ['rate_delivered',    36, 4, '4', '', 'scalar'],
  ['rate_interval_us',  40, 4, '4', '', 'scalar'],
  ['packets_out',       44, 4, '4', '', 'scalar'],
  ['retrans_out',       48, 4, '4', '', 'scalar'],
  ['total_retrans',     52, 4, '4', '', 'scalar'],
  ['segs_in',           56, 4, '4', '', 'scalar'],
  ['data_segs_in',      60, 4, '4', '', 'scalar'],
  ['segs_out',          64, 4, '4', '', 'scalar'],
  ['data_segs_out',     68, 4, '4', '', 'scalar'],
  ['lost_out',          72, 4, '4', '', 'scalar'],
  ['sacked_out',        76, 4, '4', '', 'scalar'],
  ['bytes_received',    80, 8, '8', '', 'scalar'],
  ['bytes_acked',       88, 8, '8', '', 'scalar'],
  ['dsack_dups',        96, 4, '4', '', 'scalar'],
  ['delivered',        100, 4, '4', '', 'scalar'],
  ['delivered_ce',     104, 4, '4', '', 'scalar'],
  ['icsk_retransmits', 108, 4, '4', '', 'scalar'],
]
export const TCP_SOCK_BYTES = 112

/** struct bpf_xdp_sock, behind a pointer. @see bpf_xdp_sock_is_valid_access */
export const XDP_SOCK_ROWS: readonly ContextFieldRow[] = [['queue_id', 0, 4, '4', '', 'scalar']]
export const XDP_SOCK_BYTES = 4
