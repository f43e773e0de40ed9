import type { AttachTypeName } from './attach-types.ts'
import type { PROG_TYPE } from './program-types.ts'

/** Capability that the loader of a program needs for the helpers of a set. */
export type HelperCapability = 'CAP_BPF' | 'CAP_PERFMON'

export type HelperSetName =
  | 'base'
  | 'base_bpf'
  | 'base_perfmon'
  | 'base_cgroup'
  | 'base_task'
  | 'base_bpf_6_16'
  | 'base_perfmon_6_16'
  | 'sk_base'
  | 'sk_base_perfmon'
  | 'sock_filter'
  | 'sock_addr'
  | 'sock_addr_connect'
  | 'sock_addr_options'
  | 'sk_filter'
  | 'sk_filter_netns'
  | 'cg_skb'
  | 'tc_cls_act'
  | 'tc_change_head'
  | 'tc_netns'
  | 'xdp'
  | 'xdp_redirect'
  | 'sock_ops'
  | 'sk_msg'
  | 'sk_skb'
  | 'flow_dissector'
  | 'lwt_out'
  | 'lwt_in'
  | 'lwt_xmit'
  | 'lwt_seg6local'
  | 'sk_reuseport'
  | 'sk_lookup'
  | 'cgroup_common'
  | 'cgroup_retval'
  | 'cgroup_current'
  | 'cgroup_task'
  | 'cgroup_device'
  | 'cgroup_sysctl'
  | 'cgroup_sockopt'
  | 'cgroup_setsockopt'
  | 'trace'
  | 'trace_compat'
  | 'trace_storage'
  | 'trace_storage_iter'
  | 'trace_storage_recur'
  | 'kprobe'
  | 'kprobe_override'
  | 'kprobe_multi'
  | 'uprobe_multi'
  | 'kprobe_single'
  | 'tracepoint'
  | 'perf_event'
  | 'raw_tracepoint'
  | 'raw_tracepoint_cookie'
  | 'tracing'
  | 'tracing_storage'
  | 'tracing_cookie'
  | 'tracing_iter'
  | 'tracing_trampoline'
  | 'tracing_raw_tp'
  | 'tracing_no_cookie'
  | 'lsm'
  | 'lsm_cgroup'
  | 'lsm_cgroup_common'
  | 'lsm_mac'
  | 'syscall'
  | 'syscall_perfmon'
  | 'lirc_mode2'
  | 'tcp_congestion'
  | 'sk_options'

/** Helpers that come and go together. */
export interface HelperSet {
  /** `helper`, `helper=variant` where the prototype isn't the helper's namesake, `helper=none` to withhold it. */
  readonly helpers: string
  readonly capability?: HelperCapability
  /** The release that gave these program types the set, where the helpers are older than that. */
  readonly since?: string
  /** Only for these expected attach types. */
  readonly onlyFor?: readonly AttachTypeName[]
  readonly exceptFor?: readonly AttachTypeName[]
}

const CONNECT_HOOKS: readonly AttachTypeName[] = ['CGROUP_INET4_CONNECT', 'CGROUP_INET6_CONNECT']

const SOCKET_OPTION_HOOKS: readonly AttachTypeName[] = [
  'CGROUP_INET4_BIND',
  'CGROUP_INET6_BIND',
  'CGROUP_INET4_CONNECT',
  'CGROUP_INET6_CONNECT',
  'CGROUP_UNIX_CONNECT',
  'CGROUP_UDP4_RECVMSG',
  'CGROUP_UDP6_RECVMSG',
  'CGROUP_UNIX_RECVMSG',
  'CGROUP_UDP4_SENDMSG',
  'CGROUP_UDP6_SENDMSG',
  'CGROUP_UNIX_SENDMSG',
  'CGROUP_INET4_GETPEERNAME',
  'CGROUP_INET6_GETPEERNAME',
  'CGROUP_INET4_GETSOCKNAME',
  'CGROUP_INET6_GETSOCKNAME',
]

