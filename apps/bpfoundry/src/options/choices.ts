/**
 * The names that options offer. They belong to the packages that know what stands behind them, and are told here once more so
 * that help, or a wrong option, need not load those. test/choices.test.ts holds both against each other.
 */

/** Engines for hosts like this one. Whether one runs here is found out when it is asked to. */
export const ENGINES: readonly string[] = [
  'interpreter',
  'wasm',
  ...(process.arch === 'x64' ? ['x86-64'] : []),
  'arm64',
]
/** What runs anywhere, and fast. */
export const DEFAULT_ENGINE = 'wasm'
/** Stands for the fastest engine that runs here. */
export const AUTO_ENGINE = 'auto'
/** Executes what is offloaded word by word, as the card does. */
export const CARD_ENGINE = 'nfp'

/** Engines whose code can be looked at, on any host. */
export const JITED_ENGINES = ['wasm', 'x86-64', 'arm64'] as const
export type JitedEngine = (typeof JITED_ENGINES)[number]
/** The engine without code of its own. */
export const INTERPRETER = 'interpreter'
export type ShownEngine = JitedEngine | typeof INTERPRETER

/** Cards that run programs themselves. */
export const OFFLOAD_CARDS: readonly string[] = [
  'agilio-cx-2x10',
  'agilio-cx-2x25',
  'agilio-cx-1x40',
  'agilio-cx-2x40',
  'agilio-lx',
]
/** The one of offload mode when none is named. */
export const DEFAULT_CARD = 'agilio-cx-2x10'
/** Stands for that one. */
export const ANY_CARD = 'nfp'
/** Firmware for such cards. */
export const FIRMWARES: readonly string[] = ['bpf-2.0.6', 'corenic']

/** Releases of Linux that programs are judged for. */
export const RELEASES: readonly string[] = ['4.13', '4.19', '5.4', '5.10', '5.15', '6.1', '6.6', '6.12', '6.18']
/** Stands for each of them in turn. */
export const ALL_RELEASES = 'all'

/** What `feature list_builtins` lists. */
export const BUILTIN_GROUPS = ['prog_types', 'map_types', 'attach_types', 'link_types', 'helpers'] as const
export type BuiltinGroupName = (typeof BUILTIN_GROUPS)[number]

/** Test suites of a kernel tree. */
export const SUITES: readonly string[] = ['test_bpf', 'verifier', 'progs']

/** Where the running kernel shows its types. */
export const RUNNING_KERNEL_TYPES = '/sys/kernel/btf/vmlinux'
/** Stands for no kernel's types. */
export const NO_KERNEL_TYPES = 'none'

/** Forms in which assembled programs are printed. */
// biome-ignore format: names
export const ASM_FORMATS = ['asm', 'c', 'decimal', 'listing', 'tcpdump', 'netsniff-ng', 'xt-bpf', 'hex'] as const
export type AsmFormat = (typeof ASM_FORMATS)[number]

/** Syntaxes of eBPF assembly. */
export const EBPF_SYNTAXES = ['llvm', 'kernel'] as const
export type EbpfSyntax = (typeof EBPF_SYNTAXES)[number]

/** Link layers that filters are compiled for. */
// biome-ignore format: names
export const LINK_TYPES: readonly string[] = [
  'EN10MB', 'IEEE802', 'FDDI', 'RAW', 'IPV4', 'IPV6', 'NULL', 'LOOP', 'PPP', 'LINUX_SLL', 'LINUX_SLL2',
]
/** Most bytes of a packet that filters keep. */
export const MAX_SNAP_LENGTH = 262_144
/** What a filter is on its way from an expression to a program. */
export const FILTER_STAGES = ['tree', 'cfg', 'dot'] as const
export type FilterStage = (typeof FILTER_STAGES)[number]
