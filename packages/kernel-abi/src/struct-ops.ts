/**
 * Structures of functions that programs may stand in for (struct_ops): which of their members, and what such a program may
 * do. Linux 6.12, without those of modules.
 *
 * @see register_bpf_struct_ops in the files that are named
 */
import { BASE, type HelperSetName } from './helper-sets.ts'

/** A field that programs may write, by the structure that declares it; a dot leads into a structure in it. */
export interface WritableField {
  readonly struct: string
  readonly field: string
  /** Any place in it; only from its beginning on when absent. */
  readonly isWhole?: true
}

/** What the kernel says where nothing may be written. */
export type WriteWords = 'tcp_sock' | 'state' | 'none'

export interface StructOps {
  readonly name: string
  /** Members that programs stand in for; others are the kernel's. */
  readonly members: ReadonlySet<string>
  /** Members whose programs may sleep; undefined for all. */
  readonly sleepable: ReadonlySet<string> | undefined
  /** Member and index of arguments that may be NULL. */
  readonly nullable: ReadonlyMap<string, number>
  /** Arguments of the first type are of the second. */
  readonly promoted: readonly [from: string, to: string] | undefined
  /** The structure that programs may write, and where; everywhere when no fields are told. */
  readonly writable: { readonly struct: string; readonly fields?: readonly WritableField[]; readonly words: WriteWords }
  /** Helpers of a member's programs, but for those of all programs with CAP_BPF. */
  readonly helpers: (member: string) => readonly HelperSetName[]
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}

// biome-ignore format: table
const TCP_FIELDS: readonly WritableField[] = [
  { struct: 'sock',                 field: 'sk_pacing_rate' },
  { struct: 'sock',                 field: 'sk_pacing_status' },
  { struct: 'inet_connection_sock', field: 'icsk_ca_priv', isWhole: true },
  { struct: 'inet_connection_sock', field: 'icsk_ack.pending' },
  { struct: 'tcp_sock',             field: 'snd_cwnd' },
  { struct: 'tcp_sock',             field: 'snd_cwnd_cnt' },
  { struct: 'tcp_sock',             field: 'snd_cwnd_stamp' },
  { struct: 'tcp_sock',             field: 'snd_ssthresh' },
  { struct: 'tcp_sock',             field: 'ecn_flags' },
  { struct: 'tcp_sock',             field: 'app_limited' },
]

// biome-ignore format: table
const TASK_FIELDS: readonly WritableField[] = [
  { struct: 'task_struct', field: 'scx.slice',     isWhole: true },
  { struct: 'task_struct', field: 'scx.dsq_vtime', isWhole: true },
  { struct: 'task_struct', field: 'scx.disallow',  isWhole: true },
]

const ROWS: readonly StructOps[] = [
  // net/ipv4/bpf_tcp_ca.c
  {
    name: 'tcp_congestion_ops',
    members: words(`
      ssthresh cong_avoid set_state cwnd_event in_ack_event pkts_acked min_tso_segs cong_control undo_cwnd sndbuf_expand
      init release`),
    sleepable: undefined,
    nullable: new Map(),
    promoted: ['sock', 'tcp_sock'],
    writable: { struct: 'tcp_sock', fields: TCP_FIELDS, words: 'tcp_sock' },
    helpers: (member) => ['tcp_congestion', ...(member === 'release' ? [] : (['sk_options'] as const)), ...BASE],
  },
  // net/bpf/bpf_dummy_struct_ops.c
  {
    name: 'bpf_dummy_ops',
    members: words('test_1 test_2 test_sleepable'),
    sleepable: words('test_sleepable'),
    nullable: new Map([['test_1', 0]]),
    promoted: undefined,
    writable: { struct: 'bpf_dummy_ops_state', words: 'state' },
    helpers: () => [],
  },
  // kernel/sched/ext.c
  {
    name: 'sched_ext_ops',
    members: words(`
      select_cpu enqueue dequeue dispatch tick runnable running stopping quiescent yield core_sched_before set_weight
      set_cpumask update_idle cpu_acquire cpu_release init_task exit_task enable disable cgroup_init cgroup_exit
      cgroup_prep_move cgroup_move cgroup_cancel_move cgroup_set_weight cpu_online cpu_offline init exit dump dump_cpu
      dump_task`),
    sleepable: words('init_task cgroup_init cgroup_exit cgroup_prep_move cpu_online cpu_offline init exit'),
    nullable: new Map([
      ['dispatch', 1],
      ['yield', 1],
    ]),
    promoted: undefined,
    writable: { struct: 'task_struct', fields: TASK_FIELDS, words: 'none' },
    helpers: () => ['trace_storage', ...BASE],
  },
]

const BY_NAME: ReadonlyMap<string, StructOps> = new Map(ROWS.map((row) => [row.name, row]))

/** What is known of the structure of functions; undefined for any other. */
export function structOps(name: string): StructOps | undefined {
  return BY_NAME.get(name)
}