/** Hooks whose caller ignores the program's return value, so that there is none to get or set. */
const HOOKS_WITHOUT_RETVAL: readonly AttachTypeName[] = [
  'CGROUP_INET_INGRESS',
  'CGROUP_INET_EGRESS',
  'CGROUP_SOCK_OPS',
  'CGROUP_UDP4_RECVMSG',
  'CGROUP_UDP6_RECVMSG',
  'CGROUP_UNIX_RECVMSG',
  'CGROUP_INET4_GETPEERNAME',
  'CGROUP_INET6_GETPEERNAME',
  'CGROUP_UNIX_GETPEERNAME',
  'CGROUP_INET4_GETSOCKNAME',
  'CGROUP_INET6_GETSOCKNAME',
  'CGROUP_UNIX_GETSOCKNAME',
]

const KPROBE_MULTI_HOOKS: readonly AttachTypeName[] = ['TRACE_KPROBE_MULTI', 'TRACE_KPROBE_SESSION']

const TRAMPOLINE_HOOKS: readonly AttachTypeName[] = ['TRACE_FENTRY', 'TRACE_FEXIT', 'MODIFY_RETURN', 'LSM_MAC']

/**
 * Which helpers there are, by the kernel's `*_func_proto` functions of Linux 6.12. Where program types got a helper in another
 * release than the one that brought it, `since` tells, or a row of later-helpers.ts: as the sources of 6.1 and 6.12 and the
 * running 6.18 show, and https://docs.ebpf.io. Of what 6.18 has and 6.12 has not, 6.16 stands for the releases between.
 *
 * @see net/core/filter.c, kernel/bpf/helpers.c, kernel/bpf/cgroup.c, kernel/trace/bpf_trace.c
 */
