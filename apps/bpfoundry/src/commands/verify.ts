import { isDiagnostic } from '@bpfoundry/diagnostics'
import { Kernel, ProgramRejected } from '@bpfoundry/kernel'
import { programTypeName } from '@bpfoundry/kernel-abi'
import type { NfpCard, OffloadAdvice } from '@bpfoundry/nfp'
import { createObjects, noSuchProgram, readSpec, reviewOffload } from '@bpfoundry/testbench'
import type { Rejection, VerifierStats } from '@bpfoundry/verifier'
import type { Command } from 'commander'
import { wholeNumber } from '../arguments.ts'
import type { CommandContext, CommandIo } from '../command-io.ts'
import { EXIT, exitCodeOf } from '../exit-code.ts'
import { adviceText } from '../offload/advice-text.ts'
import { cardNamed, cardOption, firmwareOption } from '../offload/card-option.ts'
import { formatError, formatJson, formatTable } from '../output.ts'

interface VerifyOptions {
  readonly program?: string
  readonly logLevel?: number
  readonly nic?: string
  readonly firmware?: string
  readonly mtu?: number
  readonly json?: boolean
}

/** A program's verdict, as `--json` prints it. */
interface Verdict {
  readonly object: string
  readonly program: string
  readonly type: string
  readonly verdict: 'accepted' | 'refused'
  readonly stats: VerifierStats
  readonly rejection?: Rejection
  readonly log?: string
  /** With `--nic`: whether it goes to the card, and everything that keeps it from there. */
  readonly offload?: OffloadAdvice
}

/** `bpfoundry verify OBJECT...`: what the verifier says of every program. */
export function addVerifyCommand(program: Command, { io, finish }: CommandContext): void {
  program
    .command('verify')
    .argument('<object...>', 'BPF object files')
    .description('verify every program of the objects: a line a program with verdict, instructions, states and time')
    .option('--program <name>', 'only this program')
    .option('--log-level <n>', 'print the log: 1 failing path, 2 everything explored, 4 statistics', wholeNumber(0, 7))
    .addOption(cardOption('judge for a card that runs the program itself, and name all that keeps it from there'))
    .addOption(firmwareOption())
    .option('--mtu <bytes>', 'with --nic: MTU of the port (default: 1500)', wholeNumber(68, 65535))
    .option('--json', 'verdicts as JSON (schema bpfoundry.verify/1)')
    .action((objects: string[], options: VerifyOptions) => {
      finish(verifyObjects(objects, options, io))
    })
}

function verifyObjects(objects: readonly string[], options: VerifyOptions, io: CommandIo): number {
  const verdicts: Verdict[] = []
  let code: number = EXIT.ok
  for (const object of objects) {
    try {
      verdicts.push(...verdictsOf(object, options))
    } catch (error) {
      // One unreadable object does not keep the others from their verdicts.
      if (!isDiagnostic(error)) throw error
      io.err(`${formatError(error, { json: options.json === true, terminal: io.terminal })}\n`)
      code = Math.max(code, exitCodeOf(error))
    }
  }
  io.out(options.json ? jsonOf(verdicts) : textOf(verdicts))
  return code === EXIT.ok && verdicts.some(isBad) ? EXIT.failed : code
}

function isBad({ verdict, offload }: Verdict): boolean {
  return verdict === 'refused' || offload?.verdict === 'blocked'
}

function verdictsOf(object: string, options: VerifyOptions): Verdict[] {
  const spec = readSpec(object)
  const names = options.program === undefined ? [...spec.programs.keys()] : [options.program]
  const card = options.nic === undefined ? undefined : cardNamed(options.nic, options.firmware)
  return names.map((program) => {
    const known = spec.programs.get(program)
    if (known === undefined) throw noSuchProgram(object, program, [...spec.programs.keys()])
    const head = { object, program, type: programTypeName(known.type) }
    return { ...head, ...(card === undefined ? hostVerdict(head, options) : cardVerdict(head, card, options)) }
  })
}

type Judged = Omit<Verdict, 'object' | 'program' | 'type'>
type Head = Pick<Verdict, 'object' | 'program'>

/** The log where it was asked for. */
function logOf({ logLevel }: VerifyOptions, log: string): Pick<Verdict, 'log'> {
  return logLevel === undefined ? {} : { log }
}

function hostVerdict({ object, program }: Head, options: VerifyOptions): Judged {
  const logLevel = options.logLevel ?? 1
  try {
    const objects = createObjects(Kernel.create(), readSpec(object), object, { programs: [program], logLevel })
    const { stats, log } = objects.program(program).kernelProgram
    return { verdict: 'accepted', stats, ...logOf(options, log) }
  } catch (error) {
    if (!(error instanceof ProgramRejected)) throw error
    const { stats, rejection, log } = error
    return { verdict: 'refused', stats, rejection, ...logOf(options, log) }
  }
}

function cardVerdict({ object, program }: Head, card: NfpCard, options: VerifyOptions): Judged {
  const { mtu, logLevel } = options
  const { advice, stats, log, rejection } = reviewOffload(readSpec(object), program, {
    card,
    ...(mtu === undefined ? {} : { mtu }),
    ...(logLevel === undefined ? {} : { logLevel }),
  })
  return {
    verdict: rejection === undefined ? 'accepted' : 'refused',
    stats,
    ...(rejection === undefined ? {} : { rejection }),
    ...logOf(options, log),
    offload: advice,
  }
}

function jsonOf(verdicts: readonly Verdict[]): string {
  return `${formatJson({ $schema: 'bpfoundry.verify/1', programs: verdicts })}\n`
}

function textOf(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return ''
  const head = ['object', 'program', 'type', 'verdict', 'insns', 'states', 'peak', 'us', 'stack', 'reason']
  const rows = verdicts.map((verdict) => [
    verdict.object,
    verdict.program,
    verdict.type,
    verdict.verdict === 'accepted' && verdict.offload !== undefined ? verdict.offload.verdict : verdict.verdict,
    verdict.stats.insnsProcessed,
    verdict.stats.totalStates,
    verdict.stats.peakStates,
    verdict.stats.verificationTimeUs,
    verdict.stats.stackDepthBytes.join('+'),
    reasonOf(verdict),
  ])
  const details = verdicts.flatMap(detailsOf)
  return `${formatTable(head, rows)}\n${details.map((text) => `\n${text.trimEnd()}\n`).join('')}`
}

function reasonOf({ rejection, offload }: Verdict): string {
  const reason = rejection?.message ?? offload?.blockers[0]?.message ?? ''
  return reason.trimEnd().split('\n').at(-1) ?? ''
}

function detailsOf({ object, program, log, offload }: Verdict): string[] {
  return [
    ...(log === undefined ? [] : [`${object}: ${program}:\n${log}`]),
    ...(offload === undefined ? [] : [adviceText(`${object}: ${program}`, offload)]),
  ]
}
