import { INSTRUCTIONS, type InstructionKind, type InstructionRow, type Operation } from './instruction-table.ts'

/** How the operations are written between their operands, in both syntaxes. */
// biome-ignore format: table
export const OPERATION_SYMBOLS: Readonly<Partial<Record<Operation, string>>> = {
  add:  '+=',  sub:  '-=',   mul:  '*=', div:  '/=', sdiv: 's/=', or:   '|=', and:  '&=', lsh: '<<=', rsh: '>>=',
  mod:  '%=',  smod: 's%=',  xor:  '^=', mov:  '=',  arsh: 's>>=',
  jeq:  '==',  jgt:  '>',    jge:  '>=', jset: '&',  jne:  '!=',  jsgt: 's>', jsge: 's>=',
  jlt:  '<',   jle:  '<=',   jslt: 's<', jsle: 's<=',
}

/** The operation that a symbol stands for between the operands of an arithmetic instruction. */
export const ALU_OPERATIONS: ReadonlyMap<string, Operation> = operationsOf('alu')

/** The operation that a symbol stands for in an `if`. */
export const JUMP_OPERATIONS: ReadonlyMap<string, Operation> = operationsOf('jump')

function operationsOf(kind: InstructionKind): Map<string, Operation> {
  const operations = INSTRUCTIONS.filter((row) => row.kind === kind).map((row) => row.operation)
  return new Map(operations.map((operation) => [OPERATION_SYMBOLS[operation] as string, operation]))
}

/** Type of a memory operand of that many bits: `u8` .. `u64`, or `s8` .. `s32`. */
export function memoryType(bits: number, signed: boolean): string {
  return `${signed ? 's' : 'u'}${bits}`
}

const keyOf = (kind: string, operation: string, bits: number, register: boolean): string =>
  `${kind} ${operation} ${bits} ${register ? 'X' : 'K'}`

const byShape = new Map<string, InstructionRow>(
  INSTRUCTIONS.filter((row) => !row.internal).map((row) => [
    keyOf(row.kind, row.operation, row.bits, row.src === 'r' && (row.kind === 'alu' || row.kind === 'jump')),
    row,
  ]),
)

/**
 * The public row of that kind, operation and width; `register` says whether the second operand of arithmetic and
 * comparisons is one. Undefined when the instruction set has none, such as a 32-bit `movsx32`.
 */
export function rowOfShape(
  kind: InstructionKind,
  operation: string,
  bits: number,
  register = false,
): InstructionRow | undefined {
  return byShape.get(keyOf(kind, operation, bits, register))
}
