import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'
import { ERRNO, errnoName, errnoText } from '@bpfoundry/kernel-abi'
import type { Rejection, SlotCounts, Traceable, VerifierFindings, VerifierStats } from '@bpfoundry/verifier'

/** What bpf(2) answers with -1: a positive Linux errno and, unlike the kernel, the reason. */
export class KernelError extends Diagnostic {
  /** Positive, `ERRNO.EINVAL` for example. */
  readonly errno: number

  constructor(errno: number, fields: DiagnosticFields) {
    super(fields)
    this.errno = errno
  }

  /** `EINVAL (Invalid argument)` */
  get errnoText(): string {
    return `${errnoName(this.errno)} (${errnoText(this.errno)})`
  }
}

/** PROG_LOAD said no: `KERNEL_PROGRAM_REJECTED`, with the verifier's reason as data and its log as text. */
export class ProgramRejected extends KernelError {
  readonly rejection: Rejection
  readonly log: string
  readonly stats: VerifierStats
  readonly slotCounts: SlotCounts
  /** The shortest way to the refusal, which is searched only then. */
  readonly refusedPath: Traceable['refusedPath']

  constructor(program: string, rejection: Rejection, found: VerifierFindings & Traceable) {
    const { log, stats, slotCounts, refusedPath } = found
    super(rejection.errno, {
      code: 'KERNEL_PROGRAM_REJECTED',
      message: `program ${program} is refused: ${lastLine(rejection.message)} (${errnoName(rejection.errno)}, ${omitted(log)})`,
      where: { program, ...(rejection.pc === undefined ? {} : { pc: rejection.pc }) },
      got: rejection.code,
      hint: rejection.hint ?? 'print the verifier log for the path that leads there (verify --log-level 1)',
    })
    this.rejection = rejection
    this.log = log
    this.stats = stats
    this.slotCounts = slotCounts
    this.refusedPath = refusedPath
  }
}

/** PROG_LOAD was ready to say yes, but the engine can't compile the program: `KERNEL_NOT_COMPILED`, ENOTSUPP. */
export class ProgramNotCompiled extends KernelError {
  readonly log: string
  readonly stats: VerifierStats

  constructor(program: string, engine: string, cause: Diagnostic, log: string, stats: VerifierStats) {
    super(ERRNO.ENOTSUPP, {
      code: 'KERNEL_NOT_COMPILED',
      message: `program ${program} is accepted, but ${engine} can't compile it: ${cause.message} (ENOTSUPP)`,
      where: { program, ...(cause.where?.pc === undefined ? {} : { pc: cause.where.pc }) },
      got: cause.code,
      ...(cause.hint === undefined ? {} : { hint: cause.hint }),
      cause,
    })
    this.log = log
    this.stats = stats
  }
}

function lastLine(text: string): string {
  if (text === '') return 'the device refuses it without a word'
  return text.trimEnd().split('\n').join(': ')
}

/** As cilium/ebpf puts it: how much of the log the one-line form leaves out. */
function omitted(log: string): string {
  const lines = log.trimEnd().split('\n').length
  return `${lines} log line${lines === 1 ? '' : 's'} omitted`
}
