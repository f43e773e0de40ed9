/**
 * Assembler for LLVM's syntax: what clang's integrated assembler takes in files and inline assembly, as far as it
 * makes instructions. Checked against LLVM 19.
 */
import { emitStatement } from './asm-emit.ts'
import { type AsmLine, asmError, type Token, tokenize } from './asm-lexer.ts'
import type { AsmRelocation, AssembledProgram, AssembleOptions } from './asm-program.ts'
import { AsmReader, type AsmRegister } from './asm-reader.ts'
import {
  type AsmStatement,
  type AsmTarget,
  compareArguments,
  type Dialect,
  displacement,
  memoryOperand,
  operand,
  readStatement,
  requireRow,
  sameValueArgument,
} from './asm-statement.ts'
import { BPF_LD_IMM64, BPF_RAW_INSN } from './builders.ts'
import type { Insn } from './insn.ts'
import { instructionRow, rowsOfOpcode } from './instruction-table.ts'
import { SlotData } from './llvm-data.ts'
import { type SourcePiece, sourcePieces } from './llvm-source.ts'
import { BPF_CALL, BPF_JMP, BPF_PSEUDO_CALL } from './opcodes.ts'

export interface LlvmAssembleOptions extends AssembleOptions {
  /** Names that are no label become relocations, not errors. Default: false. */
  readonly externals?: boolean
  /** Cut immediates that do not fit to 32 bits without a word, as LLVM does. Default: false, they are errors. */
  readonly wrapImmediates?: boolean
}

/** Directives that change no instruction. */
const IGNORED: ReadonlySet<string> = new Set(
  '.text .globl .global .local .weak .hidden .type .size .file .ident .loc .p2align .align .addrsig .addrsig_sym'.split(
    ' ',
  ),
)

interface Item {
  readonly reader: AsmReader
  readonly statement: AsmStatement | Insn
  readonly pc: number
  /** Place in the order of statements and labels, for local labels. */
  readonly order: number
}

class Assembly {
  readonly constants: ReadonlyMap<string, bigint>
  readonly labels: Map<string, number> = new Map()
  readonly locals: { readonly name: string; readonly pc: number; readonly order: number }[] = []
  readonly items: Item[] = []
  readonly relocations: AsmRelocation[] = []
  readonly options: LlvmAssembleOptions
  pc = 0
  order = 0
  readonly #data = new SlotData()
  #end: { line: AsmLine; column: number } | undefined

  constructor(options: LlvmAssembleOptions) {
    this.options = options
    this.constants = new Map(Object.entries(options.constants ?? {}).map(([name, value]) => [name, BigInt(value)]))
  }

  read(piece: SourcePiece): void {
    const { text, column } = this.#readLabels(piece)
    if (text.trim() === '') return
    const directive = /^\s*(\.\w+)/.exec(text)?.[1]
    if (directive !== undefined && IGNORED.has(directive)) return
    if (directive?.startsWith('.cfi_')) return
    const reader = new AsmReader(piece.line, tokenize(piece.line, text, column), this.constants)
    if (directive === undefined) this.#data.requireWhole(piece.line, column)
    const statements = directive === undefined ? [readStatement(reader, LLVM)] : this.#data.add(reader)
    reader.expectEnd()
    for (const statement of statements) {
      this.items.push({ reader, statement, pc: this.pc, order: this.order++ })
      this.pc += 'opcode' in statement ? 1 : statement.row.slots
    }
    this.#end = { line: piece.line, column }
  }

