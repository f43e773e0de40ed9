import { nearestNames } from '@bpfoundry/diagnostics'
import { CbpfError } from '../cbpf-error.ts'
import type { ClassicInsn } from '../classic-insn.ts'
import { AsmParser, type AsmStatement } from './asm-parser.ts'
import { AsmSource } from './asm-source.ts'
import { EXTENSION_WORDS, LENGTH_WORD, LETTERS } from './asm-words.ts'
import { INSTRUCTION_FORMS } from './instruction-forms.ts'
import type { AsmToken } from './lexer.ts'

export interface ClassicAssembleOptions {
  /** Name of the source in errors. Default: `<asm>`. */
  readonly file?: string
  /** Names that stand for numbers, of 32 bits, signed or not. */
  readonly symbols?: Readonly<Record<string, number>>
}

/** What was taken, and is most likely not meant so. */
export interface ClassicAsmWarning {
  /** From 1. */
  readonly line: number
  readonly message: string
}

/** What the assembler makes of a text. */
export interface AssembledClassic {
  readonly insns: readonly ClassicInsn[]
  /** Line of the source, from 1, of each instruction. */
  readonly lines: readonly number[]
  /** Number of the instruction behind each label. */
  readonly labels: ReadonlyMap<string, number>
  readonly warnings: readonly ClassicAsmWarning[]
}

/**
 * Assembles what bpf_asm takes, into the same instructions: labels, `#` and `%`, the comparisons that are turned around,
 * extensions, comments. Besides, names in `symbols` may stand for numbers, extensions have bpfc's names, too, and `[x+4]`
 * needs no spaces. It does not judge what comes out: that is `checkClassic`'s business.
 *
 * @throws CbpfError CBPF_ASM_SYNTAX, CBPF_ASM_SYMBOL, CBPF_ASM_LABEL, CBPF_ASM_LENGTH, each with line, column and the offending word
 * @see Documentation/networking/filter.rst of the kernel
 */
export function assembleClassic(text: string, options: ClassicAssembleOptions = {}): AssembledClassic {
  const source = new AsmSource(text, options.file ?? '<asm>')
  const parser = new AsmParser(source, symbolsOf(options.symbols ?? {}))
  const statements = parser.statements()
  const labels = new Map<string, number>()
  const warnings: ClassicAsmWarning[] = parser.cut.map(({ at, text: number }) => ({
    line: source.lineAt(at),
    message: `${number.slice(0, 40)} has more than 32 bits, which are cut off`,
  }))
  for (const [pc, { label }] of statements.entries()) {
    if (label === undefined) continue
    if (!labels.has(label.text)) labels.set(label.text, pc)
    else warnings.push({ line: source.lineAt(label.at), message: `a label ${label.text} was before; jumps go there` })
  }
  const insns = statements.map((statement, pc) => toInsn(source, statement, pc, labels))
  return { insns, lines: statements.map(({ at }) => source.lineAt(at)), labels, warnings }
}

/** @throws CbpfError CBPF_ASM_SYMBOL */
function symbolsOf(symbols: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
  return new Map(Object.entries(symbols).map(([name, value]) => [name, symbolValue(name, value)]))
}

function symbolValue(name: string, value: number): number {
  const lower = name.toLowerCase()
  const taken =
    INSTRUCTION_FORMS.has(lower) || LETTERS.has(lower) || EXTENSION_WORDS.has(lower) || lower === LENGTH_WORD
  const got = `${name}=${value}`.slice(0, 80)
  if (taken || !/^[A-Za-z_]\w*$/.test(name)) {
    const expected = 'a letter or _, then letters, digits and _; no word of the language'
    throw new CbpfError({ code: 'CBPF_ASM_SYMBOL', message: 'a symbol can not have this name', got, expected })
  }
  if (Number.isInteger(value) && value >= -0x8000_0000 && value <= 0xffff_ffff) return value >>> 0
  throw new CbpfError({ code: 'CBPF_ASM_SYMBOL', message: `${name} does not fit 32 bits`, got, expected: '32 bits' })
}

const FARTHEST = 255

function toInsn(
  source: AsmSource,
  { code, k, targets }: AsmStatement,
  pc: number,
  labels: ReadonlyMap<string, number>,
): ClassicInsn {
  const distance = (label: AsmToken): number => {
    const target = labels.get(label.text)
    if (target !== undefined) return target - pc - 1
    const hint = nearestNames(label.text, [...labels.keys()])
    throw source.error('CBPF_ASM_LABEL', {
      at: label.at,
      message: 'no instruction has this label',
      got: label.text,
      hint,
    })
  }
  const branch = (label: AsmToken | undefined): number => {
    if (label === undefined) return 0
    const skipped = distance(label)
    if (skipped >= 0 && skipped <= FARTHEST) return skipped
    const message = skipped < 0 ? 'a comparison can not jump backward' : `a comparison skips at most ${FARTHEST}`
    const expected = `a label behind it, with at most ${FARTHEST} instructions between`
    throw source.error('CBPF_ASM_LABEL', {
      at: label.at,
      message,
      got: `${label.text}, ${skipped} from here`,
      expected,
    })
  }
  return {
    code,
    jt: branch(targets.jt),
    jf: branch(targets.jf),
    // Backward, too: what bpf_asm makes of it no kernel takes.
    k: targets.k === undefined ? k : distance(targets.k) >>> 0,
  }
}
