/**
 * Assembler for the kernel's syntax, the inverse of `disassembleKernel`: it takes what the verifier's log and
 * `bpftool prog dump xlated` print, line by line.
 */
import { emitStatement } from './asm-emit.ts'
import { type AsmLine, tokenize } from './asm-lexer.ts'
import type { AssembledProgram, AssembleOptions } from './asm-program.ts'
import { AsmReader, type AsmRegister } from './asm-reader.ts'
import {
  type AsmStatement,
  type AsmTarget,
  compareArguments,
  type Dialect,
  memoryOperand,
  operand,
  readStatement,
  requireRow,
  sameValueArgument,
} from './asm-statement.ts'
import type { Insn } from './insn.ts'
import { instructionRow } from './instruction-table.ts'

export interface KernelAssembleOptions extends AssembleOptions {
  /** True for the name of a kfunc: `call name#5` then is one. Default: only `kernel-function`. */
  readonly isKfunc?: (name: string) => boolean
}

// A slot number and an opcode may stand before the text.
const LINE_START = /^\s*(?:\d+:)?\s*(?:\(([0-9a-f]{2})\))?/

/**
 * Assembles text such as `12: (07) r1 += -8`. Slot number and opcode may be left out; an opcode that is there must be
 * the one of the text. Everything from a semicolon on is ignored, as are empty lines. Without an opcode `r1 = 3` is a
 * move and `r1 = 0x3` a 64-bit immediate, for so the kernel prints them.
 *
 * @throws {IsaError} `ISA_SYNTAX`, `ISA_NO_SUCH_INSN`, `ISA_IMMEDIATE`, each with line and column
 */
export function assembleKernel(text: string, options: KernelAssembleOptions = {}): AssembledProgram {
  const insns: Insn[] = []
  const lines: number[] = []
  const constants = new Map(Object.entries(options.constants ?? {}).map(([name, value]) => [name, BigInt(value)]))
  text.split('\n').forEach((raw, index) => {
    const line: AsmLine = { file: options.file ?? '<asm>', line: index + 1, text: raw.replace(/\r$/, '') }
    for (const insn of assembleLine(line, constants, options, insns.length)) {
      insns.push(insn)
      lines.push(line.line)
    }
  })
  return { insns, labels: new Map(), relocations: [], lines }
}

function assembleLine(
  line: AsmLine,
  constants: ReadonlyMap<string, bigint>,
  options: KernelAssembleOptions,
  pc: number,
): Insn[] {
  const end = line.text.indexOf(';')
  const code = end < 0 ? line.text : line.text.slice(0, end)
  const start = LINE_START.exec(code) as RegExpExecArray
  const body = code.slice(start[0].length)
  const opcode = start[1] === undefined ? undefined : Number.parseInt(start[1], 16)
  if (body.trim() === '' && opcode === undefined) return []
  const reader = new AsmReader(line, tokenize(line, body, start[0].length + 1), constants)
  const first = reader.peek()
  const statement = readStatement(reader, kernelDialect(opcode, options.isKfunc))
  reader.expectEnd()
  if (opcode !== undefined && statement.row.opcode !== opcode) {
    const expected = statement.row.opcode.toString(16).padStart(2, '0')
    throw reader.error('ISA_NO_SUCH_INSN', first, `opcode (${start[1]}) has other text than this`, `(${expected})`)
  }
  return emitStatement(reader, statement, pc, { resolve: () => 0, wrap: false })
}

function kernelDialect(opcode: number | undefined, isKfunc: ((name: string) => boolean) | undefined): Dialect {
  return {
    target: readTarget,
    callee: (reader) => readCallee(reader, isKfunc),
    immediate: (reader, dst) => readImmediate(reader, dst, opcode),
    atomic: readAtomic,
    words: FIX_UP_WORDS,
  }
}

/** `pc+3`. */
function readTarget(reader: AsmReader): AsmTarget {
  const token = reader.expect('pc')
  const { text } = reader.peek()
  if (text !== '+' && text !== '-') throw reader.syntax('a distance such as pc+3')
  return { kind: 'distance', value: reader.expression(), token }
}

/** `pc+4`, `pc+4#name`, `name#5`. */
function readCallee(reader: AsmReader, isKfunc: ((name: string) => boolean) | undefined): AsmStatement {
  if (reader.peek().text === 'pc') {
    const target = readTarget(reader)
    if (reader.peek().text === '#') reader.skipRest()
    return { row: instructionRow('CALL_SUBPROG'), target }
  }
  const first = reader.peek()
  let name = ''
  while (reader.peek().text !== '#') {
    if (reader.peek().kind === 'end') throw reader.syntax('`#` and the number of a function')
    name += reader.next().text
  }
  reader.expect('#')
  if (name === '') throw reader.syntax('the name of a function', first)
  const kfunc = name === 'kernel-function' || isKfunc?.(name) === true
  return { row: instructionRow(kfunc ? 'CALL_KFUNC' : 'CALL_HELPER'), imm: operand(reader) }
}

