import { isDiagnostic } from '@bpfoundry/diagnostics'
import { Kernel, ProgramRejected } from '@bpfoundry/kernel'
import { programTypeName } from '@bpfoundry/kernel-abi'
import { createObjects, readSpec } from '@bpfoundry/testbench'
import type { Rejection, VerifierStats } from '@bpfoundry/verifier'
import type { Command } from 'commander'
import { wholeNumber } from '../arguments.ts'
import type { CommandContext, CommandIo } from '../command-io.ts'
import { EXIT, exitCodeOf } from '../exit-code.ts'
import { formatError, formatJson, formatTable } from '../output.ts'

interface VerifyOptions {
  readonly program?: string
  readonly logLevel?: number
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
}

/** `bpfoundry verify OBJECT...`: what the verifier says of every program. */
export function addVerifyCommand(program: Command, { io, finish }: CommandContext): void {
  program
    .command('verify')
    .argument('<object...>', 'BPF object files')
    .description('verify every program of the objects: a line a program with verdict, instructions, states and time')
    .option('--program <name>', 'only this program')
    .option('--log-level <n>', 'print the log: 1 failing path, 2 everything explored, 4 statistics', wholeNumber(0, 7))
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
  return code === EXIT.ok && verdicts.some(({ verdict }) => verdict === 'refused') ? EXIT.failed : code
}

function verdictsOf(object: string, options: VerifyOptions): Verdict[] {
  const spec = readSpec(object)
  const names = options.program === undefined ? [...spec.programs.keys()] : [options.program]
  return names.map((name) => {
    const type = programTypeName(spec.programs.get(name)?.type ?? 0)
    const logLevel = options.logLevel ?? 1
    const log = (text: string): { log?: string } => (options.logLevel === undefined ? {} : { log: text })
    try {
      const objects = createObjects(Kernel.create(), spec, object, { programs: [name], logLevel })
      const { stats, log: text } = objects.program(name).kernelProgram
      return { object, program: name, type, verdict: 'accepted', stats, ...log(text) } as const
    } catch (error) {
      if (!(error instanceof ProgramRejected)) throw error
      const { stats, rejection, log: text } = error
      return { object, program: name, type, verdict: 'refused', stats, rejection, ...log(text) } as const
    }
  })
}

function jsonOf(verdicts: readonly Verdict[]): string {
  return `${formatJson({ $schema: 'bpfoundry.verify/1', programs: verdicts })}\n`
}

function textOf(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return ''
  const head = ['object', 'program', 'type', 'verdict', 'insns', 'states', 'peak', 'us', 'stack', 'reason']
  const rows = verdicts.map(({ object, program, type, verdict, stats, rejection }) => [
    object,
    program,
    type,
    verdict,
    stats.insnsProcessed,
    stats.totalStates,
    stats.peakStates,
    stats.verificationTimeUs,
    stats.stackDepthBytes.join('+'),
    rejection?.message.trimEnd().split('\n').at(-1) ?? '',
  ])
  const logs = verdicts.flatMap(({ object, program, log }) =>
    log === undefined ? [] : [`\n${object}: ${program}:\n${log.trimEnd()}`],
  )
  return `${formatTable(head, rows)}\n${logs.join('\n')}${logs.length > 0 ? '\n' : ''}`
}
