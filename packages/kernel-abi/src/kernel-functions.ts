/**
 * Functions of the kernel that programs may call by their BTF ids: which program types may, and what calls of them mean.
 * Linux 6.12, without those of modules, and some of later releases.
 *
 * @see BTF_KFUNCS_START in the files that are named
 */
import { ATTACH_TYPE } from './attach-types.ts'
import { PROG_TYPE } from './program-types.ts'

/** What a call means: the kernel's `KF_*`, in small letters. @see Documentation/bpf/kfuncs.rst, section 2.4 */
// biome-ignore format: table
export const KERNEL_FUNCTION_TRAITS = [
  'acquire', 'release', 'ret_null', 'trusted_args', 'sleepable', 'destructive', 'rcu',
  'iter_new', 'iter_next', 'iter_destroy', 'rcu_protected',
] as const
export type KernelFunctionTrait = (typeof KERNEL_FUNCTION_TRAITS)[number]

/** Kinds of programs, as sets are registered for them. @see bpf_prog_type_to_kfunc_hook in kernel/bpf/btf.c */
type Hook =
  | 'xdp'
  | 'tc'
  | 'struct_ops'
  | 'tracing'
  /** Of tracing programs, those of iterators. */
  | 'iterators'
  | 'lsm'
  | 'syscall'
  | 'cgroup'
  | 'act'
  | 'sk_skb'
  | 'socket_filter'
  | 'lwt'
  | 'netfilter'
  | 'kprobe'
  | 'kprobe_session'

/** LSM programs take what tracing programs take, and some functions that only they do. */
// biome-ignore format: table
const HOOKS: ReadonlyMap<number, readonly Hook[]> = new Map<number, readonly Hook[]>([
  [PROG_TYPE.XDP,              ['xdp']],
  [PROG_TYPE.SCHED_CLS,        ['tc']],
  [PROG_TYPE.STRUCT_OPS,       ['struct_ops']],
  [PROG_TYPE.TRACING,          ['tracing']],
  [PROG_TYPE.TRACEPOINT,       ['tracing']],
  [PROG_TYPE.PERF_EVENT,       ['tracing']],
  [PROG_TYPE.LSM,              ['tracing', 'lsm']],
  [PROG_TYPE.SYSCALL,          ['syscall']],
  [PROG_TYPE.CGROUP_SKB,       ['cgroup']],
  [PROG_TYPE.CGROUP_SOCK,      ['cgroup']],
  [PROG_TYPE.CGROUP_DEVICE,    ['cgroup']],
  [PROG_TYPE.CGROUP_SOCK_ADDR, ['cgroup']],
  [PROG_TYPE.CGROUP_SOCKOPT,   ['cgroup']],
  [PROG_TYPE.CGROUP_SYSCTL,    ['cgroup']],
  [PROG_TYPE.SCHED_ACT,        ['act']],
  [PROG_TYPE.SK_SKB,           ['sk_skb']],
  [PROG_TYPE.SOCKET_FILTER,    ['socket_filter']],
  [PROG_TYPE.LWT_OUT,          ['lwt']],
  [PROG_TYPE.LWT_IN,           ['lwt']],
  [PROG_TYPE.LWT_XMIT,         ['lwt']],
  [PROG_TYPE.LWT_SEG6LOCAL,    ['lwt']],
  [PROG_TYPE.NETFILTER,        ['netfilter']],
  [PROG_TYPE.KPROBE,           ['kprobe']],
])

interface FunctionSet {
  /** Registered for these; absent: for all. */
  readonly hooks?: readonly Hook[]
  /** The release that has them first; absent: 6.12 has them. */
  readonly since?: string
  /** Function, traits. */
  readonly functions: readonly (readonly [name: string, traits: string])[]
}

