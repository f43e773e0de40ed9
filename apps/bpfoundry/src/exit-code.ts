import { Diagnostic, isDiagnostic } from '@bpfoundry/diagnostics'

/** What the process ends with; the contract of docs and scripts. */
export const EXIT = {
  ok: 0,
  /** A verdict or an expectation failed: a program was refused, packets were lost. */
  failed: 1,
  usage: 2,
  unreadableInput: 3,
  unsupported: 4,
  /** 128 + SIGINT: stopped by Ctrl-C, with the summary so far. */
  interrupted: 130,
} as const

/** A wrong flag or argument: `CLI_*`, exit code 2. */
export class UsageError extends Diagnostic {}

/** A file that can't be read or written: `CLI_*`, exit code 3. */
export class InputError extends Diagnostic {}

/** What this build or this host can't do: `CLI_UNSUPPORTED_*`, exit code 4. */
export class UnsupportedError extends Diagnostic {}

/** Exit codes by the domain of an error's code; the first prefix that fits counts. */
// biome-ignore format: table
const BY_PREFIX: readonly (readonly [string, number])[] = [
  ['CLI_UNSUPPORTED', EXIT.unsupported],
  ['CLI_NO_SUCH', EXIT.unreadableInput],
  ['CLI_UNREADABLE', EXIT.unreadableInput],
  ['CLI_UNWRITABLE', EXIT.unreadableInput],
  ['CLI_', EXIT.usage],
  ['PKTGEN_', EXIT.usage],
  ['TESTBENCH_NO_SUCH_FILE', EXIT.unreadableInput],
  ['TESTBENCH_UNREADABLE', EXIT.unreadableInput],
  ['TESTBENCH_UNWRITABLE', EXIT.unreadableInput],
  ['TESTBENCH_LINK_TYPE', EXIT.unreadableInput],
  ['TESTBENCH_MAP_FILE', EXIT.unreadableInput],
  ['TESTBENCH_KERNEL_TYPES', EXIT.unreadableInput],
  ['TESTBENCH_', EXIT.usage],
  ['ELF_', EXIT.unreadableInput],
  ['BTF_', EXIT.unreadableInput],
  ['PCAP', EXIT.unreadableInput],
  ['ISA_', EXIT.unreadableInput],
  ['CBPF_REFUSED', EXIT.failed],
  ['CBPF_ASM_', EXIT.unreadableInput],
  ['CBPF_FILTER_UNSUPPORTED', EXIT.unsupported],
  ['CBPF_FILTER_LIMIT', EXIT.unsupported],
  ['CBPF_FILTER_NOTHING', EXIT.failed],
  ['CBPF_FILTER_', EXIT.usage],
  ['LOADER_UNSUPPORTED', EXIT.unsupported],
  ['LOADER_TYPE_UNKNOWN', EXIT.usage],
  ['LOADER_SKELETON_NAME', EXIT.usage],
  ['LOADER_', EXIT.unreadableInput],
  ['KERNEL_PROGRAM_REJECTED', EXIT.failed],
  ['KERNEL_', EXIT.failed],
  ['XDP_', EXIT.failed],
  ['OFFLOAD_', EXIT.failed],
  ['DEVICE_', EXIT.usage],
  ['GUEST_MEMORY_', EXIT.unsupported],
  ['CONFORMANCE_PROGRAM', EXIT.failed],
  ['CONFORMANCE_', EXIT.unreadableInput],
  ['CAMPAIGN_QUEUE_UNREACHABLE', EXIT.unreadableInput],
  ['CAMPAIGN_QUEUE_', EXIT.usage],
  ['CAMPAIGN_ORACLE', EXIT.unsupported],
  ['CAMPAIGN_', EXIT.unreadableInput],
  ['DEPLOYMENT_REFUSED', EXIT.failed],
  ['DEPLOYMENT_UNSUPPORTED', EXIT.unsupported],
  ['DEPLOYMENT_', EXIT.unreadableInput],
  ['JIT_', EXIT.unsupported],
  ['CODEGEN_', EXIT.unsupported],
  ['NATIVE_', EXIT.unsupported],
]

/** The exit code for an error that reached the top. */
export function exitCodeOf(error: unknown): number {
  if (!isDiagnostic(error)) return EXIT.failed
  return BY_PREFIX.find(([prefix]) => error.code.startsWith(prefix))?.[1] ?? EXIT.failed
}
