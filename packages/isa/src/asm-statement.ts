/**
 * The grammar that the kernel's and LLVM's syntax share: what an instruction's text says, from its tokens to a row of
 * the table and the values of its fields. Where the two differ, a {@link Dialect} decides.
 */
import type { Token } from './asm-lexer.ts'
import type { AsmReader, AsmRegister } from './asm-reader.ts'
import { type InstructionKind, type InstructionRow, instructionRow } from './instruction-table.ts'
import { ALU_OPERATIONS, JUMP_OPERATIONS, rowOfShape } from './operation-symbols.ts'

/** Where a jump or call leads: slots to skip, or a label. */
export type AsmTarget =
  | { readonly kind: 'distance'; readonly value: bigint; readonly token: Token }
  | { readonly kind: 'label'; readonly name: string; readonly token: Token }

/** An instruction as read: fields not named here have the only value that the row allows. */
export interface AsmStatement {
  readonly row: InstructionRow
  readonly dst?: AsmRegister | undefined
  readonly src?: AsmRegister | undefined
  readonly off?: Operand | undefined
  readonly imm?: Operand | undefined
  readonly nextImm?: Operand | undefined
  /** Goes to off or imm, whichever the row has as `jump`. */
  readonly target?: AsmTarget | undefined
  /** Name whose address a two-slot load gets. */
  readonly symbol?: Token | undefined
}

/** A number and the token to blame when it does not fit. */
export interface Operand {
  readonly value: bigint
  readonly token: Token
}

export interface MemoryOperand {
  readonly bits: number
  readonly isSigned: boolean
  readonly base: AsmRegister
  readonly off: Operand
  readonly token: Token
}

/** What the two syntaxes write differently. */
export interface Dialect {
  target(reader: AsmReader): AsmTarget
  /** After `call`. */
  callee(reader: AsmReader): AsmStatement
  /** After `rN = ` where a number or name may stand: a move or a two-slot load. */
  immediate(reader: AsmReader, dst: AsmRegister): AsmStatement
  /** After `rN = `, at a function name: atomics. Undefined when the name is none. */
  atomic(reader: AsmReader, result: AsmRegister): AsmStatement | undefined
  /** Statements beginning with a word that the common grammar lacks. */
  readonly words: ReadonlyMap<string, (reader: AsmReader) => AsmStatement>
}

export function requireRow(
  reader: AsmReader,
  token: Token,
  kind: InstructionKind,
  operation: string,
  bits: number,
  register = false,
): InstructionRow {
  const row = rowOfShape(kind, operation, bits, register)
  if (row === undefined) {
    throw reader.error('ISA_NO_SUCH_INSN', token, `no ${bits}-bit instruction does ${operation.replaceAll('_', ' ')}`)
  }
  return row
}

export function operand(reader: AsmReader): Operand {
  const token = reader.peek()
  return { value: reader.expression(), token }
}

function requireSame(reader: AsmReader, a: AsmRegister, b: AsmRegister): void {
  if (a.index === b.index && a.bits === b.bits) return
  throw reader.error('ISA_NO_SUCH_INSN', b.token, 'both registers must be the same', a.token.text)
}

/** `(u32 *)` with the parentheses. */
function memoryType(reader: AsmReader): { bits: number; isSigned: boolean; token: Token } {
  reader.expect('(')
  const token = reader.peek()
  const match = /^([us])(8|16|32|64)$/.exec(token.text)
  if (match === null) throw reader.syntax('a type from u8 to u64 or s8 to s32')
  reader.next()
  reader.expect('*')
  reader.expect(')')
  return { bits: Number(match[2]), isSigned: match[1] === 's', token }
}

/** `r10 - 8`, or just a register. */
export function displacement(reader: AsmReader): { base: AsmRegister; off: Operand } {
  const base = reader.register()
  if (base.bits !== 64) throw reader.syntax('a 64-bit register', base.token)
  return { base, off: reader.startsExpression() ? operand(reader) : { value: 0n, token: base.token } }
}

/** `(u32 *)(r1 + 4)`: what follows the star, and an argument of an atomic function. */
export function memoryOperand(reader: AsmReader): MemoryOperand {
  const type = memoryType(reader)
  reader.expect('(')
  const place = displacement(reader)
  reader.expect(')')
  return { ...type, ...place }
}

/** Values below 64 bits may be named rN or wN, those of 64 bits only rN. */
function requireWidth(reader: AsmReader, register: AsmRegister, bits: number, wAllowed = true): void {
  if (register.bits === 32 && (bits === 64 || !wAllowed)) throw reader.syntax('a 64-bit register', register.token)
}

/** An instruction's text up to its end, which the caller checks. */
export function readStatement(reader: AsmReader, dialect: Dialect): AsmStatement {
  const { text } = reader.peek()
  if (text === '*') return readStore(reader)
  if (reader.peekRegister() !== undefined) return readAssignment(reader, dialect)
  const read = dialect.words.get(text) ?? COMMON_WORDS.get(text)
  if (read === undefined || reader.peek().kind !== 'word') throw reader.syntax('an instruction')
  reader.next()
  return read(reader, dialect)
}