  /** Takes `name:` and `1:` off the front. */
  #readLabels(piece: SourcePiece): { text: string; column: number } {
    let { text, column } = piece
    for (;;) {
      const match = /^(\s*)([A-Za-z_.$][\w.$]*|\d+)\s*:/.exec(text)
      if (match === null) return { text, column }
      this.#data.requireWhole(piece.line, column)
      const name = match[2] as string
      if (/^\d/.test(name)) this.locals.push({ name, pc: this.pc, order: this.order++ })
      else if (this.labels.has(name)) {
        const at = column + (match[1] as string).length
        throw asmError('ISA_LABEL', piece.line, at, 'the label is defined twice', name)
      } else this.labels.set(name, this.pc)
      text = text.slice(match[0].length)
      column += match[0].length
    }
  }

  emit(): AssembledProgram {
    if (this.#end !== undefined) this.#data.requireWhole(this.#end.line, this.#end.column)
    const insns: Insn[] = []
    const lines: number[] = []
    for (const item of this.items) {
      for (const insn of 'opcode' in item.statement ? [item.statement] : this.#emitItem(item, item.statement)) {
        insns.push(insn)
        lines.push(item.reader.line.line)
      }
    }
    return { insns, labels: this.labels, relocations: this.relocations, lines }
  }

  #emitItem(item: Item, statement: AsmStatement): readonly Insn[] {
    const { reader, pc, order } = item
    const external = this.#externalName(statement)
    if (external !== undefined) return this.#emitExternal(item, statement, external)
    if (statement.row.operation === 'func' && statement.imm !== undefined && statement.target !== undefined) {
      throw reader.error('ISA_LABEL', statement.imm.token, 'an address of code takes no offset')
    }
    return emitStatement(reader, statement, pc, {
      resolve: (name, token) => this.#resolve(reader, name, token, order),
      wrap: this.options.wrapImmediates === true,
    })
  }

  /** The name a call or load refers to when no label has it. */
  #externalName({ row, target }: AsmStatement): Token | undefined {
    const refers = row.operation === 'subprog' || row.operation === 'func'
    if (!refers || target?.kind !== 'label' || target.token.kind !== 'word') return undefined
    return this.labels.has(target.name) ? undefined : target.token
  }

  #emitExternal(item: Item, statement: AsmStatement, name: Token): readonly Insn[] {
    if (this.options.externals !== true) throw item.reader.error('ISA_LABEL', name, 'nothing has this name')
    const kind = statement.row.operation === 'subprog' ? 'call' : 'data'
    this.relocations.push({ pc: item.pc, kind, symbol: name.text })
    const addend = statement.imm === undefined ? 0n : BigInt.asIntN(64, statement.imm.value)
    // clang leaves these for the loader: imm -1 in calls, the addend in loads.
    if (kind === 'call') return [BPF_RAW_INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, -1)]
    return BPF_LD_IMM64(statement.dst?.index ?? 0, addend)
  }

  #resolve(reader: AsmReader, name: string, token: Token, order: number): number {
    if (token.kind === 'word') {
      const pc = this.labels.get(name)
      if (pc === undefined) throw reader.error('ISA_LABEL', token, 'no label has this name')
      return pc
    }
    const digits = name.slice(0, -1)
    const same = this.locals.filter((label) => label.name === digits)
    const found = name.endsWith('b')
      ? same.findLast((label) => label.order < order)
      : same.find((label) => label.order > order)
    if (found === undefined) throw reader.error('ISA_LABEL', token, 'no local label there')
    return found.pc
  }
}

/**
 * Assembles LLVM's syntax: labels (named, and local ones as `1:` with `1b`, `1f`), constant expressions, comments,
 * `;` between statements, `.rept`, and slots written as data (`.8byte`, or `.byte`, `.short`, `.long`). Directives on
 * symbols and debug information are passed over, others are errors. Calls of a label become calls of a subprogram, `r1 = label ll` the address of one.
 *
 * @throws {IsaError} `ISA_SYNTAX`, `ISA_NO_SUCH_INSN`, `ISA_IMMEDIATE`, `ISA_LABEL`, each with line and column
 */
export function assembleLlvm(text: string, options: LlvmAssembleOptions = {}): AssembledProgram {
  const assembly = new Assembly(options)
  for (const piece of sourcePieces(text, options.file ?? '<asm>')) assembly.read(piece)
  return assembly.emit()
}

/** `+3`, `3`, a label; llvm-objdump's ` <name+0x18>` after a number is passed over. */
function readTarget(reader: AsmReader): AsmTarget {
  const token = reader.peek()
  if (token.kind === 'label_ref' || (token.kind === 'word' && !reader.startsExpression())) {
    reader.next()
    return { kind: 'label', name: token.text, token }
  }
  const value = reader.expression()
  if (reader.peek().text === '<') reader.skipRest()
  return { kind: 'distance', value, token }
}