// biome-ignore format: table
export const HELPER_SETS: Readonly<Record<HelperSetName, HelperSet>> = {
  base: {
    helpers: `
      map_lookup_elem map_update_elem map_delete_elem map_push_elem map_pop_elem map_peek_elem map_lookup_percpu_elem
      get_prandom_u32 get_smp_processor_id=get_raw_smp_processor_id get_numa_node_id tail_call ktime_get_ns
      ktime_get_boot_ns ktime_get_tai_ns ringbuf_output ringbuf_reserve ringbuf_submit ringbuf_discard ringbuf_query
      strncmp strtol strtoul`,
  },
  base_task: { helpers: 'get_current_pid_tgid get_ns_current_pid_tgid', since: '6.10' },
  base_cgroup: {
    helpers: 'get_current_cgroup_id get_current_ancestor_cgroup_id',
    capability: 'CAP_BPF',
    since: '6.4',
  },
  base_bpf_6_16: {
    helpers: `
      get_current_uid_gid get_cgroup_classid=get_cgroup_classid_curr current_task_under_cgroup task_storage_get
      task_storage_delete`,
    capability: 'CAP_BPF',
    since: '6.16',
  },
  base_perfmon_6_16: {
    helpers: `
      get_current_comm perf_event_read perf_event_read_value send_signal send_signal_thread get_task_stack
      copy_from_user copy_from_user_task get_branch_snapshot find_vma`,
    capability: 'CAP_PERFMON',
    since: '6.16',
  },
  base_bpf: {
    helpers: `
      spin_lock spin_unlock jiffies64 per_cpu_ptr this_cpu_ptr timer_init timer_set_callback timer_start timer_cancel
      kptr_xchg for_each_map_elem loop user_ringbuf_drain ringbuf_reserve_dynptr ringbuf_submit_dynptr
      ringbuf_discard_dynptr dynptr_from_mem dynptr_read dynptr_write dynptr_data cgrp_storage_get
      cgrp_storage_delete`,
    capability: 'CAP_BPF',
  },
  base_perfmon: {
    helpers: `
      trace_printk get_current_task get_current_task_btf probe_read_user probe_read_kernel probe_read_user_str
      probe_read_kernel_str snprintf_btf snprintf task_pt_regs trace_vprintk`,
    capability: 'CAP_PERFMON',
  },
  sk_base: { helpers: 'ktime_get_coarse_ns' },
  sk_base_perfmon: {
    helpers: `
      skc_to_tcp6_sock skc_to_tcp_sock skc_to_tcp_timewait_sock skc_to_tcp_request_sock skc_to_udp6_sock
      skc_to_unix_sock skc_to_mptcp_sock`,
    capability: 'CAP_PERFMON',
  },
  sock_filter: {
    helpers: `
      get_socket_cookie=get_socket_cookie_sock get_netns_cookie=get_netns_cookie_sock
      perf_event_output=event_output_data sk_storage_get=sk_storage_get_cg_sock ktime_get_coarse_ns`,
  },
  sock_addr: {
    helpers: `
      get_socket_cookie=get_socket_cookie_sock_addr get_netns_cookie=get_netns_cookie_sock_addr
      perf_event_output=event_output_data sk_lookup_tcp=sock_addr_sk_lookup_tcp sk_lookup_udp=sock_addr_sk_lookup_udp
      sk_release skc_lookup_tcp=sock_addr_skc_lookup_tcp sk_storage_get sk_storage_delete`,
  },
  sock_addr_connect: { helpers: 'bind', onlyFor: CONNECT_HOOKS },
  sock_addr_options: {
    helpers: `
      setsockopt=sock_addr_setsockopt getsockopt=sock_addr_getsockopt`,
    since: '5.8',
    onlyFor: SOCKET_OPTION_HOOKS,
  },
  sk_filter: {
    helpers: `
      skb_load_bytes skb_load_bytes_relative get_socket_cookie get_socket_uid perf_event_output=skb_event_output`,
  },
  sk_filter_netns: { helpers: 'get_netns_cookie', since: '6.15' },
  cg_skb: {
    helpers: `
      sk_fullsock sk_storage_get sk_storage_delete perf_event_output=skb_event_output skb_cgroup_id
      skb_ancestor_cgroup_id sk_cgroup_id sk_ancestor_cgroup_id sk_lookup_tcp sk_lookup_udp sk_release skc_lookup_tcp
      tcp_sock get_listener_sock skb_ecn_set_ce`,
  },
  tc_cls_act: {
    helpers: `
      skb_store_bytes skb_load_bytes skb_load_bytes_relative skb_pull_data csum_diff csum_update csum_level
      l3_csum_replace l4_csum_replace clone_redirect get_cgroup_classid skb_vlan_push skb_vlan_pop skb_change_proto
      skb_change_type skb_adjust_room skb_change_tail skb_get_tunnel_key skb_set_tunnel_key
      skb_get_tunnel_opt skb_set_tunnel_opt redirect redirect_neigh redirect_peer get_route_realm get_hash_recalc
      set_hash_invalid set_hash perf_event_output=skb_event_output get_smp_processor_id skb_under_cgroup
      get_socket_cookie get_socket_uid fib_lookup=skb_fib_lookup check_mtu=skb_check_mtu sk_fullsock sk_storage_get
      sk_storage_delete skb_get_xfrm_state skb_cgroup_classid skb_cgroup_id skb_ancestor_cgroup_id
      sk_lookup_tcp=tc_sk_lookup_tcp sk_lookup_udp=tc_sk_lookup_udp sk_release tcp_sock get_listener_sock
      skc_lookup_tcp=tc_skc_lookup_tcp tcp_check_syncookie skb_ecn_set_ce tcp_gen_syncookie sk_assign skb_set_tstamp
      tcp_raw_gen_syncookie_ipv4 tcp_raw_gen_syncookie_ipv6 tcp_raw_check_syncookie_ipv4 tcp_raw_check_syncookie_ipv6`,
  },
  tc_change_head: { helpers: 'skb_change_head', since: '5.8' },
  tc_netns: { helpers: 'get_netns_cookie', since: '6.13' },
  xdp: {
    helpers: `
      perf_event_output=xdp_event_output get_smp_processor_id csum_diff xdp_adjust_head xdp_adjust_meta
      redirect_map=xdp_redirect_map xdp_adjust_tail xdp_get_buff_len xdp_load_bytes
      xdp_store_bytes fib_lookup=xdp_fib_lookup check_mtu=xdp_check_mtu sk_lookup_udp=xdp_sk_lookup_udp
      sk_lookup_tcp=xdp_sk_lookup_tcp sk_release skc_lookup_tcp=xdp_skc_lookup_tcp tcp_check_syncookie
      tcp_gen_syncookie tcp_raw_gen_syncookie_ipv4 tcp_raw_gen_syncookie_ipv6 tcp_raw_check_syncookie_ipv4
      tcp_raw_check_syncookie_ipv6`,
  },
  xdp_redirect: { helpers: 'redirect=xdp_redirect', since: '4.14' },
  sock_ops: {
    helpers: `
      setsockopt=sock_ops_setsockopt getsockopt=sock_ops_getsockopt sock_ops_cb_flags_set sock_map_update
      sock_hash_update get_socket_cookie=get_socket_cookie_sock_ops perf_event_output=event_output_data sk_storage_get
      sk_storage_delete get_netns_cookie=get_netns_cookie_sock_ops load_hdr_opt=sock_ops_load_hdr_opt
      store_hdr_opt=sock_ops_store_hdr_opt reserve_hdr_opt=sock_ops_reserve_hdr_opt tcp_sock`,
  },
  sk_msg: {
    helpers: `
      msg_redirect_map msg_redirect_hash msg_apply_bytes msg_cork_bytes msg_pull_data msg_push_data msg_pop_data
      get_current_pid_tgid get_current_cgroup_id get_current_ancestor_cgroup_id
      perf_event_output=event_output_data get_current_uid_gid sk_storage_get sk_storage_delete
      get_netns_cookie=get_netns_cookie_sk_msg get_cgroup_classid=get_cgroup_classid_curr`,
  },
  sk_skb: {
    helpers: `
      skb_store_bytes skb_load_bytes skb_pull_data=sk_skb_pull_data skb_change_tail=sk_skb_change_tail
      skb_change_head=sk_skb_change_head skb_adjust_room=sk_skb_adjust_room get_socket_cookie get_socket_uid
      sk_redirect_map sk_redirect_hash perf_event_output=skb_event_output sk_lookup_tcp sk_lookup_udp sk_release
      skc_lookup_tcp`,
  },
  flow_dissector: { helpers: 'skb_load_bytes=flow_dissector_load_bytes' },
  lwt_out: {
    helpers: `
      skb_load_bytes skb_pull_data csum_diff get_cgroup_classid get_route_realm get_hash_recalc
      perf_event_output=skb_event_output get_smp_processor_id skb_under_cgroup`,
  },
  lwt_in: { helpers: 'lwt_push_encap=lwt_in_push_encap' },
  lwt_xmit: {
    helpers: `
      skb_get_tunnel_key skb_set_tunnel_key skb_get_tunnel_opt skb_set_tunnel_opt redirect clone_redirect
      skb_change_tail skb_change_head skb_store_bytes csum_update csum_level l3_csum_replace l4_csum_replace
      set_hash_invalid lwt_push_encap=lwt_xmit_push_encap`,
  },
  lwt_seg6local: { helpers: 'skb_pull_data=none lwt_seg6_store_bytes lwt_seg6_action lwt_seg6_adjust_srh' },
  sk_reuseport: {
    helpers: `
      sk_select_reuseport skb_load_bytes=sk_reuseport_load_bytes
      skb_load_bytes_relative=sk_reuseport_load_bytes_relative get_socket_cookie=get_socket_ptr_cookie
      ktime_get_coarse_ns`,
  },
  sk_lookup: { helpers: 'perf_event_output=event_output_data sk_assign=sk_lookup_assign sk_release' },
  cgroup_common: { helpers: 'get_local_storage' },
  cgroup_retval: { helpers: 'get_retval set_retval', exceptFor: HOOKS_WITHOUT_RETVAL },
  cgroup_current: {
    helpers: `
      get_current_uid_gid get_current_comm get_cgroup_classid=get_cgroup_classid_curr get_current_pid_tgid
      get_current_cgroup_id get_current_ancestor_cgroup_id`,
  },
  cgroup_task: { helpers: 'current_task_under_cgroup', since: '6.12' },
  cgroup_device: { helpers: 'perf_event_output=event_output_data' },
  cgroup_sysctl: {
    helpers: `
      sysctl_get_name sysctl_get_current_value sysctl_get_new_value sysctl_set_new_value ktime_get_coarse_ns
      perf_event_output=event_output_data`,
  },
  cgroup_sockopt: {
    helpers: `
      get_netns_cookie=get_netns_cookie_sockopt sk_storage_get sk_storage_delete tcp_sock
      perf_event_output=event_output_data`,
  },
  cgroup_setsockopt: { helpers: 'setsockopt=sk_setsockopt getsockopt=sk_getsockopt', onlyFor: ['CGROUP_SETSOCKOPT'], since: '5.15' },
  trace: {
    helpers: `
      map_lookup_elem map_update_elem map_delete_elem map_push_elem map_pop_elem map_peek_elem map_lookup_percpu_elem
      ktime_get_ns ktime_get_boot_ns tail_call get_current_task get_current_task_btf task_pt_regs get_current_uid_gid
      get_current_pid_tgid get_ns_current_pid_tgid get_current_cgroup_id get_current_ancestor_cgroup_id
      get_current_comm trace_printk get_smp_processor_id get_numa_node_id perf_event_read get_prandom_u32
      probe_write_user probe_read_user probe_read_kernel probe_read_user_str probe_read_kernel_str cgrp_storage_get
      cgrp_storage_delete current_task_under_cgroup send_signal send_signal_thread perf_event_read_value
      ringbuf_output ringbuf_reserve ringbuf_submit ringbuf_discard ringbuf_query jiffies64 get_task_stack
      copy_from_user copy_from_user_task snprintf_btf per_cpu_ptr this_cpu_ptr for_each_map_elem snprintf
      get_func_ip=get_func_ip_tracing get_branch_snapshot find_vma trace_vprintk`,
  },
  trace_compat: { helpers: 'probe_read=probe_read_compat probe_read_str=probe_read_compat_str' },
  trace_storage: { helpers: 'task_storage_get task_storage_delete' },
  trace_storage_iter: { helpers: 'task_storage_get task_storage_delete', onlyFor: ['TRACE_ITER'] },
  trace_storage_recur: {
    helpers: `
      task_storage_get=task_storage_get_recur task_storage_delete=task_storage_delete_recur`,
  },
  kprobe: { helpers: 'perf_event_output get_stackid get_stack' },
  kprobe_override: { helpers: 'override_return' },
  kprobe_multi: {
    helpers: `
      get_func_ip=get_func_ip_kprobe_multi get_attach_cookie=get_attach_cookie_kmulti`,
    onlyFor: KPROBE_MULTI_HOOKS,
  },
  uprobe_multi: {
    helpers: `
      get_func_ip=get_func_ip_uprobe_multi get_attach_cookie=get_attach_cookie_umulti`,
    onlyFor: ['TRACE_UPROBE_MULTI'],
  },
  kprobe_single: { helpers: 'get_func_ip=get_func_ip_kprobe get_attach_cookie=get_attach_cookie_trace' },
  tracepoint: {
    helpers: `
      perf_event_output=perf_event_output_tp get_stackid=get_stackid_tp get_stack=get_stack_tp
      get_attach_cookie=get_attach_cookie_trace`,
  },
  perf_event: {
    helpers: `
      perf_event_output=perf_event_output_tp get_stackid=get_stackid_pe get_stack=get_stack_pe perf_prog_read_value
      read_branch_records get_attach_cookie=get_attach_cookie_pe`,
  },
  raw_tracepoint: {
    helpers: `
      perf_event_output=perf_event_output_raw_tp get_stackid=get_stackid_raw_tp get_stack=get_stack_raw_tp`,
  },
  raw_tracepoint_cookie: { helpers: 'get_attach_cookie=get_attach_cookie_tracing', since: '6.10' },
  tracing: {
    helpers: `
      skb_output xdp_output skc_to_tcp6_sock skc_to_tcp_sock skc_to_tcp_timewait_sock skc_to_tcp_request_sock
      skc_to_udp6_sock skc_to_unix_sock skc_to_mptcp_sock sock_from_file get_socket_cookie=get_socket_ptr_cookie
      xdp_get_buff_len=xdp_get_buff_len_trace d_path`,
  },
  tracing_storage: {
    helpers: 'sk_storage_get=sk_storage_get_tracing sk_storage_delete=sk_storage_delete_tracing',
    since: '5.11',
  },
  tracing_iter: { helpers: 'seq_printf seq_write seq_printf_btf', onlyFor: ['TRACE_ITER'] },
  tracing_trampoline: {
    helpers: `
      get_func_arg get_func_ret get_func_arg_cnt`,
    onlyFor: TRAMPOLINE_HOOKS,
  },
  tracing_cookie: {
    helpers: 'get_attach_cookie=get_attach_cookie_tracing',
    onlyFor: TRAMPOLINE_HOOKS,
    since: '5.19',
  },
  tracing_raw_tp: {
    helpers: 'get_attach_cookie=get_attach_cookie_tracing',
    onlyFor: ['TRACE_RAW_TP'],
    since: '6.10',
  },
  tracing_no_cookie: { helpers: 'get_attach_cookie=none' },
  lsm: {
    helpers: `
      inode_storage_get inode_storage_delete sk_storage_get sk_storage_delete spin_lock spin_unlock bprm_opts_set
      ima_inode_hash ima_file_hash`,
  },
  lsm_cgroup: { helpers: 'setsockopt=sk_setsockopt getsockopt=sk_getsockopt', onlyFor: ['LSM_CGROUP'], since: '6.0' },
  lsm_cgroup_common: { helpers: 'get_local_storage get_retval set_retval', onlyFor: ['LSM_CGROUP'] },
  lsm_mac: { helpers: 'get_attach_cookie', onlyFor: ['LSM_MAC'], since: '5.19' },
  syscall: { helpers: 'btf_find_by_name_kind sys_close kallsyms_lookup_name' },
  syscall_perfmon: { helpers: 'sys_bpf', capability: 'CAP_PERFMON' },
  lirc_mode2: {
    helpers: `
      rc_repeat rc_keydown rc_pointer_rel map_lookup_elem map_update_elem map_delete_elem map_push_elem map_pop_elem
      map_peek_elem ktime_get_ns ktime_get_boot_ns tail_call get_prandom_u32 trace_printk`,
  },
  tcp_congestion: {
    helpers: `
      tcp_send_ack sk_storage_get sk_storage_delete ktime_get_coarse_ns`,
  },
  sk_options: { helpers: 'setsockopt=sk_setsockopt getsockopt=sk_getsockopt' },
}

