import { BPF_X } from '@bpfoundry/isa'
import { BPF_RET } from '../classic-opcodes.ts'
import { CLASSIC_INSTRUCTIONS, type ClassicInstructionName } from '../instruction-table.ts'

/** What stands behind an instruction's word. */
export type AsmOperand =
  | 'immediate' // #k
  | 'number' // k
  | 'length' // #len
  | 'extension' // #proto
  | 'packet' // [k]
  | 'indexed' // [x + k]
  | 'header' // 4*([k]&0xf)
  | 'cell' // M[k]
  | 'x' // x, %x
  | 'a' // a, %a
  | 'label'
  | 'none'

/**
 * Which labels follow, and what they are for: `goto` the one that is jumped to; `both` one where the comparison holds and
 * perhaps one where it does not; `not` one where it does not.
 */
type Branches = 'goto' | 'both' | 'not' | ''

/** As bpf_asm has them: what it writes as `ret x` no kernel takes. */
type FormName = ClassicInstructionName | 'RET_X'

/**
 * Every form of every instruction of the assembly: a row each. `jneq`, `jlt` and `jle` are the opposite comparisons, with
 * the label on the other side.
 *
 * @see tools/bpf/bpf_exp.y of the kernel for what is taken
 */
// biome-ignore format: table
const FORM_DATA: readonly (readonly [word: string, operand: AsmOperand, name: FormName, branches: Branches])[] = [
  ['ldb',  'packet',    'LD_B_ABS',  ''],
  ['ldb',  'indexed',   'LD_B_IND',  ''],
  ['ldb',  'extension', 'LD_B_ABS',  ''],
  ['ldh',  'packet',    'LD_H_ABS',  ''],
  ['ldh',  'indexed',   'LD_H_IND',  ''],
  ['ldh',  'extension', 'LD_H_ABS',  ''],
  ['ld',   'immediate', 'LD_IMM',    ''],
  ['ld',   'length',    'LD_W_LEN',  ''],
  ['ld',   'extension', 'LD_W_ABS',  ''],
  ['ld',   'cell',      'LD_MEM',    ''],
  ['ld',   'packet',    'LD_W_ABS',  ''],
  ['ld',   'indexed',   'LD_W_IND',  ''],
  ['ldi',  'immediate', 'LD_IMM',    ''],
  ['ldi',  'number',    'LD_IMM',    ''],
  ['ldx',  'immediate', 'LDX_IMM',   ''],
  ['ldx',  'length',    'LDX_W_LEN', ''],
  ['ldx',  'cell',      'LDX_MEM',   ''],
  ['ldx',  'header',    'LDX_B_MSH', ''],
  ['ldxi', 'immediate', 'LDX_IMM',   ''],
  ['ldxi', 'number',    'LDX_IMM',   ''],
  ['ldxb', 'header',    'LDX_B_MSH', ''],
  ['st',   'cell',      'ST',        ''],
  ['stx',  'cell',      'STX',       ''],
  ['jmp',  'label',     'JA',        'goto'],
  ['ja',   'label',     'JA',        'goto'],
  ['jeq',  'immediate', 'JEQ_K',     'both'],
  ['jeq',  'x',         'JEQ_X',     'both'],
  ['jneq', 'immediate', 'JEQ_K',     'not'],
  ['jneq', 'x',         'JEQ_X',     'not'],
  ['jne',  'immediate', 'JEQ_K',     'not'],
  ['jne',  'x',         'JEQ_X',     'not'],
  ['jlt',  'immediate', 'JGE_K',     'not'],
  ['jlt',  'x',         'JGE_X',     'not'],
  ['jle',  'immediate', 'JGT_K',     'not'],
  ['jle',  'x',         'JGT_X',     'not'],
  ['jgt',  'immediate', 'JGT_K',     'both'],
  ['jgt',  'x',         'JGT_X',     'both'],
  ['jge',  'immediate', 'JGE_K',     'both'],
  ['jge',  'x',         'JGE_X',     'both'],
  ['jset', 'immediate', 'JSET_K',    'both'],
  ['jset', 'x',         'JSET_X',    'both'],
  ['add',  'immediate', 'ADD_K',     ''],
  ['add',  'x',         'ADD_X',     ''],
  ['sub',  'immediate', 'SUB_K',     ''],
  ['sub',  'x',         'SUB_X',     ''],
  ['mul',  'immediate', 'MUL_K',     ''],
  ['mul',  'x',         'MUL_X',     ''],
  ['div',  'immediate', 'DIV_K',     ''],
  ['div',  'x',         'DIV_X',     ''],
  ['mod',  'immediate', 'MOD_K',     ''],
  ['mod',  'x',         'MOD_X',     ''],
  ['neg',  'none',      'NEG',       ''],
  ['and',  'immediate', 'AND_K',     ''],
  ['and',  'x',         'AND_X',     ''],
  ['or',   'immediate', 'OR_K',      ''],
  ['or',   'x',         'OR_X',      ''],
  ['xor',  'immediate', 'XOR_K',     ''],
  ['xor',  'x',         'XOR_X',     ''],
  ['lsh',  'immediate', 'LSH_K',     ''],
  ['lsh',  'x',         'LSH_X',     ''],
  ['rsh',  'immediate', 'RSH_K',     ''],
  ['rsh',  'x',         'RSH_X',     ''],
  ['ret',  'a',         'RET_A',     ''],
  ['ret',  'x',         'RET_X',     ''],
  ['ret',  'immediate', 'RET_K',     ''],
  ['tax',  'none',      'TAX',       ''],
  ['txa',  'none',      'TXA',       ''],
]

/** One form of an instruction. */
export interface InstructionForm {
  readonly operand: AsmOperand
  readonly code: number
  readonly branches: Branches
}

const codes: ReadonlyMap<FormName, number> = new Map<FormName, number>([
  ...CLASSIC_INSTRUCTIONS.map(({ name, code }) => [name, code] as const),
  ['RET_X', BPF_RET | BPF_X],
])

const WORDS = [...new Set(FORM_DATA.map(([word]) => word))]

/** The forms of each instruction's word. */
export const INSTRUCTION_FORMS: ReadonlyMap<string, readonly InstructionForm[]> = new Map(
  WORDS.map((word) => [word, FORM_DATA.filter((row) => row[0] === word).map(toForm)]),
)

function toForm([, operand, name, branches]: (typeof FORM_DATA)[number]): InstructionForm {
  return { operand, code: codes.get(name) as number, branches }
}