// biome-ignore format: table
const SETS: readonly FunctionSet[] = [
  // kernel/bpf/helpers.c, map_iter.c, arena.c
  { functions: [
    ['bpf_cast_to_kern_ctx',      ''],
    ['bpf_rdonly_cast',           ''],
    ['bpf_rcu_read_lock',         ''],
    ['bpf_rcu_read_unlock',       ''],
    ['bpf_dynptr_slice',          'ret_null'],
    ['bpf_dynptr_slice_rdwr',     'ret_null'],
    ['bpf_iter_num_new',          'iter_new'],
    ['bpf_iter_num_next',         'iter_next ret_null'],
    ['bpf_iter_num_destroy',      'iter_destroy'],
    ['bpf_iter_task_vma_new',     'iter_new rcu'],
    ['bpf_iter_task_vma_next',    'iter_next ret_null'],
    ['bpf_iter_task_vma_destroy', 'iter_destroy'],
    ['bpf_iter_css_task_new',     'iter_new trusted_args'],
    ['bpf_iter_css_task_next',    'iter_next ret_null'],
    ['bpf_iter_css_task_destroy', 'iter_destroy'],
    ['bpf_iter_css_new',          'iter_new trusted_args rcu_protected'],
    ['bpf_iter_css_next',         'iter_next ret_null'],
    ['bpf_iter_css_destroy',      'iter_destroy'],
    ['bpf_iter_task_new',         'iter_new trusted_args rcu_protected'],
    ['bpf_iter_task_next',        'iter_next ret_null'],
    ['bpf_iter_task_destroy',     'iter_destroy'],
    ['bpf_dynptr_adjust',         ''],
    ['bpf_dynptr_is_null',        ''],
    ['bpf_dynptr_is_rdonly',      ''],
    ['bpf_dynptr_size',           ''],
    ['bpf_dynptr_clone',          ''],
    ['bpf_modify_return_test_tp', ''],
    ['bpf_wq_init',               ''],
    ['bpf_wq_set_callback_impl',  ''],
    ['bpf_wq_start',              ''],
    ['bpf_preempt_disable',       ''],
    ['bpf_preempt_enable',        ''],
    ['bpf_iter_bits_new',         'iter_new'],
    ['bpf_iter_bits_next',        'iter_next ret_null'],
    ['bpf_iter_bits_destroy',     'iter_destroy'],
    ['bpf_copy_from_user_str',    'sleepable'],
    ['bpf_map_sum_elem_count',    'trusted_args'],
    ['bpf_arena_alloc_pages',     'trusted_args sleepable'],
    ['bpf_arena_free_pages',      'trusted_args sleepable'],
  ] },
  // kernel/bpf/helpers.c
  { hooks: ['tracing', 'tc', 'xdp', 'struct_ops', 'syscall', 'cgroup'], functions: [
    ['crash_kexec',               'destructive'],
    ['bpf_obj_new_impl',          'acquire ret_null'],
    ['bpf_percpu_obj_new_impl',   'acquire ret_null'],
    ['bpf_obj_drop_impl',         'release'],
    ['bpf_percpu_obj_drop_impl',  'release'],
    ['bpf_refcount_acquire_impl', 'acquire ret_null rcu'],
    ['bpf_list_push_front_impl',  ''],
    ['bpf_list_push_back_impl',   ''],
    ['bpf_list_pop_front',        'acquire ret_null'],
    ['bpf_list_pop_back',         'acquire ret_null'],
    ['bpf_task_acquire',          'acquire rcu ret_null'],
    ['bpf_task_release',          'release'],
    ['bpf_rbtree_remove',         'acquire ret_null'],
    ['bpf_rbtree_add_impl',       ''],
    ['bpf_rbtree_first',          'ret_null'],
    ['bpf_cgroup_acquire',        'acquire rcu ret_null'],
    ['bpf_cgroup_release',        'release'],
    ['bpf_cgroup_ancestor',       'acquire rcu ret_null'],
    ['bpf_cgroup_from_id',        'acquire ret_null'],
    ['bpf_task_under_cgroup',     'rcu'],
    ['bpf_task_get_cgroup1',      'acquire rcu ret_null'],
    ['bpf_task_from_pid',         'acquire ret_null'],
    ['bpf_throw',                 ''],
  ] },
  // kernel/bpf/cpumask.c
  { hooks: ['tracing', 'struct_ops', 'syscall'], functions: [
    ['bpf_cpumask_create',             'acquire ret_null'],
    ['bpf_cpumask_release',            'release'],
    ['bpf_cpumask_acquire',            'acquire trusted_args'],
    ['bpf_cpumask_first',              'rcu'],
    ['bpf_cpumask_first_zero',         'rcu'],
    ['bpf_cpumask_first_and',          'rcu'],
    ['bpf_cpumask_set_cpu',            'rcu'],
    ['bpf_cpumask_clear_cpu',          'rcu'],
    ['bpf_cpumask_test_cpu',           'rcu'],
    ['bpf_cpumask_test_and_set_cpu',   'rcu'],
    ['bpf_cpumask_test_and_clear_cpu', 'rcu'],
    ['bpf_cpumask_setall',             'rcu'],
    ['bpf_cpumask_clear',              'rcu'],
    ['bpf_cpumask_and',                'rcu'],
    ['bpf_cpumask_or',                 'rcu'],
    ['bpf_cpumask_xor',                'rcu'],
    ['bpf_cpumask_equal',              'rcu'],
    ['bpf_cpumask_intersects',         'rcu'],
    ['bpf_cpumask_subset',             'rcu'],
    ['bpf_cpumask_empty',              'rcu'],
    ['bpf_cpumask_full',               'rcu'],
    ['bpf_cpumask_copy',               'rcu'],
    ['bpf_cpumask_any_distribute',     'rcu'],
    ['bpf_cpumask_any_and_distribute', 'rcu'],
    ['bpf_cpumask_weight',             'rcu'],
  ] },
  // kernel/bpf/crypto.c
  { hooks: ['syscall'], functions: [
    ['bpf_crypto_ctx_create',  'acquire ret_null sleepable'],
    ['bpf_crypto_ctx_release', 'release'],
    ['bpf_crypto_ctx_acquire', 'acquire rcu ret_null'],
  ] },
  // kernel/bpf/crypto.c
  { hooks: ['tc', 'act', 'xdp'], functions: [
    ['bpf_crypto_decrypt', 'rcu'],
    ['bpf_crypto_encrypt', 'rcu'],
  ] },
  // net/core/filter.c
  { hooks: ['tc', 'act', 'sk_skb', 'socket_filter', 'cgroup', 'lwt', 'netfilter', 'tracing'], functions: [
    ['bpf_dynptr_from_skb', 'trusted_args'],
  ] },
  // net/core/filter.c
  { hooks: ['xdp'], functions: [
    ['bpf_dynptr_from_xdp', ''],
  ] },
  // net/core/filter.c
  { hooks: ['cgroup'], functions: [
    ['bpf_sock_addr_set_sun_path', ''],
  ] },
  // net/core/filter.c
  { hooks: ['tc'], functions: [
    ['bpf_sk_assign_tcp_reqsk', 'trusted_args'],
  ] },
  // net/core/filter.c
  { hooks: ['iterators'], functions: [
    ['bpf_sock_destroy', 'trusted_args'],
  ] },
  // net/core/xdp.c
  { hooks: ['xdp'], functions: [
    ['bpf_xdp_metadata_rx_timestamp', 'trusted_args'],
    ['bpf_xdp_metadata_rx_hash',      'trusted_args'],
    ['bpf_xdp_metadata_rx_vlan_tag',  'trusted_args'],
  ] },
  // fs/bpf_fs_kfuncs.c
  { hooks: ['lsm'], functions: [
    ['bpf_get_task_exe_file', 'acquire trusted_args ret_null'],
    ['bpf_put_file',          'release'],
    ['bpf_path_d_path',       'trusted_args'],
    ['bpf_get_dentry_xattr',  'sleepable trusted_args'],
    ['bpf_get_file_xattr',    'sleepable trusted_args'],
  ] },
  // kernel/sched/ext.c
  { hooks: ['struct_ops'], functions: [
    ['scx_bpf_select_cpu_dfl',     'rcu'],
    ['scx_bpf_dispatch',           'rcu'],
    ['scx_bpf_dispatch_vtime',     'rcu'],
    ['scx_bpf_dispatch_nr_slots',  ''],
    ['scx_bpf_dispatch_cancel',    ''],
    ['scx_bpf_consume',            ''],
    ['scx_bpf_reenqueue_local',    ''],
  ] },
  { hooks: ['struct_ops', 'syscall'], functions: [
    ['scx_bpf_create_dsq',                   'sleepable'],
    ['scx_bpf_dispatch_from_dsq_set_slice',  'rcu'],
    ['scx_bpf_dispatch_from_dsq_set_vtime',  'rcu'],
    ['scx_bpf_dispatch_from_dsq',            'rcu'],
    ['scx_bpf_dispatch_vtime_from_dsq',      'rcu'],
  ] },
  { hooks: ['struct_ops', 'syscall', 'tracing'], functions: [
    ['scx_bpf_kick_cpu',                ''],
    ['scx_bpf_dsq_nr_queued',           ''],
    ['scx_bpf_destroy_dsq',             ''],
    ['bpf_iter_scx_dsq_new',            'iter_new rcu_protected'],
    ['bpf_iter_scx_dsq_next',           'iter_next ret_null'],
    ['bpf_iter_scx_dsq_destroy',        'iter_destroy'],
    ['scx_bpf_exit_bstr',               'trusted_args'],
    ['scx_bpf_error_bstr',              'trusted_args'],
    ['scx_bpf_dump_bstr',               'trusted_args'],
    ['scx_bpf_cpuperf_cap',             ''],
    ['scx_bpf_cpuperf_cur',             ''],
    ['scx_bpf_cpuperf_set',             ''],
    ['scx_bpf_nr_cpu_ids',              ''],
    ['scx_bpf_get_possible_cpumask',    'acquire'],
    ['scx_bpf_get_online_cpumask',      'acquire'],
    ['scx_bpf_put_cpumask',             'release'],
    ['scx_bpf_get_idle_cpumask',        'acquire'],
    ['scx_bpf_get_idle_smtmask',        'acquire'],
    ['scx_bpf_put_idle_cpumask',        'release'],
    ['scx_bpf_test_and_clear_cpu_idle', ''],
    ['scx_bpf_pick_idle_cpu',           'rcu'],
    ['scx_bpf_pick_any_cpu',            'rcu'],
    ['scx_bpf_task_running',            'rcu'],
    ['scx_bpf_task_cpu',                'rcu'],
    ['scx_bpf_cpu_rq',                  ''],
    ['scx_bpf_task_cgroup',             'rcu acquire'],
  ] },
  // net/ipv4/bpf_tcp_ca.c, tcp_cubic.c, tcp_dctcp.c, tcp_bbr.c
  { hooks: ['struct_ops'], functions: [
    ['tcp_reno_ssthresh',        ''],
    ['tcp_reno_cong_avoid',      ''],
    ['tcp_reno_undo_cwnd',       ''],
    ['tcp_slow_start',           ''],
    ['tcp_cong_avoid_ai',        ''],
    ['cubictcp_init',            ''],
    ['cubictcp_recalc_ssthresh', ''],
    ['cubictcp_cong_avoid',      ''],
    ['cubictcp_state',           ''],
    ['cubictcp_cwnd_event',      ''],
    ['cubictcp_acked',           ''],
    ['dctcp_init',               ''],
    ['dctcp_update_alpha',       ''],
    ['dctcp_cwnd_event',         ''],
    ['dctcp_ssthresh',           ''],
    ['dctcp_cwnd_undo',          ''],
    ['dctcp_state',              ''],
    ['bbr_init',                 ''],
    ['bbr_main',                 ''],
    ['bbr_sndbuf_expand',        ''],
    ['bbr_undo_cwnd',            ''],
    ['bbr_cwnd_event',           ''],
    ['bbr_ssthresh',             ''],
    ['bbr_min_tso_segs',         ''],
    ['bbr_set_state',            ''],
  ] },
  // kernel/trace/bpf_trace.c
  { hooks: ['tracing'], functions: [
    ['bpf_lookup_user_key',        'acquire ret_null sleepable'],
    ['bpf_lookup_system_key',      'acquire ret_null'],
    ['bpf_key_put',                'release'],
    ['bpf_verify_pkcs7_signature', 'sleepable'],
  ] },
  // kernel/trace/bpf_trace.c
  { hooks: ['kprobe_session'], functions: [
    ['bpf_session_is_return', ''],
    ['bpf_session_cookie',    ''],
  ] },
  // kernel/cgroup/rstat.c
  { hooks: ['tracing'], functions: [
    ['cgroup_rstat_updated', ''],
    ['cgroup_rstat_flush',   'sleepable'],
  ] },
  // kernel/bpf/helpers.c of 6.16
  { hooks: ['tracing', 'tc', 'xdp', 'struct_ops', 'syscall', 'cgroup'], since: '6.16', functions: [
    ['bpf_list_front',   'ret_null'],
    ['bpf_list_back',    'ret_null'],
    ['bpf_rbtree_root',  'ret_null'],
    ['bpf_rbtree_left',  'ret_null'],
    ['bpf_rbtree_right', 'ret_null'],
  ] },
  // net/bpf/test_run.c
  { hooks: ['tc', 'tracing', 'syscall'], functions: [
    ['bpf_kfunc_call_test_release', 'release'],
    ['bpf_kfunc_call_memb_release', 'release'],
  ] },
]