/** What all program types but LIRC_MODE2 may call. */
export const BASE: readonly HelperSetName[] = [
  'base',
  'base_task',
  'base_bpf',
  'base_cgroup',
  'base_perfmon',
  'base_bpf_6_16',
  'base_perfmon_6_16',
]
const SOCKET: readonly HelperSetName[] = ['sk_base', 'sk_base_perfmon', ...BASE]
const CURRENT: readonly HelperSetName[] = ['cgroup_current', 'cgroup_task']
const CGROUP: readonly HelperSetName[] = ['cgroup_common', 'cgroup_retval']
const TRACE: readonly HelperSetName[] = ['trace', 'trace_compat', ...BASE]
const KPROBE: readonly HelperSetName[] = ['kprobe', 'kprobe_override', 'kprobe_multi', 'uprobe_multi', 'kprobe_single']
const RAW_TP: readonly HelperSetName[] = ['raw_tracepoint', 'raw_tracepoint_cookie', ...TRACE]
const TRACING: readonly HelperSetName[] = [
  'tracing',
  'tracing_storage',
  'tracing_iter',
  'tracing_trampoline',
  'tracing_cookie',
  'tracing_raw_tp',
  'tracing_no_cookie',
]
const LSM: readonly HelperSetName[] = [
  'lsm_cgroup_common',
  'lsm',
  'lsm_mac',
  'lsm_cgroup',
  'tracing',
  'tracing_storage',
  'tracing_trampoline',
  'tracing_cookie',
  'tracing_no_cookie',
]

