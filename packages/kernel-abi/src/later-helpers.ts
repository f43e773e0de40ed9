/**
 * Helpers that program types got in a later release than the one that brought them, before 6.4: read off the sources of 4.14,
 * 4.19, 5.4, 5.10, 5.15 and 6.1, so that of a release between two of these the later one is told. What came after, and what an
 * attach type has to do with, stands with the sets of helpers.
 */
import { HELPER_ROWS } from './helper-rows.ts'
import { PROG_TYPE } from './program-types.ts'

type TypeName = keyof typeof PROG_TYPE

/** Types of sockets, packets and cgroups that had the base helpers from the first. */
const NETWORK = `SOCKET_FILTER SCHED_CLS SCHED_ACT XDP CGROUP_SKB CGROUP_SOCK CGROUP_SOCK_ADDR LWT_IN LWT_OUT LWT_XMIT
  LWT_SEG6LOCAL SOCK_OPS SK_SKB SK_MSG FLOW_DISSECTOR SK_REUSEPORT`
/** Those that had few helpers of their own at first. */
const CGROUP = 'CGROUP_DEVICE CGROUP_SYSCTL CGROUP_SOCKOPT'
const TRACE = 'KPROBE TRACEPOINT PERF_EVENT RAW_TRACEPOINT RAW_TRACEPOINT_WRITABLE TRACING LSM'

/** @see the `*_func_proto` functions in net/core/filter.c, kernel/bpf/cgroup.c, kernel/trace/bpf_trace.c of each release */
// biome-ignore format: table
const ROWS: readonly (readonly [since: string, helpers: string, types: string])[] = [
  ['4.19', 'csum_diff',                                                                              'XDP'],
  ['4.19', 'get_socket_cookie',                                                                      'SOCK_OPS'],
  ['5.4',  'perf_event_output',                                                                      'SOCKET_FILTER CGROUP_SKB SOCK_OPS SK_SKB'],
  ['5.4',  'skb_cgroup_id',                                                                          'CGROUP_SKB'],
  ['5.4',  'lwt_push_encap',                                                                         'LWT_XMIT'],
  ['5.4',  'get_current_cgroup_id',                                                                  'CGROUP_DEVICE'],
  ['5.10', 'get_current_task',                                                                       `${NETWORK} ${CGROUP}`],
  ['5.10', 'skb_ancestor_cgroup_id sk_lookup_tcp sk_lookup_udp sk_release skc_lookup_tcp',           'CGROUP_SKB'],
  ['5.10', 'get_current_pid_tgid get_cgroup_classid get_current_cgroup_id',                          'CGROUP_SOCK CGROUP_SOCK_ADDR SK_MSG'],
  ['5.10', 'get_current_comm',                                                                       'CGROUP_SOCK CGROUP_SOCK_ADDR'],
  ['5.10', 'perf_event_output',                                                                      `CGROUP_SOCK CGROUP_SOCK_ADDR SK_MSG ${CGROUP}`],
  ['5.10', 'get_socket_cookie',                                                                      'CGROUP_SOCK'],
  ['5.10', 'sk_storage_get',                                                                         'CGROUP_SOCK SK_MSG'],
  ['5.10', 'skb_adjust_room',                                                                        'SK_SKB'],
  ['5.10', 'get_current_uid_gid sk_storage_delete',                                                  'SK_MSG'],
  ['5.10', 'perf_event_read_value',                                                                  'TRACEPOINT PERF_EVENT RAW_TRACEPOINT RAW_TRACEPOINT_WRITABLE'],
  ['5.10', 'ktime_get_ns get_prandom_u32 get_smp_processor_id tail_call get_numa_node_id',           CGROUP],
  ['5.10', 'spin_lock spin_unlock',                                                                  CGROUP],
  ['5.15', 'get_netns_cookie',                                                                       'SOCK_OPS SK_MSG CGROUP_SOCKOPT'],
  ['5.15', 'spin_lock spin_unlock get_current_ancestor_cgroup_id',                                   TRACE],
  ['5.15', 'get_socket_cookie',                                                                      'TRACING SK_REUSEPORT LSM'],
  ['6.1',  'strtol strtoul',                                                                         `${NETWORK} ${TRACE} CGROUP_DEVICE CGROUP_SOCKOPT SK_LOOKUP SYSCALL`],
  ['6.1',  'get_current_pid_tgid get_current_comm get_cgroup_classid get_current_ancestor_cgroup_id', CGROUP],
  ['6.1',  'get_local_storage',                                                                      'LSM'],
]

const NUMBERS: ReadonlyMap<string, number> = new Map(HELPER_ROWS.map(([id, name]) => [name, id]))

const words = (text: string): readonly string[] => text.split(/\s+/)

/** Program type and helper in one number, and the release. */
const SINCE: ReadonlyMap<number, string> = new Map(
  ROWS.flatMap(([since, helpers, types]) =>
    words(types).flatMap((type) =>
      words(helpers).map((name) => [keyOf(PROG_TYPE[type as TypeName], NUMBERS.get(name) ?? 0), since] as const),
    ),
  ),
)

function keyOf(programType: number, helper: number): number {
  return programType * 1024 + helper
}

/** The release that gave programs of that type a helper which others had before; undefined where the helper's own counts. */
export function laterHelperSince(programType: number, helper: number): string | undefined {
  return SINCE.get(keyOf(programType, helper))
}
