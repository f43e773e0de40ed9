import { ATTACH_TYPE, type AttachTypeName, attachTypeName } from './attach-types.ts'
import { PROG_TYPE } from './program-types.ts'

/** Flags of BPF_PROG_LOAD, `prog_flags`. @see include/uapi/linux/bpf.h */
export const PROG_FLAG = {
  STRICT_ALIGNMENT: 0x1,
  ANY_ALIGNMENT: 0x2,
  TEST_RND_HI32: 0x4,
  TEST_STATE_FREQ: 0x8,
  SLEEPABLE: 0x10,
  XDP_HAS_FRAGS: 0x20,
  XDP_DEV_BOUND_ONLY: 0x40,
  TEST_REG_INVARIANTS: 0x80,
  TOKEN_FD: 0x10000,
} as const

/** `log_level` of BPF_PROG_LOAD; may be or-ed. */
export const LOG_LEVEL = { PATH: 1, EVERYTHING: 2, STATS: 4, FIXED: 8 } as const

/** Name of the context structure as a program sees it, and as the kernel keeps it. */
// biome-ignore format: table
const CONTEXT_NAMES: Readonly<Record<keyof typeof PROG_TYPE, readonly [program: string, kernel: string]>> = {
  UNSPEC:                  ['',                        ''],
  SOCKET_FILTER:           ['__sk_buff',               'sk_buff'],
  KPROBE:                  ['bpf_user_pt_regs_t',      'pt_regs'],
  SCHED_CLS:               ['__sk_buff',               'sk_buff'],
  SCHED_ACT:               ['__sk_buff',               'sk_buff'],
  TRACEPOINT:              ['__u64',                   'u64'],
  XDP:                     ['xdp_md',                  'xdp_buff'],
  PERF_EVENT:              ['bpf_perf_event_data',     'bpf_perf_event_data_kern'],
  CGROUP_SKB:              ['__sk_buff',               'sk_buff'],
  CGROUP_SOCK:             ['bpf_sock',                'sock'],
  LWT_IN:                  ['__sk_buff',               'sk_buff'],
  LWT_OUT:                 ['__sk_buff',               'sk_buff'],
  LWT_XMIT:                ['__sk_buff',               'sk_buff'],
  SOCK_OPS:                ['bpf_sock_ops',            'bpf_sock_ops_kern'],
  SK_SKB:                  ['__sk_buff',               'sk_buff'],
  CGROUP_DEVICE:           ['bpf_cgroup_dev_ctx',      'bpf_cgroup_dev_ctx'],
  SK_MSG:                  ['sk_msg_md',               'sk_msg'],
  RAW_TRACEPOINT:          ['bpf_raw_tracepoint_args', 'u64'],
  CGROUP_SOCK_ADDR:        ['bpf_sock_addr',           'bpf_sock_addr_kern'],
  LWT_SEG6LOCAL:           ['__sk_buff',               'sk_buff'],
  LIRC_MODE2:              ['__u32',                   'u32'],
  SK_REUSEPORT:            ['sk_reuseport_md',         'sk_reuseport_kern'],
  FLOW_DISSECTOR:          ['__sk_buff',               'bpf_flow_dissector'],
  CGROUP_SYSCTL:           ['bpf_sysctl',              'bpf_sysctl_kern'],
  RAW_TRACEPOINT_WRITABLE: ['bpf_raw_tracepoint_args', 'u64'],
  CGROUP_SOCKOPT:          ['bpf_sockopt',             'bpf_sockopt_kern'],
  TRACING:                 ['void *',                  'void *'],
  STRUCT_OPS:              ['void *',                  'void *'],
  EXT:                     ['void *',                  'void *'],
  LSM:                     ['void *',                  'void *'],
  SK_LOOKUP:               ['bpf_sk_lookup',           'bpf_sk_lookup_kern'],
  SYSCALL:                 ['void *',                  'void *'],
  NETFILTER:               ['bpf_nf_ctx',              'bpf_nf_ctx'],
}

const TYPE_NAMES: ReadonlyMap<number, keyof typeof PROG_TYPE> = new Map(
  Object.entries(PROG_TYPE).map(([name, type]) => [type, name as keyof typeof PROG_TYPE]),
)

/** `xdp_md` and `xdp_buff` for BPF_PROG_TYPE_XDP; undefined for an unknown type. @see include/linux/bpf_types.h */
export function contextNames(programType: number): { readonly program: string; readonly kernel: string } | undefined {
  const name = TYPE_NAMES.get(programType)
  if (name === undefined) return undefined
  const [program, kernel] = CONTEXT_NAMES[name]
  return { program, kernel }
}

const ADDRESS_HOOKS: readonly AttachTypeName[] = [
  'CGROUP_INET4_BIND',
  'CGROUP_INET6_BIND',
  'CGROUP_INET4_CONNECT',
  'CGROUP_INET6_CONNECT',
  'CGROUP_UNIX_CONNECT',
  'CGROUP_INET4_GETPEERNAME',
  'CGROUP_INET6_GETPEERNAME',
  'CGROUP_UNIX_GETPEERNAME',
  'CGROUP_INET4_GETSOCKNAME',
  'CGROUP_INET6_GETSOCKNAME',
  'CGROUP_UNIX_GETSOCKNAME',
  'CGROUP_UDP4_SENDMSG',
  'CGROUP_UDP6_SENDMSG',
  'CGROUP_UNIX_SENDMSG',
  'CGROUP_UDP4_RECVMSG',
  'CGROUP_UDP6_RECVMSG',
  'CGROUP_UNIX_RECVMSG',
]

