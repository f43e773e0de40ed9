import { ATTACH_TYPE, type AttachTypeName, PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { LoaderError } from './loader-error.ts'

type Flag = 'sleepable' | 'frags'

/** One row: section name, program type, attach type, flags. A name that ends in `+` may have `/target` after it. */
type Row = readonly [name: string, type: keyof typeof PROG_TYPE, attach?: AttachTypeName | '', flag?: Flag]

/**
 * Section names of programs, in the order they are tried.
 *
 * @see Documentation/bpf/libbpf/program_types.rst of Linux 6.12, and the names that libbpf added since
 */
// biome-ignore format: table
const ROWS: readonly Row[] = [
  ['socket',                     'SOCKET_FILTER'],
  ['sk_reuseport/migrate',       'SK_REUSEPORT',            'SK_REUSEPORT_SELECT_OR_MIGRATE'],
  ['sk_reuseport',               'SK_REUSEPORT',            'SK_REUSEPORT_SELECT'],
  ['kprobe+',                    'KPROBE'],
  ['uprobe+',                    'KPROBE'],
  ['uprobe.s+',                  'KPROBE',                  '',                          'sleepable'],
  ['kretprobe+',                 'KPROBE'],
  ['uretprobe+',                 'KPROBE'],
  ['uretprobe.s+',               'KPROBE',                  '',                          'sleepable'],
  ['kprobe.multi+',              'KPROBE',                  'TRACE_KPROBE_MULTI'],
  ['kretprobe.multi+',           'KPROBE',                  'TRACE_KPROBE_MULTI'],
  ['kprobe.session+',            'KPROBE',                  'TRACE_KPROBE_SESSION'],
  ['uprobe.multi+',              'KPROBE',                  'TRACE_UPROBE_MULTI'],
  ['uretprobe.multi+',           'KPROBE',                  'TRACE_UPROBE_MULTI'],
  ['uprobe.multi.s+',            'KPROBE',                  'TRACE_UPROBE_MULTI',        'sleepable'],
  ['uretprobe.multi.s+',         'KPROBE',                  'TRACE_UPROBE_MULTI',        'sleepable'],
  ['ksyscall+',                  'KPROBE'],
  ['kretsyscall+',               'KPROBE'],
  ['usdt+',                      'KPROBE'],
  ['usdt.s+',                    'KPROBE',                  '',                          'sleepable'],
  ['tc/ingress',                 'SCHED_CLS',               'TCX_INGRESS'],
  ['tc/egress',                  'SCHED_CLS',               'TCX_EGRESS'],
  ['tcx/ingress',                'SCHED_CLS',               'TCX_INGRESS'],
  ['tcx/egress',                 'SCHED_CLS',               'TCX_EGRESS'],
  ['tc',                         'SCHED_CLS'],
  ['classifier',                 'SCHED_CLS'],
  ['action',                     'SCHED_ACT'],
  ['netkit/primary',             'SCHED_CLS',               'NETKIT_PRIMARY'],
  ['netkit/peer',                'SCHED_CLS',               'NETKIT_PEER'],
  ['tracepoint+',                'TRACEPOINT'],
  ['tp+',                        'TRACEPOINT'],
  ['raw_tracepoint+',            'RAW_TRACEPOINT'],
  ['raw_tp+',                    'RAW_TRACEPOINT'],
  ['raw_tracepoint.w+',          'RAW_TRACEPOINT_WRITABLE'],
  ['raw_tp.w+',                  'RAW_TRACEPOINT_WRITABLE'],
  ['tp_btf+',                    'TRACING',                 'TRACE_RAW_TP'],
  ['fentry+',                    'TRACING',                 'TRACE_FENTRY'],
  ['fmod_ret+',                  'TRACING',                 'MODIFY_RETURN'],
  ['fexit+',                     'TRACING',                 'TRACE_FEXIT'],
  ['fentry.s+',                  'TRACING',                 'TRACE_FENTRY',              'sleepable'],
  ['fmod_ret.s+',                'TRACING',                 'MODIFY_RETURN',             'sleepable'],
  ['fexit.s+',                   'TRACING',                 'TRACE_FEXIT',               'sleepable'],
  ['freplace+',                  'EXT'],
  ['lsm+',                       'LSM',                     'LSM_MAC'],
  ['lsm.s+',                     'LSM',                     'LSM_MAC',                   'sleepable'],
  ['lsm_cgroup+',                'LSM',                     'LSM_CGROUP'],
  ['iter+',                      'TRACING',                 'TRACE_ITER'],
  ['iter.s+',                    'TRACING',                 'TRACE_ITER',                'sleepable'],
  ['syscall',                    'SYSCALL',                 '',                          'sleepable'],
  ['xdp.frags/devmap',           'XDP',                     'XDP_DEVMAP',                'frags'],
  ['xdp/devmap',                 'XDP',                     'XDP_DEVMAP'],
  ['xdp.frags/cpumap',           'XDP',                     'XDP_CPUMAP',                'frags'],
  ['xdp/cpumap',                 'XDP',                     'XDP_CPUMAP'],
  ['xdp.frags',                  'XDP',                     'XDP',                       'frags'],
  ['xdp',                        'XDP',                     'XDP'],
  ['perf_event',                 'PERF_EVENT'],
  ['lwt_in',                     'LWT_IN'],
  ['lwt_out',                    'LWT_OUT'],
  ['lwt_xmit',                   'LWT_XMIT'],
  ['lwt_seg6local',              'LWT_SEG6LOCAL'],
  ['sockops',                    'SOCK_OPS',                'CGROUP_SOCK_OPS'],
  ['sk_skb/stream_parser',       'SK_SKB',                  'SK_SKB_STREAM_PARSER'],
  ['sk_skb/stream_verdict',      'SK_SKB',                  'SK_SKB_STREAM_VERDICT'],
  ['sk_skb/verdict',             'SK_SKB',                  'SK_SKB_VERDICT'],
  ['sk_skb',                     'SK_SKB'],
  ['sk_msg',                     'SK_MSG',                  'SK_MSG_VERDICT'],
  ['lirc_mode2',                 'LIRC_MODE2',              'LIRC_MODE2'],
  ['flow_dissector',             'FLOW_DISSECTOR',          'FLOW_DISSECTOR'],
  ['cgroup_skb/ingress',         'CGROUP_SKB',              'CGROUP_INET_INGRESS'],
  ['cgroup_skb/egress',          'CGROUP_SKB',              'CGROUP_INET_EGRESS'],
  ['cgroup/skb',                 'CGROUP_SKB'],
  ['cgroup/sock_create',         'CGROUP_SOCK',             'CGROUP_INET_SOCK_CREATE'],
  ['cgroup/sock_release',        'CGROUP_SOCK',             'CGROUP_INET_SOCK_RELEASE'],
  ['cgroup/sock',                'CGROUP_SOCK',             'CGROUP_INET_SOCK_CREATE'],
  ['cgroup/post_bind4',          'CGROUP_SOCK',             'CGROUP_INET4_POST_BIND'],
  ['cgroup/post_bind6',          'CGROUP_SOCK',             'CGROUP_INET6_POST_BIND'],
  ['cgroup/bind4',               'CGROUP_SOCK_ADDR',        'CGROUP_INET4_BIND'],
  ['cgroup/bind6',               'CGROUP_SOCK_ADDR',        'CGROUP_INET6_BIND'],
  ['cgroup/connect4',            'CGROUP_SOCK_ADDR',        'CGROUP_INET4_CONNECT'],
  ['cgroup/connect6',            'CGROUP_SOCK_ADDR',        'CGROUP_INET6_CONNECT'],
  ['cgroup/connect_unix',        'CGROUP_SOCK_ADDR',        'CGROUP_UNIX_CONNECT'],
  ['cgroup/sendmsg4',            'CGROUP_SOCK_ADDR',        'CGROUP_UDP4_SENDMSG'],
  ['cgroup/sendmsg6',            'CGROUP_SOCK_ADDR',        'CGROUP_UDP6_SENDMSG'],
  ['cgroup/sendmsg_unix',        'CGROUP_SOCK_ADDR',        'CGROUP_UNIX_SENDMSG'],
  ['cgroup/recvmsg4',            'CGROUP_SOCK_ADDR',        'CGROUP_UDP4_RECVMSG'],
  ['cgroup/recvmsg6',            'CGROUP_SOCK_ADDR',        'CGROUP_UDP6_RECVMSG'],
  ['cgroup/recvmsg_unix',        'CGROUP_SOCK_ADDR',        'CGROUP_UNIX_RECVMSG'],
  ['cgroup/getpeername4',        'CGROUP_SOCK_ADDR',        'CGROUP_INET4_GETPEERNAME'],
  ['cgroup/getpeername6',        'CGROUP_SOCK_ADDR',        'CGROUP_INET6_GETPEERNAME'],
  ['cgroup/getpeername_unix',    'CGROUP_SOCK_ADDR',        'CGROUP_UNIX_GETPEERNAME'],
  ['cgroup/getsockname4',        'CGROUP_SOCK_ADDR',        'CGROUP_INET4_GETSOCKNAME'],
  ['cgroup/getsockname6',        'CGROUP_SOCK_ADDR',        'CGROUP_INET6_GETSOCKNAME'],
  ['cgroup/getsockname_unix',    'CGROUP_SOCK_ADDR',        'CGROUP_UNIX_GETSOCKNAME'],
  ['cgroup/sysctl',              'CGROUP_SYSCTL',           'CGROUP_SYSCTL'],
  ['cgroup/getsockopt',          'CGROUP_SOCKOPT',          'CGROUP_GETSOCKOPT'],
  ['cgroup/setsockopt',          'CGROUP_SOCKOPT',          'CGROUP_SETSOCKOPT'],
  ['cgroup/dev',                 'CGROUP_DEVICE',           'CGROUP_DEVICE'],
  ['struct_ops+',                'STRUCT_OPS'],
  ['struct_ops.s+',              'STRUCT_OPS',              '',                          'sleepable'],
  ['sk_lookup',                  'SK_LOOKUP',               'SK_LOOKUP'],
  ['netfilter',                  'NETFILTER',               'NETFILTER'],
]

/** Every name of the table, as it stands there. */
export const SECTION_NAMES: readonly string[] = ROWS.map(([name]) => name)

const FLAGS: Readonly<Record<Flag, number>> = { sleepable: PROG_FLAG.SLEEPABLE, frags: PROG_FLAG.XDP_HAS_FRAGS }

/** What a section name says about the programs in it. */
export interface ProgramSection {
  /** BPF_PROG_TYPE_* */
  readonly type: number
  /** BPF_*, 0 when the type has none. */
  readonly expectedAttachType: number
  /** BPF_F_* of BPF_PROG_LOAD. */
  readonly flags: number
  /** What follows the slash: `sys_nanosleep` of `kprobe/sys_nanosleep`. */
  readonly target?: string
  /** False for a name that begins with `?`: loaded only when asked for. */
  readonly autoload: boolean
}

/** What a section name stands for, as SEC() takes it; undefined when it names no program type. */
export function programSection(section: string): ProgramSection | undefined {
  const name = section.startsWith('?') ? section.slice(1) : section
  for (const [pattern, type, attach, flag] of ROWS) {
    const target = matchName(pattern, name)
    if (target === undefined) continue
    return {
      type: PROG_TYPE[type],
      expectedAttachType: attach === undefined || attach === '' ? 0 : ATTACH_TYPE[attach],
      flags: flag === undefined ? 0 : FLAGS[flag],
      ...(target === '' ? {} : { target }),
      autoload: name === section,
    }
  }
  return undefined
}

/** The part after the slash, empty when there is none; undefined when the name does not match. */
function matchName(pattern: string, name: string): string | undefined {
  if (!pattern.endsWith('+')) return name === pattern ? '' : undefined
  const base = pattern.slice(0, -1)
  if (name === base) return ''
  return name.startsWith(`${base}/`) ? name.slice(base.length + 1) : undefined
}

/** The refusal of a section name, with the names that are most like it. */
export function unknownSection(section: string): LoaderError {
  const near = nearestNames(section)
  return new LoaderError({
    code: 'LOADER_SECTION_UNKNOWN',
    message: `no program type goes by the section name '${section}'`,
    where: { section },
    got: section,
    expected: near.length === 0 ? 'a section name of libbpf, such as xdp or tc' : near.join(', '),
    hint: 'name the program with SEC("..."), or give the type to load such sections as',
  })
}

/** Known names that are part of the wanted one, begin like it, or differ in a letter or two; the most similar first. */
function nearestNames(section: string): string[] {
  const wanted = section.replace(/^\?/, '').slice(0, 64)
  return ROWS.map(([pattern]) => rateName(wanted, pattern))
    .filter(({ isPart, startsAlike, prefix, edits }) => isPart || startsAlike || prefix > 2 || edits <= 2)
    .sort((a, b) => Number(b.isPart) - Number(a.isPart) || b.prefix - a.prefix || a.edits - b.edits)
    .slice(0, 5)
    .map(({ shown }) => shown)
}

interface NameRating {
  readonly shown: string
  /** The wanted name begins with this word, or has this name in it. */
  readonly isPart: boolean
  readonly startsAlike: boolean
  readonly prefix: number
  readonly edits: number
}

function rateName(wanted: string, pattern: string): NameRating {
  const name = pattern.replace(/\+$/, '')
  const word = /^[a-z]{2,}/.exec(wanted)?.[0]
  return {
    shown: name === pattern ? name : `${name}/...`,
    isPart: name === word || (name.length > 2 && wanted.includes(name)),
    prefix: sharedPrefix(wanted, name),
    startsAlike: word !== undefined && name.startsWith(word),
    edits: editDistance(wanted, name),
  }
}

function sharedPrefix(a: string, b: string): number {
  let length = 0
  while (length < Math.min(a.length, b.length) && a[length] === b[length]) length++
  return length
}

/** Letters to insert, delete or replace to get from one to the other (Levenshtein). */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = (above[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (above[column] as number) + 1, (current[column - 1] as number) + 1))
    }
    above = current
  }
  return above[b.length] as number
}