/** A function as programs of one type may call it. */
export interface KernelFunction {
  readonly name: string
  readonly traits: ReadonlySet<KernelFunctionTrait>
  /** The release that has it first, where 6.12 has it not. */
  readonly since?: string
}

function hooksOf(programType: number, attachType: number): readonly Hook[] {
  const hooks = HOOKS.get(programType) ?? []
  const isIterator = programType === PROG_TYPE.TRACING && attachType === ATTACH_TYPE.TRACE_ITER
  const isSession = programType === PROG_TYPE.KPROBE && attachType === ATTACH_TYPE.TRACE_KPROBE_SESSION
  return [
    ...hooks,
    ...(isIterator ? (['iterators'] as const) : []),
    ...(isSession ? (['kprobe_session'] as const) : []),
  ]
}

/**
 * The function of that name; undefined where programs of this type may not call it, or where it is not known.
 *
 * @param attachType the expected one
 */
export function kernelFunction(programType: number, name: string, attachType: number = 0): KernelFunction | undefined {
  const own = hooksOf(programType, attachType)
  for (const { hooks, since, functions } of SETS) {
    if (hooks !== undefined && !hooks.some((hook) => own.includes(hook))) continue
    const row = functions.find(([known]) => known === name)
    if (row !== undefined) {
      const traits = row[1].split(' ').filter((trait) => trait !== '')
      return { name, traits: new Set(traits as KernelFunctionTrait[]), ...(since === undefined ? {} : { since }) }
    }
  }
  return undefined
}

