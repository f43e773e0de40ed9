import { INSTRUCTIONS, type InstructionKind, type InstructionRow } from '@bpfoundry/isa'

/** What stands at one place behind a mnemonic, named for the field that it fills. */
export type OperandKind =
  /** `%r1` */
  | 'dst'
  | 'src'
  /** A number of 32 bits, of 64 bits (both slots), or the id of what is called. */
  | 'imm'
  | 'wide'
  | 'id'
  /** `[%r1+2]`: the base goes to dst or src. */
  | 'memory-dst'
  | 'memory-src'
  /** A label, or `+1`: the distance goes to off or imm. */
  | 'target-off'
  | 'target-imm'

/** One way to write an instruction. */
export interface Form {
  readonly row: InstructionRow
  readonly operands: readonly OperandKind[]
}

/** How the rows of one kind are written: their mnemonics and operands. */
interface Notation {
  readonly names: (row: InstructionRow) => readonly string[]
  readonly operands: (row: InstructionRow) => readonly OperandKind[]
}

const SIZE_LETTERS: Readonly<Record<number, string>> = { 8: 'b', 16: 'h', 32: 'w', 64: 'dw' }

const width = ({ bits }: InstructionRow): string => (bits === 32 ? '32' : '')
const letters = ({ bits }: InstructionRow): string => SIZE_LETTERS[bits] as string
const value = ({ src }: InstructionRow): OperandKind => (src === 0 ? 'imm' : 'src')

// biome-ignore format: table
const NOTATION: Readonly<Partial<Record<InstructionKind, Notation>>> = {
  alu:      { names: (row) => [`${row.operation}${width(row)}`],             operands: (row) => ['dst', value(row)] },
  neg:      { names: (row) => [`${row.operation}${width(row)}`],             operands: () => ['dst'] },
  movsx:    { names: (row) => [`${row.operation}${row.bits}`],               operands: () => ['dst', 'src'] },
  swap:     { names: swapNames,                                              operands: () => ['dst'] },
  jump:     { names: (row) => [`${row.operation}${width(row)}`],             operands: (row) => ['dst', value(row), 'target-off'] },
  goto:     { names: (row) => [row.operation === 'gotol' ? 'ja32' : 'ja'],   operands: (row) => [row.off === 'jump' ? 'target-off' : 'target-imm'] },
  call:     { names: callNames,                                              operands: callOperands },
  exit:     { names: () => ['exit'],                                         operands: () => [] },
  ld_imm64: { names: (row) => (row.operation === 'imm' ? ['lddw'] : []),     operands: () => ['dst', 'wide'] },
  load:     { names: (row) => [`ldx${row.operation === 'memsx' ? 's' : ''}${letters(row)}`], operands: () => ['dst', 'memory-src'] },
  store:    { names: (row) => [`st${row.operation === 'reg' ? 'x' : ''}${letters(row)}`],    operands: (row) => ['memory-dst', value(row)] },
  atomic:   { names: atomicNames,                                            operands: () => ['memory-dst', 'src'] },
}

function swapNames({ operation, bits }: InstructionRow): readonly string[] {
  return operation === 'bswap' ? [`bswap${bits}`, `swap${bits}`] : [`${operation}${bits}`]
}

/** `call 5` and `call helper 5` are the same; `call %r1` is told apart by its operand. */
function callNames({ operation }: InstructionRow): readonly string[] {
  if (operation === 'helper') return ['call', 'call helper']
  if (operation === 'callx') return ['call']
  if (operation === 'subprog') return ['call local']
  return operation === 'kfunc' ? ['call runtime'] : []
}

function callOperands({ operation }: InstructionRow): readonly OperandKind[] {
  if (operation === 'callx') return ['dst']
  return operation === 'subprog' ? ['target-imm'] : ['id']
}

/** `lock add`, `lock fetch add32`; xchg and cmpxchg fetch without saying so. */
function atomicNames(row: InstructionRow): readonly string[] {
  const fetch = row.operation.startsWith('fetch_')
  return [`lock ${fetch ? 'fetch ' : ''}${row.operation.replace('fetch_', '')}${width(row)}`]
}

function buildTable(): ReadonlyMap<string, readonly Form[]> {
  const table = new Map<string, Form[]>()
  for (const row of INSTRUCTIONS) {
    const notation = row.internal ? undefined : NOTATION[row.kind]
    for (const name of notation?.names(row) ?? []) {
      table.set(name, [...(table.get(name) ?? []), { row, operands: notation?.operands(row) ?? [] }])
    }
  }
  return table
}

/**
 * Every mnemonic of bpf_conformance's assembly with the forms it has, made from the instruction table; the words of
 * `lock fetch add` and `call local` are one mnemonic. What the notation lacks (load-acquire, map references, packet
 * loads) is written in a raw section.
 */
export const MNEMONICS: ReadonlyMap<string, readonly Form[]> = buildTable()

/** How to write one row, for who makes cases; undefined where the notation lacks it. */
export function notationOf(row: InstructionRow): { readonly mnemonic: string; readonly form: Form } | undefined {
  for (const [mnemonic, forms] of MNEMONICS) {
    const form = forms.find((candidate) => candidate.row === row)
    if (form !== undefined) return { mnemonic, form }
  }
  return undefined
}