type WordReader = (reader: AsmReader, dialect: Dialect) => AsmStatement

const COMMON_WORDS: ReadonlyMap<string, WordReader> = new Map<string, WordReader>([
  ['exit', (reader) => ({ row: requireRow(reader, reader.peek(), 'exit', 'exit', 64) })],
  ['goto', (reader, dialect) => readGoto(reader, dialect, 'goto', 16)],
  ['gotol', (reader, dialect) => readGoto(reader, dialect, 'gotol', 32)],
  ['may_goto', (reader, dialect) => readGoto(reader, dialect, 'may_goto', 16)],
  ['if', readIf],
  ['lock', readLock],
  ['call', (reader, dialect) => dialect.callee(reader)],
  ['callx', (reader) => ({ row: instructionRow('CALLX'), dst: secondRegister(reader, { bits: 64 }) })],
  ['store_release', readStoreRelease],
])

function readGoto(
  reader: AsmReader,
  dialect: Dialect,
  operation: 'goto' | 'gotol' | 'may_goto',
  bits: number,
): AsmStatement {
  const kind = operation === 'may_goto' ? 'may_goto' : 'goto'
  return { row: requireRow(reader, reader.peek(), kind, operation, bits), target: dialect.target(reader) }
}

function readIf(reader: AsmReader, dialect: Dialect): AsmStatement {
  const dst = reader.register()
  const symbol = reader.next()
  const operation = JUMP_OPERATIONS.get(symbol.text)
  if (operation === undefined) throw reader.syntax('a comparison', symbol)
  const src = reader.peekRegister() === undefined ? undefined : reader.register()
  if (src !== undefined && src.bits !== dst.bits) throw reader.syntax(`a ${dst.bits}-bit register`, src.token)
  const imm = src === undefined ? operand(reader) : undefined
  reader.expect('goto')
  const row = requireRow(reader, symbol, 'jump', operation, dst.bits, src !== undefined)
  return { row, dst, src, imm, target: dialect.target(reader) }
}

function readLock(reader: AsmReader): AsmStatement {
  reader.expect('*')
  const memory = memoryOperand(reader)
  const symbol = reader.next()
  const operation = ALU_OPERATIONS.get(symbol.text)
  if (operation === undefined) throw reader.syntax('an operation', symbol)
  const src = reader.register()
  requireWidth(reader, src, memory.bits)
  const row = requireRow(reader, symbol, 'atomic', unsigned(reader, memory, operation), memory.bits)
  return { row, dst: memory.base, src, off: memory.off }
}

function unsigned<T>(reader: AsmReader, memory: MemoryOperand, value: T): T {
  if (memory.isSigned) throw reader.syntax('an unsigned type', memory.token)
  return value
}

function readStoreRelease(reader: AsmReader): AsmStatement {
  reader.expect('(')
  const memory = memoryOperand(reader)
  reader.expect(',')
  const src = reader.register()
  reader.expect(')')
  requireWidth(reader, src, memory.bits)
  const operation = unsigned(reader, memory, 'store_rel')
  const row = requireRow(reader, memory.token, 'store_rel', operation, memory.bits)
  return { row, dst: memory.base, src, off: memory.off }
}

function readStore(reader: AsmReader): AsmStatement {
  reader.expect('*')
  const memory = memoryOperand(reader)
  reader.expect('=')
  const src = reader.peekRegister() === undefined ? undefined : reader.register()
  if (src !== undefined) requireWidth(reader, src, memory.bits)
  const operation = unsigned(reader, memory, src === undefined ? 'imm' : 'reg')
  const row = requireRow(reader, memory.token, 'store', operation, memory.bits)
  return { row, dst: memory.base, src, off: memory.off, imm: src === undefined ? operand(reader) : undefined }
}

function readAssignment(reader: AsmReader, dialect: Dialect): AsmStatement {
  const dst = reader.register()
  const symbol = reader.next()
  const operation = ALU_OPERATIONS.get(symbol.text)
  if (operation === undefined) throw reader.syntax('an operation such as `+=`', symbol)
  if (operation === 'mov') return readMove(reader, dialect, dst)
  if (reader.peekRegister() === undefined) {
    return { row: requireRow(reader, symbol, 'alu', operation, dst.bits), dst, imm: operand(reader) }
  }
  return { row: requireRow(reader, symbol, 'alu', operation, dst.bits, true), dst, src: secondRegister(reader, dst) }
}

/** A register of the width that the first has. */
function secondRegister(reader: AsmReader, first: Pick<AsmRegister, 'bits'>): AsmRegister {
  const register = reader.register()
  if (register.bits !== first.bits) throw reader.syntax(`a ${first.bits}-bit register`, register.token)
  return register
}