const SOCKET_HOOKS: readonly AttachTypeName[] = [
  'CGROUP_INET_SOCK_CREATE',
  'CGROUP_INET_SOCK_RELEASE',
  'CGROUP_INET4_POST_BIND',
  'CGROUP_INET6_POST_BIND',
]

/**
 * Expected attach types that BPF_PROG_LOAD takes, else EINVAL; a type without a row takes any.
 *
 * @see bpf_prog_load_check_attach in kernel/bpf/syscall.c
 */
// biome-ignore format: table
const LOAD_ATTACH_TYPES: ReadonlyMap<number, readonly AttachTypeName[]> = new Map<number, readonly AttachTypeName[]>([
  [PROG_TYPE.CGROUP_SOCK,      SOCKET_HOOKS],
  [PROG_TYPE.CGROUP_SOCK_ADDR, ADDRESS_HOOKS],
  [PROG_TYPE.CGROUP_SKB,       ['CGROUP_INET_INGRESS', 'CGROUP_INET_EGRESS']],
  [PROG_TYPE.CGROUP_SOCKOPT,   ['CGROUP_SETSOCKOPT', 'CGROUP_GETSOCKOPT']],
  [PROG_TYPE.SK_LOOKUP,        ['SK_LOOKUP']],
  [PROG_TYPE.SK_REUSEPORT,     ['SK_REUSEPORT_SELECT', 'SK_REUSEPORT_SELECT_OR_MIGRATE']],
  [PROG_TYPE.NETFILTER,        ['NETFILTER']],
  [PROG_TYPE.SYSCALL,          ['CGROUP_INET_INGRESS']],
  [PROG_TYPE.EXT,              ['CGROUP_INET_INGRESS']],
])

/** What 0 stands for: these types are older than their attach types. @see bpf_prog_load_fixup_attach_type */
const ATTACH_TYPE_OF_ZERO: ReadonlyMap<number, number> = new Map<number, number>([
  [PROG_TYPE.CGROUP_SOCK, ATTACH_TYPE.CGROUP_INET_SOCK_CREATE],
  [PROG_TYPE.SK_REUSEPORT, ATTACH_TYPE.SK_REUSEPORT_SELECT],
])

/** The expected attach type that the kernel goes by: the given one, but for types where 0 stands for another. */
export function effectiveAttachType(programType: number, attachType: number): number {
  return attachType === 0 ? (ATTACH_TYPE_OF_ZERO.get(programType) ?? 0) : attachType
}

/** Whether BPF_PROG_LOAD takes this expected attach type with this program type (SYSCALL and EXT: 0 only). */
export function loadAttachTypeAllowed(programType: number, attachType: number): boolean {
  const allowed = LOAD_ATTACH_TYPES.get(programType)
  const name = attachTypeName(effectiveAttachType(programType, attachType)) as AttachTypeName
  return allowed === undefined || allowed.includes(name)
}

/** Values that r0 may hold at a program's exit, both included. */
export interface ReturnRange {
  readonly min: number
  readonly max: number
}

/** Program type, attach types (none: all not named above in the list), smallest and largest value. */
type ReturnRow = readonly [type: number, attachTypes: readonly AttachTypeName[], min: number, max: number]

const NAME_HOOKS: readonly AttachTypeName[] = ADDRESS_HOOKS.filter((name) =>
  /RECVMSG|GETPEERNAME|GETSOCKNAME/.test(name),
)

/** @see check_return_code in kernel/bpf/verifier.c */
// biome-ignore format: table
const RETURN_ROWS: readonly ReturnRow[] = [
  [PROG_TYPE.CGROUP_SOCK_ADDR, NAME_HOOKS,                                       1, 1],
  [PROG_TYPE.CGROUP_SOCK_ADDR, ['CGROUP_INET4_BIND', 'CGROUP_INET6_BIND'],       0, 3],
  [PROG_TYPE.CGROUP_SOCK_ADDR, [],                                               0, 1],
  [PROG_TYPE.CGROUP_SKB,       ['CGROUP_INET_EGRESS'],                           0, 3],
  [PROG_TYPE.CGROUP_SKB,       [],                                               0, 1],
  [PROG_TYPE.CGROUP_SOCK,      [],                                               0, 1],
  [PROG_TYPE.SOCK_OPS,         [],                                               0, 1],
  [PROG_TYPE.CGROUP_DEVICE,    [],                                               0, 1],
  [PROG_TYPE.CGROUP_SYSCTL,    [],                                               0, 1],
  [PROG_TYPE.CGROUP_SOCKOPT,   [],                                               0, 1],
  [PROG_TYPE.TRACING,          ['TRACE_FENTRY', 'TRACE_FEXIT'],                  0, 0],
  [PROG_TYPE.TRACING,          ['TRACE_ITER'],                                   0, 1],
  [PROG_TYPE.KPROBE,           ['TRACE_KPROBE_SESSION'],                         0, 1],
  [PROG_TYPE.SK_LOOKUP,        [],                                               0, 1],
  [PROG_TYPE.NETFILTER,        [],                                               0, 1],
]

/** The values a program may return; undefined where the verifier takes any, as for XDP. */
export function returnRange(
  programType: number,
  attachType: number = ATTACH_TYPE.CGROUP_INET_INGRESS,
): ReturnRange | undefined {
  const name = attachTypeName(attachType) as AttachTypeName
  const row = RETURN_ROWS.find(([type, names]) => type === programType && (names.length === 0 || names.includes(name)))
  return row && { min: row[2], max: row[3] }
}
