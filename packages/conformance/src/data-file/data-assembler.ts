import type { Insn } from '@bpfoundry/isa'
import { errorAt, type SourceLine } from '../conformance-error.ts'
import { type OperandFields, readOperand } from './data-operand.ts'
import { type Form, MNEMONICS } from './mnemonic-table.ts'

/** A jump whose label is resolved at the end. */
interface Pending {
  readonly line: SourceLine
  readonly pc: number
  readonly label: string
  readonly field: 'off' | 'imm'
}

/** One instruction as it is written: mnemonic, operands. */
interface Statement {
  readonly mnemonic: string
  readonly operands: readonly string[]
}

/**
 * Assembles the notation of bpf_conformance and uBPF: `add32 %r1, 5`, `ldxw %r0, [%r1+4]`, `jne %r0, %r1, label`. The
 * first `exit` is a label of its own name. Comments start with `#`.
 *
 * @param lines the asm section's lines
 * @throws ConformanceError CONFORMANCE_SYNTAX, CONFORMANCE_REGISTER, CONFORMANCE_NUMBER, CONFORMANCE_LABEL with file
 *   and line
 * @see https://github.com/Alan-Jowett/bpf_conformance
 */
export function assembleData(lines: readonly SourceLine[]): Insn[] {
  const insns: Insn[] = []
  const labels = new Map<string, number>()
  const pending: Pending[] = []
  for (const line of lines) {
    const text = (line.text.split('#')[0] as string).trim()
    if (text === '') continue
    if (/^\S+:$/.test(text)) {
      defineLabel(line, labels, text.slice(0, -1), insns.length)
      continue
    }
    if (text === 'exit' && !labels.has('exit')) labels.set('exit', insns.length)
    insns.push(...assembleLine(line, text, insns.length, pending))
  }
  for (const jump of pending) insns[jump.pc] = resolve(jump, labels, insns[jump.pc] as Insn)
  return insns
}

function defineLabel(line: SourceLine, labels: Map<string, number>, name: string, pc: number): void {
  if (labels.has(name)) {
    throw errorAt(line, { code: 'CONFORMANCE_LABEL', message: 'the label is defined twice', got: name })
  }
  labels.set(name, pc)
}

function assembleLine(line: SourceLine, text: string, pc: number, pending: Pending[]): Insn[] {
  const statement = splitStatement(text)
  const { row, operands } = chooseForm(line, statement)
  const fields = operands.map((kind, index) => readOperand(line, kind, statement.operands[index] as string))
  const given: OperandFields = Object.assign({}, ...fields)
  const only = (field: 'src' | 'off' | 'imm'): number => (typeof row[field] === 'number' ? row[field] : 0)
  if (given.label !== undefined) {
    pending.push({ line, pc, label: given.label, field: operands.includes('target-off') ? 'off' : 'imm' })
  }
  const first: Insn = {
    opcode: row.opcode,
    dst: given.dst ?? 0,
    src: given.src ?? only('src'),
    off: given.off ?? only('off'),
    imm: given.imm ?? only('imm'),
  }
  return given.nextImm === undefined ? [first] : [first, { opcode: 0, dst: 0, src: 0, off: 0, imm: given.nextImm }]
}

/** Words that belong to the mnemonic before the operands. */
const PREFIX = /^(?:lock(?:\s+fetch)?\s+\w+|call\s+(?:helper|local|runtime)(?=\s)|\S+)/

function splitStatement(text: string): Statement {
  const mnemonic = (PREFIX.exec(text) as RegExpExecArray)[0]
  const rest = text
    .slice(mnemonic.length)
    .replace(/\[[^\]]*\]/g, (memory) => memory.replaceAll(/\s/g, ''))
    .trim()
  return { mnemonic: mnemonic.replaceAll(/\s+/g, ' '), operands: rest === '' ? [] : rest.split(/\s*,\s*|\s+/) }
}

/** Forms of one mnemonic differ in whether the last value is a register. */
function chooseForm(line: SourceLine, { mnemonic, operands }: Statement): Form {
  const forms = MNEMONICS.get(mnemonic)
  if (forms === undefined) {
    throw errorAt(line, {
      code: 'CONFORMANCE_SYNTAX',
      message: 'no such instruction',
      got: mnemonic,
      expected: 'a mnemonic of bpf_conformance, such as add, ldxw, jne32 or lock fetch add',
      hint: 'what the notation lacks goes into a raw section',
    })
  }
  const fits = forms.find(
    (form) =>
      form.operands.length === operands.length &&
      form.operands.every((kind, index) => isRegister(kind) === (operands[index] as string).startsWith('%')),
  )
  const sameLength = forms.find((form) => form.operands.length === operands.length)
  const form = fits ?? sameLength
  if (form !== undefined) return form
  throw errorAt(line, {
    code: 'CONFORMANCE_SYNTAX',
    message: `${mnemonic} has the wrong number of operands`,
    got: operands.length,
    expected: [...new Set(forms.map((candidate) => candidate.operands.length))].join(' or '),
  })
}

const isRegister = (kind: Form['operands'][number]): boolean => kind === 'dst' || kind === 'src'

function resolve({ line, pc, label, field }: Pending, labels: ReadonlyMap<string, number>, insn: Insn): Insn {
  const target = labels.get(label)
  if (target === undefined) {
    const known = [...labels.keys()].slice(0, 10).join(', ')
    const expected = known === '' ? 'a label, or a distance such as +1' : `one of ${known}`
    throw errorAt(line, { code: 'CONFORMANCE_LABEL', message: 'no such label', got: label, expected })
  }
  const distance = target - pc - 1
  if (field === 'off' && (distance < -0x8000 || distance > 0x7fff)) {
    const expected = 'at most 32767 slots, or ja32'
    throw errorAt(line, { code: 'CONFORMANCE_LABEL', message: 'the label is too far away', got: distance, expected })
  }
  return { ...insn, [field]: distance }
}