/** Whether some type of program may call the function: one that is not known may be a newer kernel's, or a module's. */
export function isKernelFunctionKnown(name: string): boolean {
  return SETS.some(({ functions }) => functions.some(([known]) => known === name))
}

/** Functions that a module lets programs call, as it registers them. @see register_btf_kfunc_id_set in kernel/bpf/btf.c */
export interface ModuleFunctionSet {
  /** BPF_PROG_TYPE_* that the set is registered for; UNSPEC: for all. */
  readonly programTypes: readonly number[]
  /** By the function's name. */
  readonly functions: ReadonlyMap<string, ReadonlySet<KernelFunctionTrait>>
}

/** The function of a module's sets; undefined where programs of this type may not call it. */
export function moduleFunction(
  sets: readonly ModuleFunctionSet[],
  programType: number,
  name: string,
): KernelFunction | undefined {
  const own = HOOKS.get(programType) ?? []
  // A set registered for one type is there for all that share its kind.
  const isFor = (type: number): boolean => type === PROG_TYPE.UNSPEC || own.includes(HOOKS.get(type)?.[0] as Hook)
  const found = sets.find(({ programTypes, functions }) => functions.has(name) && programTypes.some(isFor))
  const traits = found?.functions.get(name)
  return traits === undefined ? undefined : { name, traits }
}

/** Called by fixed-up programs in the place of what can't be called: above all of the kernel's helpers. */
export const ABSENT_KERNEL_FUNCTION = 2000
const FIRST_NUMBER = ABSENT_KERNEL_FUNCTION + 1

const NUMBERED: readonly string[] = [...new Set(SETS.flatMap(({ functions }) => functions.map(([name]) => name)))]
const NUMBERS: ReadonlyMap<string, number> = new Map(NUMBERED.map((name, index) => [name, FIRST_NUMBER + index]))

/**
 * The number by which a fixed-up program calls the function, like a helper. Ours, and good for one run of the project only:
 * Linux puts the distance to the function into the instruction.
 *
 * @returns undefined for a function that is not known
 */
export function kernelFunctionNumber(name: string): number | undefined {
  return NUMBERS.get(name)
}

/** The counterpart of {@link kernelFunctionNumber}. */
export function numberedKernelFunction(number: number): string | undefined {
  return NUMBERED[number - FIRST_NUMBER]
}

/** Numbers of the functions that a fixed-up program may call. */
export const KERNEL_FUNCTION_NUMBERS: readonly number[] = [...NUMBERS.values()]