/**
 * The sets of a program type; the first that names a helper decides. EXT has none of its own (it takes those of the
 * program it extends); STRUCT_OPS lists what TCP congestion control offers.
 */
// biome-ignore format: table
export const PROGRAM_HELPER_SETS: Readonly<Record<keyof typeof PROG_TYPE, readonly HelperSetName[]>> = {
  UNSPEC:                  [],
  SOCKET_FILTER:           ['sk_filter', 'sk_filter_netns', ...SOCKET],
  KPROBE:                  [...KPROBE, 'trace_storage_recur', ...TRACE],
  SCHED_CLS:               ['tc_cls_act', 'tc_change_head', 'tc_netns', ...SOCKET],
  SCHED_ACT:               ['tc_cls_act', 'tc_change_head', 'tc_netns', ...SOCKET],
  TRACEPOINT:              ['tracepoint', 'trace_storage_recur', ...TRACE],
  XDP:                     ['xdp', 'xdp_redirect', ...SOCKET],
  PERF_EVENT:              ['perf_event', 'trace_storage_recur', ...TRACE],
  CGROUP_SKB:              [...CGROUP, 'cg_skb', 'sk_filter', 'sk_filter_netns', ...SOCKET],
  CGROUP_SOCK:             [...CGROUP, ...CURRENT, 'sock_filter', ...BASE],
  LWT_IN:                  ['lwt_in', 'lwt_out', ...SOCKET],
  LWT_OUT:                 ['lwt_out', ...SOCKET],
  LWT_XMIT:                ['lwt_xmit', 'lwt_out', ...SOCKET],
  SOCK_OPS:                [...CGROUP, 'sock_ops', ...SOCKET],
  SK_SKB:                  ['sk_skb', ...SOCKET],
  CGROUP_DEVICE:           [...CGROUP, ...CURRENT, 'cgroup_device', ...BASE],
  SK_MSG:                  ['sk_msg', ...SOCKET],
  RAW_TRACEPOINT:          ['trace_storage_recur', ...RAW_TP],
  CGROUP_SOCK_ADDR:        [...CGROUP, ...CURRENT, 'sock_addr_connect', 'sock_addr_options', 'sock_addr', ...SOCKET],
  LWT_SEG6LOCAL:           ['lwt_seg6local', 'lwt_out', ...SOCKET],
  LIRC_MODE2:              ['lirc_mode2'],
  SK_REUSEPORT:            ['sk_reuseport', ...BASE],
  FLOW_DISSECTOR:          ['flow_dissector', ...SOCKET],
  CGROUP_SYSCTL:           [...CGROUP, ...CURRENT, 'cgroup_sysctl', ...BASE],
  RAW_TRACEPOINT_WRITABLE: ['trace_storage_recur', ...RAW_TP],
  CGROUP_SOCKOPT:          [...CGROUP, ...CURRENT, 'cgroup_setsockopt', 'cgroup_sockopt', ...BASE],
  TRACING:                 [...TRACING, 'trace_storage_iter', 'trace_storage_recur', ...RAW_TP],
  STRUCT_OPS:              ['tcp_congestion', 'sk_options', ...BASE],
  EXT:                     [],
  LSM:                     [...LSM, 'trace_storage', ...RAW_TP],
  SK_LOOKUP:               ['sk_lookup', ...SOCKET],
  SYSCALL:                 ['syscall', 'syscall_perfmon', ...TRACING, 'trace_storage_recur', ...RAW_TP],
  NETFILTER:               [...BASE],
}
