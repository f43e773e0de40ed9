import type { EngineOptions } from '@bpfoundry/engine'

/** What the processor has besides x86-64-v1. All absent by default: the code then runs on every x86-64. */
export interface X86Features {
  /** `shlx`, `shrx`, `sarx`: shifts by any register. */
  readonly bmi2?: boolean
  /** `movbe`: a load that swaps its bytes. */
  readonly movbe?: boolean
}

/** Calling convention of the function that the host calls, and of what the code calls. */
export type Abi = 'system-v' | 'windows'

/** What {@link translateX86} is told besides the program. */
export interface X86Options extends EngineOptions {
  readonly features?: X86Features
  /**
   * Whether the passes over BPF instructions run that all back ends share (`optimise` of @bpfoundry/codegen). Off by
   * default: compilers have done most of it, and translating takes twice as long with them.
   */
  readonly optimise?: boolean
  /** 'system-v' by default. */
  readonly abi?: Abi
}
