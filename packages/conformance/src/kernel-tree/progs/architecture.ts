/** Architectures that tests may be for. */
export type Architecture = 'x86-64' | 'arm64' | 'riscv64'

interface ArchitectureNames {
  /** As `__arch` has it. */
  readonly annotation: string
  /** As `__TARGET_ARCH_` has it. */
  readonly macro: string
}

/** @see tools/testing/selftests/bpf/progs/bpf_misc.h and tools/lib/bpf/bpf_tracing.h */
// biome-ignore format: table
export const ARCHITECTURES: Readonly<Record<Architecture, ArchitectureNames>> = {
  'x86-64':  { annotation: 'X86_64',  macro: 'x86' },
  'arm64':   { annotation: 'ARM64',   macro: 'arm64' },
  'riscv64': { annotation: 'RISCV64', macro: 'riscv' },
}

export const DEFAULT_ARCHITECTURE: Architecture = 'x86-64'