function readMove(reader: AsmReader, dialect: Dialect, dst: AsmRegister): AsmStatement {
  const token = reader.peek()
  if (token.text === '*') return readLoad(reader, dst)
  if (reader.peekRegister() !== undefined) {
    return { row: requireRow(reader, token, 'alu', 'mov', dst.bits, true), dst, src: secondRegister(reader, dst) }
  }
  if (token.text === '-' && reader.peekRegister(1) !== undefined) {
    reader.next()
    requireSame(reader, dst, reader.register())
    return { row: requireRow(reader, token, 'neg', 'neg', dst.bits), dst }
  }
  return readCast(reader, dst) ?? readFunction(reader, dialect, dst) ?? dialect.immediate(reader, dst)
}

function readCast(reader: AsmReader, dst: AsmRegister): AsmStatement | undefined {
  const match = /^s(8|16|32)$/.exec(reader.peek(1).text)
  if (reader.peek().text !== '(' || match === null) return undefined
  reader.next()
  const type = reader.next()
  reader.expect(')')
  return { row: requireRow(reader, type, 'movsx', `movsx${match[1]}`, dst.bits), dst, src: secondRegister(reader, dst) }
}

/** What a word after `=` begins: a byte swap, a function of the common grammar, an atomic of the dialect. */
function readFunction(reader: AsmReader, dialect: Dialect, dst: AsmRegister): AsmStatement | undefined {
  const token = reader.peek()
  if (token.kind !== 'word') return undefined
  const swap = /^(be|le|bswap)(16|32|64)$/.exec(token.text)
  if (swap !== null) {
    reader.next()
    requireWidth(reader, dst, 64)
    requireSame(reader, dst, reader.register())
    return { row: requireRow(reader, token, 'swap', swap[1] as string, Number(swap[2])), dst }
  }
  if (token.text === 'addr_space_cast') return readAddrSpaceCast(reader, dst)
  if (token.text === 'load_acquire') return readLoadAcquire(reader, dst)
  return dialect.atomic(reader, dst)
}

function readAddrSpaceCast(reader: AsmReader, dst: AsmRegister): AsmStatement {
  const token = reader.next()
  reader.expect('(')
  const src = secondRegister(reader, dst)
  reader.expect(',')
  const to = operand(reader)
  reader.expect(',')
  const from = operand(reader)
  reader.expect(')')
  for (const space of [to, from]) {
    if (BigInt.asUintN(16, space.value) !== space.value) {
      throw reader.error('ISA_IMMEDIATE', space.token, 'the address space does not fit 16 bits')
    }
  }
  const value = BigInt.asIntN(32, (to.value << 16n) | from.value)
  return { row: requireRow(reader, token, 'cast', 'addr_space_cast', dst.bits), dst, src, imm: { value, token } }
}

function readLoadAcquire(reader: AsmReader, dst: AsmRegister): AsmStatement {
  reader.next()
  reader.expect('(')
  const memory = memoryOperand(reader)
  reader.expect(')')
  requireWidth(reader, dst, memory.bits)
  const operation = unsigned(reader, memory, 'load_acq')
  const row = requireRow(reader, memory.token, 'load_acq', operation, memory.bits)
  return { row, dst, src: memory.base, off: memory.off }
}

function readLoad(reader: AsmReader, dst: AsmRegister): AsmStatement {
  reader.expect('*')
  if (reader.peek(4).text === 'skb') return readPacketLoad(reader, dst)
  const memory = memoryOperand(reader)
  requireWidth(reader, dst, memory.bits, !memory.isSigned)
  const row = requireRow(reader, memory.token, 'load', memory.isSigned ? 'memsx' : 'mem', memory.bits)
  return { row, dst, src: memory.base, off: memory.off }
}

/** `(u8 *)skb[r1 + 5]`; the result always is r0. */
function readPacketLoad(reader: AsmReader, dst: AsmRegister): AsmStatement {
  if (dst.index !== 0 || dst.bits !== 64) throw reader.syntax('r0', dst.token)
  const { bits, isSigned, token } = memoryType(reader)
  if (isSigned) throw reader.syntax('an unsigned type', token)
  reader.expect('skb')
  reader.expect('[')
  const src = reader.peekRegister() === undefined ? undefined : reader.register()
  const { text } = reader.peek()
  const constant = src === undefined || text === '+' || text === '-'
  const imm = constant ? operand(reader) : { value: 0n, token }
  reader.expect(']')
  return { row: requireRow(reader, token, 'ld_packet', src === undefined ? 'abs' : 'ind', bits), src, imm }
}

/** `, r2)` at the end of an atomic function, which must be the register that the result goes to. */
export function sameValueArgument(reader: AsmReader, result: AsmRegister, bits: number): AsmRegister {
  requireWidth(reader, result, bits)
  reader.expect(',')
  const src = reader.register()
  requireSame(reader, result, src)
  reader.expect(')')
  return src
}

/** `, r0, r2)` at the end of a compare and exchange, whose result goes to r0. */
export function compareArguments(reader: AsmReader, result: AsmRegister, bits: number): AsmRegister {
  requireWidth(reader, result, bits)
  if (result.index !== 0) throw reader.syntax('r0', result.token)
  reader.expect(',')
  requireSame(reader, result, reader.register())
  reader.expect(',')
  const src = secondRegister(reader, result)
  reader.expect(')')
  return src
}
