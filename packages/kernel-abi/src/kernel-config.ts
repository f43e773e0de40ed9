import { isReleasedBy } from './releases.ts'

/** A build option of kernels, as far as bpftool asks for it. */
export interface KernelOption {
  readonly name: string
  /** What a kernel with all that these tables describe is built with; undefined for an option that is off there. */
  readonly value?: string
}

/** Option, its value, and the release that brought it where the oldest profile has not got it. */
type OptionRow = readonly [name: string, value: string | undefined, since?: string]

/** What BPF is built of, in bpftool's order. @see tools/bpf/bpftool/feature.c, kernel history of the Kconfig files */
// biome-ignore format: table
const OPTIONS: readonly OptionRow[] = [
  ['CONFIG_BPF',                      'y'],
  ['CONFIG_BPF_SYSCALL',              'y'],
  ['CONFIG_HAVE_EBPF_JIT',            'y'],
  ['CONFIG_BPF_JIT',                  'y'],
  // Off: there is an interpreter.
  ['CONFIG_BPF_JIT_ALWAYS_ON',        undefined],
  ['CONFIG_DEBUG_INFO_BTF',           'y', '5.2'],
  ['CONFIG_DEBUG_INFO_BTF_MODULES',   'y', '5.11'],
  ['CONFIG_CGROUPS',                  'y'],
  ['CONFIG_CGROUP_BPF',               'y'],
  ['CONFIG_CGROUP_NET_CLASSID',       'y'],
  ['CONFIG_SOCK_CGROUP_DATA',         'y'],
  ['CONFIG_BPF_EVENTS',               'y'],
  ['CONFIG_KPROBE_EVENTS',            'y'],
  ['CONFIG_UPROBE_EVENTS',            'y'],
  ['CONFIG_TRACING',                  'y'],
  ['CONFIG_FTRACE_SYSCALLS',          'y'],
  ['CONFIG_FUNCTION_ERROR_INJECTION', 'y', '4.16'],
  ['CONFIG_BPF_KPROBE_OVERRIDE',      'y', '4.16'],
  ['CONFIG_NET',                      'y'],
  ['CONFIG_XDP_SOCKETS',              'y', '4.18'],
  ['CONFIG_LWTUNNEL_BPF',             'y'],
  ['CONFIG_NET_ACT_BPF',              'y'],
  ['CONFIG_NET_CLS_BPF',              'y'],
  ['CONFIG_NET_CLS_ACT',              'y'],
  ['CONFIG_NET_SCH_INGRESS',          'y'],
  ['CONFIG_XFRM',                     'y'],
  ['CONFIG_IP_ROUTE_CLASSID',         'y'],
  ['CONFIG_IPV6_SEG6_BPF',            'y', '4.18'],
  ['CONFIG_BPF_LIRC_MODE2',           'y', '4.18'],
  ['CONFIG_BPF_STREAM_PARSER',        'y', '4.14'],
  ['CONFIG_NETFILTER_XT_MATCH_BPF',   'y'],
  ['CONFIG_TEST_BPF',                 undefined],
  ['CONFIG_HZ',                       '250'],
]

const isIn = (release: string, since: string | undefined): boolean =>
  since === undefined || isReleasedBy(since, release)

/** What a kernel of that release is built with; options that it has not got yet are off. */
export function kernelOptions(release: string): readonly KernelOption[] {
  return OPTIONS.map(([name, value, since]) => ({
    name,
    ...(value !== undefined && isIn(release, since) ? { value } : {}),
  }))
}

/** Settings of BPF under /proc/sys. */
export type SysctlName =
  | 'unprivileged_bpf_disabled'
  | 'bpf_jit_enable'
  | 'bpf_jit_harden'
  | 'bpf_jit_kallsyms'
  | 'bpf_jit_limit'

/** A setting, as a kernel has it that nobody has changed and that lets nobody in without a capability. */
export interface Sysctl {
  readonly name: SysctlName
  /** Undefined where the release has no such setting. */
  readonly value?: number
  /** Whether root alone may read it. */
  readonly isForRoot: boolean
}

/** Half of the space for modules on x86-64, in bytes: what machine code of programs of unprivileged users may take. */
const JIT_LIMIT_BYTES = (1008 * 1024 * 1024) / 2

/** @see Documentation/admin-guide/sysctl in the kernel tree, net/core/sysctl_net_core.c, kernel/bpf/core.c */
// biome-ignore format: table
const SYSCTLS: readonly (readonly [name: SysctlName, value: number, isForRoot: boolean, since?: string])[] = [
  ['unprivileged_bpf_disabled', 2,               false],
  ['bpf_jit_enable',            1,               false],
  ['bpf_jit_harden',            0,               true],
  ['bpf_jit_kallsyms',          1,               true],
  ['bpf_jit_limit',             JIT_LIMIT_BYTES, true, '4.19'],
]

/** Before this release who kept unprivileged users out could not let them in again: 1 was the only value for that. */
const RECOVERABLE_SINCE = '5.13'

/** The settings of a kernel of that release. */
export function sysctls(release: string): readonly Sysctl[] {
  return SYSCTLS.map(([name, value, isForRoot, since]) => ({
    name,
    isForRoot,
    ...(isIn(release, since) ? { value: value === 2 && !isIn(release, RECOVERABLE_SINCE) ? 1 : value } : {}),
  }))
}
