import { MAP_TYPE } from './map-types.ts'
import { PROG_TYPE } from './program-types.ts'

/** Below 0 where release `a` came before `b`: `4.9` before `4.19`. */
export function compareReleases(a: string, b: string): number {
  const [major = 0, minor = 0] = a.split('.').map(Number)
  const [otherMajor = 0, otherMinor = 0] = b.split('.').map(Number)
  return major - otherMajor || minor - otherMinor
}

/** Whether what came with release `since` is in `release`. */
export function isReleasedBy(since: string, release: string): boolean {
  return compareReleases(since, release) <= 0
}

/** The release that brought each map type. @see kernel history of enum bpf_map_type in include/uapi/linux/bpf.h */
// biome-ignore format: table
const MAP_TYPE_SINCE: Readonly<Record<Exclude<keyof typeof MAP_TYPE, 'UNSPEC'>, string>> = {
  HASH:                  '3.19',
  ARRAY:                 '3.19',
  PROG_ARRAY:            '4.2',
  PERF_EVENT_ARRAY:      '4.3',
  PERCPU_HASH:           '4.6',
  PERCPU_ARRAY:          '4.6',
  STACK_TRACE:           '4.6',
  CGROUP_ARRAY:          '4.8',
  LRU_HASH:              '4.10',
  LRU_PERCPU_HASH:       '4.10',
  LPM_TRIE:              '4.11',
  ARRAY_OF_MAPS:         '4.12',
  HASH_OF_MAPS:          '4.12',
  DEVMAP:                '4.14',
  SOCKMAP:               '4.14',
  CPUMAP:                '4.15',
  XSKMAP:                '4.18',
  SOCKHASH:              '4.18',
  CGROUP_STORAGE:        '4.19',
  REUSEPORT_SOCKARRAY:   '4.19',
  PERCPU_CGROUP_STORAGE: '4.20',
  QUEUE:                 '4.20',
  STACK:                 '4.20',
  SK_STORAGE:            '5.2',
  DEVMAP_HASH:           '5.4',
  STRUCT_OPS:            '5.6',
  RINGBUF:               '5.8',
  INODE_STORAGE:         '5.10',
  TASK_STORAGE:          '5.11',
  BLOOM_FILTER:          '5.16',
  USER_RINGBUF:          '6.1',
  CGRP_STORAGE:          '6.2',
  ARENA:                 '6.9',
}

/** The release that brought each program type. @see kernel history of enum bpf_prog_type in include/uapi/linux/bpf.h */
// biome-ignore format: table
const PROGRAM_TYPE_SINCE: Readonly<Record<Exclude<keyof typeof PROG_TYPE, 'UNSPEC'>, string>> = {
  SOCKET_FILTER:           '3.19',
  KPROBE:                  '4.1',
  SCHED_CLS:               '4.1',
  SCHED_ACT:               '4.1',
  TRACEPOINT:              '4.7',
  XDP:                     '4.8',
  PERF_EVENT:              '4.9',
  CGROUP_SKB:              '4.10',
  CGROUP_SOCK:             '4.10',
  LWT_IN:                  '4.10',
  LWT_OUT:                 '4.10',
  LWT_XMIT:                '4.10',
  SOCK_OPS:                '4.13',
  SK_SKB:                  '4.14',
  CGROUP_DEVICE:           '4.15',
  SK_MSG:                  '4.17',
  RAW_TRACEPOINT:          '4.17',
  CGROUP_SOCK_ADDR:        '4.17',
  LWT_SEG6LOCAL:           '4.18',
  LIRC_MODE2:              '4.18',
  SK_REUSEPORT:            '4.19',
  FLOW_DISSECTOR:          '4.20',
  CGROUP_SYSCTL:           '5.2',
  RAW_TRACEPOINT_WRITABLE: '5.2',
  CGROUP_SOCKOPT:          '5.3',
  TRACING:                 '5.5',
  STRUCT_OPS:              '5.6',
  EXT:                     '5.6',
  LSM:                     '5.7',
  SK_LOOKUP:               '5.9',
  SYSCALL:                 '5.14',
  NETFILTER:               '6.4',
}

function byNumber<Name extends string>(
  numbers: Readonly<Record<Name | 'UNSPEC', number>>,
  since: Readonly<Record<Exclude<Name, 'UNSPEC'>, string>>,
): ReadonlyMap<number, string> {
  const rows = Object.entries(since) as [Exclude<Name, 'UNSPEC'>, string][]
  return new Map(rows.map(([name, release]) => [numbers[name], release]))
}

const MAP_TYPES = byNumber(MAP_TYPE, MAP_TYPE_SINCE)
const PROGRAM_TYPES = byNumber(PROG_TYPE, PROGRAM_TYPE_SINCE)

/** The release that brought a map type; undefined for a number that is none. */
export function mapTypeSince(type: number): string | undefined {
  return MAP_TYPES.get(type)
}

/** The release that brought a program type; undefined for a number that is none. */
export function programTypeSince(type: number): string | undefined {
  return PROGRAM_TYPES.get(type)
}

/**
 * The release from which on the verifier takes something that is neither an instruction, a helper, nor a type.
 *
 * @see kernel history of kernel/bpf/verifier.c, and https://docs.kernel.org/bpf/
 */
// biome-ignore format: table
export const ABILITY_SINCE = {
  /** XDP programs that read or write data_meta. */
  xdpMetadata:             '4.15',
  /** ingress_ifindex and rx_queue_index of struct xdp_md. */
  xdpReceiveFields:        '4.16',
  /** BPF_PSEUDO_CALL. */
  functionCalls:           '4.16',
  /** More than 4096 instructions, and up to a million explored. */
  largePrograms:           '5.2',
  /** LD_IMM64 of the address of a map's value: .data, .bss, .rodata. */
  globalData:              '5.2',
  /** Jumps backwards: loops are explored round by round. */
  boundedLoops:            '5.3',
  /** egress_ifindex of struct xdp_md. */
  xdpEgressField:          '5.8',
  /** Tail calls in a program that also calls functions of its own, on x86-64. */
  tailCallsWithFunctions:  '5.10',
  /** LD_IMM64 of the address of a kernel variable. */
  kernelVariables:         '5.10',
  /** Programs that may sleep. */
  sleepable:               '5.10',
  /** Calls of functions of the kernel by BTF id. */
  kernelFunctions:         '5.13',
  /** LD_IMM64 of the address of a function: callbacks. */
  callbacks:               '5.13',
  /** BPF_PROG_BIND_MAP: programs hold maps that they don't use. libbpf has every program hold its object's read-only data. */
  boundMaps:               '5.10',
  /** BPF_F_XDP_HAS_FRAGS. */
  xdpFrags:                '5.18',
} as const

/** What {@link ABILITY_SINCE} knows the release of. */
export type KernelAbility = keyof typeof ABILITY_SINCE