const LD_IMM64 = instructionRow('LD_IMM64')

/** What only fix-ups make. */
const FIX_UP_WORDS: Dialect['words'] = new Map([
  ['nospec', () => ({ row: instructionRow('NOSPEC') })],
  ['tail_call', () => ({ row: instructionRow('TAIL_CALL') })],
])

function readImmediate(reader: AsmReader, dst: AsmRegister, opcode: number | undefined): AsmStatement {
  const token = reader.peek()
  if (token.text === '&') return readPercpu(reader, dst)
  if (token.kind === 'word') {
    const pseudo = readPseudo(reader, dst)
    if (pseudo !== undefined) return pseudo
  }
  if (!reader.startsExpression()) throw reader.syntax('a register, number, memory operand or function')
  const wide = opcode === undefined ? /^0x/i.test(token.text) && dst.bits === 64 : opcode === LD_IMM64.opcode
  if (wide && dst.bits === 32) throw reader.syntax('a 64-bit register', dst.token)
  const row = wide ? LD_IMM64 : requireRow(reader, token, 'alu', 'mov', dst.bits)
  return { row, dst, imm: operand(reader) }
}

/** `&(void __percpu *)(r2)`: fix-ups make it, and bpftool shows it. */
function readPercpu(reader: AsmReader, dst: AsmRegister): AsmStatement {
  if (dst.bits === 32) throw reader.syntax('a 64-bit register', dst.token)
  for (const text of ['&', '(', 'void', '__percpu', '*', ')', '(']) reader.expect(text)
  const src = reader.register()
  if (src.bits === 32) throw reader.syntax('a 64-bit register', src.token)
  reader.expect(')')
  return { row: instructionRow('MOV64_PERCPU'), dst, src }
}

/** `map[id:3]`, `map[id:3][0]+8`, `map[idx:3]`, `map[idx:3]+8`, `btf[id:3]+0`, `subprog[+5]`. */
function readPseudo(reader: AsmReader, dst: AsmRegister): AsmStatement | undefined {
  const what = reader.peek().text
  if (dst.bits === 32 || reader.peek(1).text !== '[') return undefined
  if (what !== 'map' && what !== 'btf' && what !== 'subprog') return undefined
  reader.next()
  reader.expect('[')
  if (what === 'subprog') {
    const target: AsmTarget = { kind: 'distance', token: reader.peek(), value: reader.expression() }
    reader.expect(']')
    return { row: instructionRow('LD_IMM64_FUNC'), dst, target }
  }
  const byIndex = what === 'map' && reader.accept('idx')
  if (!byIndex) reader.expect('id')
  reader.expect(':')
  const imm = operand(reader)
  reader.expect(']')
  return { ...readPseudoOffset(reader, what, byIndex), dst, imm }
}

function readPseudoOffset(
  reader: AsmReader,
  what: 'map' | 'btf',
  byIndex: boolean,
): Pick<AsmStatement, 'row' | 'nextImm'> {
  const entry = what === 'map' && !byIndex && reader.accept('[')
  if (entry) {
    reader.expect('0')
    reader.expect(']')
  }
  const value = entry || what === 'btf' || reader.peek().text === '+'
  const nextImm = value ? operand(reader) : undefined
  if (what === 'btf') return { row: instructionRow('LD_IMM64_BTF_ID'), nextImm }
  if (byIndex) return { row: instructionRow(value ? 'LD_IMM64_MAP_IDX_VALUE' : 'LD_IMM64_MAP_IDX'), nextImm }
  return { row: instructionRow(entry ? 'LD_IMM64_MAP_VALUE' : 'LD_IMM64_MAP_FD'), nextImm: entry ? nextImm : undefined }
}

/** `atomic64_fetch_add((u64 *)(r1 +0), r2)`; the name has 64 exactly where the type has. */
function readAtomic(reader: AsmReader, result: AsmRegister): AsmStatement | undefined {
  const name = reader.peek()
  const match = /^atomic(64)?_(fetch_(?:add|and|or|xor)|xchg|cmpxchg)$/.exec(name.text)
  if (match === null) return undefined
  reader.next()
  reader.expect('(')
  const memory = memoryOperand(reader)
  if (memory.isSigned || (memory.bits === 64) !== (match[1] === '64')) {
    throw reader.syntax(match[1] === '64' ? 'u64' : 'u32', memory.token)
  }
  const operation = match[2] as string
  const row = requireRow(reader, memory.token, 'atomic', operation, memory.bits)
  const read = operation === 'cmpxchg' ? compareArguments : sameValueArgument
  return { row, dst: memory.base, src: read(reader, result, memory.bits), off: memory.off }
}
