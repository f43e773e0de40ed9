/** What the process with an engine and its parent tell each other; structured clones. */
import type { DiagnosticJson } from '@bpfoundry/diagnostics'
import type { EngineOptions, ProgramImage } from '@bpfoundry/engine'
import type { GuestPage } from './guest-pages.ts'

/** A function that the child imports. */
export interface ModuleExport {
  /** URL of the module. */
  readonly url: string
  readonly name: string
}

/** First message to the child. */
export interface ContainedSetup {
  /** `(options: EngineOptions) => Engine` */
  readonly engine: ModuleExport
  /** `(memory: GuestMemory) => HelperTable`; without it every helper call faults. */
  readonly helpers?: ModuleExport
  readonly options: EngineOptions
  /** Of the guest memory. */
  readonly maximumBytes: number
}

/** One run. */
export interface ContainedRequest {
  /** The first runs; all can be tail-called. */
  readonly images: readonly ProgramImage[]
  readonly cpuBlock: number
  readonly ctx: number
  /** How often the first one runs, on the memory as the last run left it. */
  readonly times: number
  /** Length of guest memory, and what it holds besides zeros. */
  readonly byteLength: number
  readonly pages: readonly GuestPage[]
}

/** What the child says when it can run, and after a run that did not kill it. */
export type ContainedReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly retval: number; readonly pages: readonly GuestPage[] }
  | { readonly kind: 'fault'; readonly fault: DiagnosticJson; readonly pages: readonly GuestPage[] }
  | { readonly kind: 'error'; readonly message: string; readonly code?: string }
