import type { ContextFieldRow } from './context-rows.ts'

/**
 * The contexts of programs on events and on control groups' other hooks, as kernel/trace/bpf_trace.c, kernel/bpf/cgroup.c
 * and others of Linux 6.12 see them. Columns as in {@link ContextFieldRow}.
 */

/** struct pt_regs of x86-64. @see kprobe_prog_is_valid_access */
export const KPROBE_ROWS: readonly ContextFieldRow[] = [['regs', 0, 168, '1 2 4 8', '', 'scalar']]
export const KPROBE_BYTES = 168

/** A trace event's record behind its common word, up to PERF_MAX_TRACE_SIZE. @see tp_prog_is_valid_access */
export const TRACEPOINT_ROWS: readonly ContextFieldRow[] = [['record', 8, 8184, '1 2 4 8', '', 'scalar']]
export const TRACEPOINT_BYTES = 8192

/** Twelve arguments. @see raw_tp_prog_is_valid_access */
export const RAW_TRACEPOINT_ROWS: readonly ContextFieldRow[] = [['args', 0, 96, '1 2 4 8', '', 'scalar']]
/** Here the first one, read whole, is a buffer to write to. @see raw_tp_writable_prog_is_valid_access */
export const RAW_TRACEPOINT_WRITABLE_ROWS: readonly ContextFieldRow[] = [
  ['args', 0, 8, '8', '', 'tp_buffer'],
  ['args', 1, 95, '1 2 4 8', '', 'scalar'],
]
export const RAW_TRACEPOINT_BYTES = 96

/** struct bpf_perf_event_data of x86-64. @see pe_prog_is_valid_access */
// biome-ignore format: table
export const PERF_EVENT_ROWS: readonly ContextFieldRow[] = [
  ['regs',            0, 168, '8',       '', 'scalar'],
  ['sample_period', 168,   8, '1 2 4 8', '', 'scalar'],
  ['addr',          176,   8, '1 2 4 8', '', 'scalar'],
]
export const PERF_EVENT_BYTES = 184

/** struct bpf_cgroup_dev_ctx. @see cgroup_dev_is_valid_access */
// biome-ignore format: table
export const CGROUP_DEVICE_ROWS: readonly ContextFieldRow[] = [
  ['access_type', 0, 4, '1 2 4', '', 'scalar'],
  ['major',       4, 4, '4',     '', 'scalar'],
  ['minor',       8, 4, '4',     '', 'scalar'],
]
export const CGROUP_DEVICE_BYTES = 12

/** struct bpf_sysctl. @see sysctl_is_valid_access */
// biome-ignore format: table
export const CGROUP_SYSCTL_ROWS: readonly ContextFieldRow[] = [
  ['write',    0, 4, '1 2 4', '',  'scalar'],
  ['file_pos', 4, 4, '1 2 4', '4', 'scalar'],
]
export const CGROUP_SYSCTL_BYTES = 8

/** struct bpf_sockopt; a load from `retval` and most stores depend on the hook. @see cg_sockopt_is_valid_access */
// biome-ignore format: table
export const CGROUP_SOCKOPT_ROWS: readonly ContextFieldRow[] = [
  ['sk',          0, 8, '8', '',  'sock'],
  ['optval',      8, 8, '8', '',  'pkt'],
  ['optval_end', 16, 8, '8', '',  'pkt_end'],
  ['level',      24, 4, '4', '4', 'scalar'],
  ['optname',    28, 4, '4', '4', 'scalar'],
  ['optlen',     32, 4, '4', '4', 'scalar'],
  ['retval',     36, 4, '4', '4', 'scalar'],
]
export const CGROUP_SOCKOPT_BYTES = 40

/** One word: the event. @see lirc_mode2_is_valid_access in drivers/media/rc/bpf-lirc.c */
export const LIRC_MODE2_ROWS: readonly ContextFieldRow[] = [['sample', 0, 4, '4', '', 'scalar']]
export const LIRC_MODE2_BYTES = 4

/** struct bpf_nf_ctx: pointers by BTF. @see nf_is_valid_access in net/netfilter/nf_bpf_link.c */
// biome-ignore format: table
export const NETFILTER_ROWS: readonly ContextFieldRow[] = [
  ['state', 0, 8, '8', '', 'trusted_ptr'],
  ['skb',   8, 8, '8', '', 'trusted_ptr'],
]
export const NETFILTER_BYTES = 16
