import {
  type ClassicForm,
  type ClassicInsn,
  classicBlocks,
  compileFilter,
  describeFilter,
  formatClassic,
  formatClassicProgram,
} from '@bpfoundry/cbpf'
import type { CommandIo } from '../command-io.ts'
import { EXIT, UsageError } from '../exit-code.ts'
import { type FilterStage, MAX_SNAP_LENGTH } from '../options/choices.ts'
import { formatJson } from '../output.ts'
import { ebpfListing, ebpfOf } from './ebpf-listing.ts'
import { flowDot, flowText } from './flow-text.ts'

/** `filter`, as it is typed. */
export interface FilterCommandOptions {
  /** How many of them. */
  readonly d: number
  readonly optimize: boolean
  readonly linktype: string
  readonly snapshotLength: number
  readonly xtBpf?: boolean
  readonly ebpf?: boolean
  readonly emit?: FilterStage
  readonly json?: boolean
}

/** What `-d`, `-dd` and `-ddd` print; without any, the first. */
const FORMS: readonly ClassicForm[] = ['listing', 'listing', 'netsniff-ng', 'decimal']

/** What netfilter's xt_bpf takes. */
const MOST_FOR_XT_BPF = 64

/** `bpfoundry filter`. @returns the exit code */
export function filter(expression: string, options: FilterCommandOptions, io: CommandIo): number {
  const { linktype, optimize } = options
  requireOneForm(options)
  const snapLengthBytes = options.snapshotLength === 0 ? MAX_SNAP_LENGTH : options.snapshotLength
  const insns = compileFilter(expression, { linkType: linktype, optimize, snapLengthBytes })
  if (options.xtBpf === true) warnOfLength(insns, io)
  if (options.json === true) {
    const about = { expression, linkType: linktype.toUpperCase(), snapLengthBytes, optimized: optimize }
    io.out(`${formatJson({ $schema: 'bpfoundry.filter/1', ...about, ...programJson(expression, insns, options) })}\n`)
  } else io.out(programText(expression, insns, options))
  return EXIT.ok
}

/** @throws UsageError CLI_FORMAT */
function requireOneForm({ d, xtBpf, ebpf, emit }: FilterCommandOptions): void {
  const forms = [
    ...(d > 0 ? [`-${'d'.repeat(d)}`] : []),
    ...(xtBpf === true ? ['--xt-bpf'] : []),
    ...(ebpf === true ? ['--ebpf'] : []),
    ...(emit === undefined ? [] : [`--emit ${emit}`]),
  ]
  if (forms.length < 2) return
  throw new UsageError({ code: 'CLI_FORMAT', message: 'two formats given', got: forms.join(' and '), expected: 'one' })
}

function warnOfLength({ length }: readonly ClassicInsn[], io: CommandIo): void {
  if (length > MOST_FOR_XT_BPF) io.err(`warning: xt_bpf takes ${MOST_FOR_XT_BPF} instructions, not ${length}\n`)
}

/** What `--emit` shows: how the expression is understood, or the blocks of what it is compiled to. */
const STAGES: Readonly<Record<FilterStage, (expression: string, insns: readonly ClassicInsn[]) => string>> = {
  tree: (expression) => `${describeFilter(expression).join('\n')}\n`,
  cfg: (_, insns) => flowText(insns),
  dot: (_, insns) => flowDot(insns),
}

function programText(expression: string, insns: readonly ClassicInsn[], options: FilterCommandOptions): string {
  const { d, xtBpf, ebpf, emit } = options
  if (emit !== undefined) return STAGES[emit](expression, insns)
  if (ebpf === true) return ebpfListing(insns)
  if (xtBpf === true) return `${formatClassicProgram(insns, 'xt-bpf')}\n`
  return formatClassicProgram(insns, FORMS[Math.min(d, FORMS.length - 1)] as ClassicForm)
}

function programJson(
  expression: string,
  insns: readonly ClassicInsn[],
  { xtBpf, ebpf, emit }: FilterCommandOptions,
): object {
  return {
    instructions: insns.map((insn, pc) => ({ ...insn, text: formatClassic(insn, pc) })),
    ...(xtBpf === true ? { xtBpf: formatClassicProgram(insns, 'xt-bpf') } : {}),
    ...(ebpf === true ? { ebpf: ebpfOf(insns) } : {}),
    ...(emit === 'tree' ? { tree: describeFilter(expression) } : {}),
    ...(emit === 'cfg' || emit === 'dot' ? { blocks: classicBlocks(insns) } : {}),
  }
}