function readCallee(reader: AsmReader): AsmStatement {
  if (reader.startsExpression()) return { row: instructionRow('CALL_HELPER'), imm: operand(reader) }
  const target = readTarget(reader)
  return { row: instructionRow('CALL_SUBPROG'), target }
}

function readImmediate(reader: AsmReader, dst: AsmRegister): AsmStatement {
  const token = reader.peek()
  if (token.kind === 'word' && !reader.startsExpression()) return readAddress(reader, dst)
  if (!reader.startsExpression()) throw reader.syntax('a register, number, memory operand or function')
  const imm = operand(reader)
  if (!reader.accept('ll')) return { row: requireRow(reader, token, 'alu', 'mov', dst.bits), dst, imm }
  if (dst.bits === 32) throw reader.syntax('a 64-bit register', dst.token)
  return { row: instructionRow('LD_IMM64'), dst, imm }
}

/** `r1 = name ll`, `r1 = name + 4 ll`. */
function readAddress(reader: AsmReader, dst: AsmRegister): AsmStatement {
  const token = reader.next()
  if (dst.bits === 32) throw reader.syntax('a 64-bit register', dst.token)
  const { text } = reader.peek()
  const imm = text === '+' || text === '-' ? operand(reader) : undefined
  reader.expect('ll')
  return { row: instructionRow('LD_IMM64_FUNC'), dst, imm, target: { kind: 'label', name: token.text, token } }
}

/** `atomic_fetch_add((u64 *)(r1 + 0), r2)`, `xchg_64(r1 + 0, r2)`, `cmpxchg32_32(r1 + 0, w0, w2)`. */
function readAtomic(reader: AsmReader, result: AsmRegister): AsmStatement | undefined {
  const name = reader.peek().text
  const fetch = /^atomic_(fetch_(?:add|and|or|xor))$/.exec(name)
  const exchange = /^(xchg|cmpxchg)(_64|32_32)$/.exec(name)
  if (fetch === null && exchange === null) return undefined
  reader.next()
  const open = reader.expect('(')
  if (fetch !== null) {
    const memory = memoryOperand(reader)
    if (memory.isSigned) throw reader.syntax('an unsigned type', memory.token)
    requireBits(reader, result, memory.bits)
    const row = requireRow(reader, memory.token, 'atomic', fetch[1] as string, memory.bits)
    return { row, dst: memory.base, src: sameValueArgument(reader, result, memory.bits), off: memory.off }
  }
  const [, operation, width] = exchange as RegExpExecArray
  const bits = width === '_64' ? 64 : 32
  requireBits(reader, result, bits)
  const place = displacement(reader)
  const row = requireRow(reader, open, 'atomic', operation as string, bits)
  const read = operation === 'cmpxchg' ? compareArguments : sameValueArgument
  return { row, dst: place.base, off: place.off, src: read(reader, result, bits) }
}

/** LLVM names the results of atomics by their width, without exception. */
function requireBits(reader: AsmReader, register: AsmRegister, bits: number): void {
  const expected = bits === 64 ? 64 : 32
  if (register.bits !== expected) throw reader.syntax(`a ${expected}-bit register`, register.token)
}

/** `ld_pseudo r1, 1, 5`: register, kind, immediate. */
function readLdPseudo(reader: AsmReader): AsmStatement {
  const dst = reader.register()
  if (dst.bits === 32) throw reader.syntax('a 64-bit register', dst.token)
  reader.expect(',')
  const kind = operand(reader)
  reader.expect(',')
  const imm = operand(reader)
  const row = rowsOfOpcode(0x18).find((each) => BigInt(each.src as number) === kind.value)
  if (row === undefined) throw reader.error('ISA_NO_SUCH_INSN', kind.token, 'no such kind of 64-bit immediate')
  return { row, dst, imm }
}

const LLVM: Dialect = {
  target: readTarget,
  callee: readCallee,
  immediate: readImmediate,
  atomic: readAtomic,
  words: new Map([['ld_pseudo', readLdPseudo]]),
}
