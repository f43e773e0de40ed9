/**
 * Instructions as text in LLVM's syntax: what `llvm-objdump -d` prints (`formatLlvmInsn`), and source that clang's
 * integrated assembler and `assembleLlvm` take (`disassembleLlvm`). Checked against LLVM 19; load_acquire and
 * store_release are as LLVM 21 has them.
 */
import type { Insn } from './insn.ts'
import { checkInsn } from './insn-check.ts'
import {
  aluSize,
  BPF_OP,
  BPF_SRC,
  insnSlots,
  isLdImm64,
  isZext,
  jumpTarget,
  ldImm64Value,
  subprogTarget,
} from './insn-fields.ts'
import { type InstructionKind, type InstructionRow, lookupInsn } from './instruction-table.ts'
import * as op from './opcodes.ts'
import { memoryType, OPERATION_SYMBOLS } from './operation-symbols.ts'

export interface LlvmFormatOptions {
  /** Numbers in hexadecimal, as llvm-objdump prints, or in decimal, as clang -S does. Default: hex. */
  readonly radix?: 'hex' | 'decimal'
  /** Name the value of loads, stores and atomic adds below 64 bits wN, as under -mcpu=v3 and v4. Default: false, rN, as
   * llvm-objdump does when no cpu is given; it then knows no other 32-bit atomics, but this prints them with wN. */
  readonly wRegisters?: boolean
  /**
   * Text added to a jump, as llvm-objdump adds ` <name+0x40>`; gets the slot jumped to.
   * Only called where `pc` is given.
   */
  readonly annotate?: (target: number) => string | undefined
  readonly pc?: number
}

interface Context {
  readonly options: LlvmFormatOptions
  readonly next: Insn | undefined
  readonly number: (value: number | bigint) => string
}

function formatNumber(value: number | bigint, radix: 'hex' | 'decimal'): string {
  if (radix === 'decimal') return String(value)
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`
}

const prefixOf = (insn: Insn): string => (aluSize(insn.opcode) === 32 ? 'w' : 'r')

/** A distance always has its sign: `+0x3`. */
const distance = (value: number, context: Context): string => `${value < 0 ? '' : '+'}${context.number(value)}`

/** Register and displacement, the sign between blanks: `r10 - 0x4`. */
function displaced(base: number, off: number, context: Context): string {
  return `r${base} ${off < 0 ? '-' : '+'} ${context.number(Math.abs(off))}`
}

function memory(row: InstructionRow, isSigned: boolean, base: number, off: number, context: Context): string {
  return `(${memoryType(row.bits, isSigned)} *)(${displaced(base, off, context)})`
}

function valueRegister(row: InstructionRow, register: number, context: Context): string {
  const narrow = row.bits < 64 && row.operation !== 'memsx' && context.options.wRegisters === true
  return `${narrow ? 'w' : 'r'}${register}`
}

const byWidth = (bits: number, register: number): string => `${bits === 64 ? 'r' : 'w'}${register}`

function branch(insn: Insn, value: number, context: Context): string {
  const { pc, annotate } = context.options
  const label = pc === undefined ? undefined : annotate?.(jumpTarget(insn, pc) ?? 0)
  return distance(value, context) + (label === undefined ? '' : ` <${label}>`)
}

type Renderer = (insn: Insn, row: InstructionRow, context: Context) => string

const renderAlu: Renderer = (insn, row, context) => {
  const reg = prefixOf(insn)
  const symbol = OPERATION_SYMBOLS[row.operation] ?? '='
  if (BPF_SRC(insn.opcode) === op.BPF_K) return `${reg}${insn.dst} ${symbol} ${context.number(insn.imm)}`
  const cast = row.kind === 'movsx' ? `(s${insn.off})` : ''
  return `${reg}${insn.dst} ${symbol} ${cast}${reg}${insn.src}`
}

const renderJump: Renderer = (insn, row, context) => {
  const reg = prefixOf(insn)
  const right = BPF_SRC(insn.opcode) === op.BPF_X ? `${reg}${insn.src}` : context.number(insn.imm)
  return `if ${reg}${insn.dst} ${OPERATION_SYMBOLS[row.operation]} ${right} goto ${branch(insn, insn.off, context)}`
}

const renderLdImm64: Renderer = (insn, row, context) => {
  const next = context.next ?? { opcode: 0, dst: 0, src: 0, off: 0, imm: 0 }
  if (row.operation === 'imm') {
    return `r${insn.dst} = ${context.number(BigInt.asIntN(64, ldImm64Value(insn, next)))} ll`
  }
  return `ld_pseudo\tr${insn.dst}, ${context.number(insn.src)}, ${context.number(insn.imm >>> 0)}`
}

const renderAtomic: Renderer = (insn, row, context) => {
  const target = memory(row, false, insn.dst, insn.off, context)
  // The atomic add is older than wN.
  const value = row.operation === 'add' ? valueRegister(row, insn.src, context) : byWidth(row.bits, insn.src)
  const symbol = OPERATION_SYMBOLS[row.operation]
  if (symbol !== undefined) return `lock *${target} ${symbol} ${value}`
  if (row.operation.startsWith('fetch')) return `${value} = atomic_${row.operation}(${target}, ${value})`
  const name = `${row.operation}${row.bits === 64 ? '_64' : '32_32'}`
  const place = displaced(insn.dst, insn.off, context)
  if (row.operation === 'xchg') return `${value} = ${name}(${place}, ${value})`
  const r0 = byWidth(row.bits, 0)
  return `${r0} = ${name}(${place}, ${r0}, ${value})`
}

const RENDERERS: Readonly<Record<InstructionKind, Renderer>> = {
  alu: renderAlu,
  movsx: renderAlu,
  neg: (insn) => `${prefixOf(insn)}${insn.dst} = -${prefixOf(insn)}${insn.dst}`,
  swap: (insn, row) => `r${insn.dst} = ${row.operation}${insn.imm} r${insn.dst}`,
  cast: (insn, _row, context) => {
    const spaces = `${context.number(insn.imm >>> 16)}, ${context.number(insn.imm & 0xffff)}`
    return `r${insn.dst} = addr_space_cast(r${insn.src}, ${spaces})`
  },
  jump: renderJump,
  goto: (insn, row, context) => {
    const far = row.operation === 'gotol'
    return `${row.operation} ${branch(insn, far ? insn.imm : insn.off, context)}`
  },
  may_goto: (insn, _row, context) => `may_goto ${branch(insn, insn.off, context)}`,
  call: (insn, row, context) => (row.operation === 'callx' ? `callx r${insn.dst}` : `call ${context.number(insn.imm)}`),
  exit: () => 'exit',
  ld_imm64: renderLdImm64,
  ld_packet: (insn, row, context) => {
    const index = row.operation === 'abs' ? context.number(insn.imm) : `r${insn.src}`
    return `r0 = *(${memoryType(row.bits, false)} *)skb[${index}]`
  },
  load: (insn, row, context) =>
    `${valueRegister(row, insn.dst, context)} = *${memory(row, row.operation === 'memsx', insn.src, insn.off, context)}`,
  store: (insn, row, context) => {
    const value = row.operation === 'imm' ? context.number(insn.imm) : valueRegister(row, insn.src, context)
    return `*${memory(row, false, insn.dst, insn.off, context)} = ${value}`
  },
  atomic: renderAtomic,
  load_acq: (insn, row, context) =>
    `${byWidth(row.bits, insn.dst)} = load_acquire(${memory(row, false, insn.src, insn.off, context)})`,
  store_rel: (insn, row, context) =>
    `store_release(${memory(row, false, insn.dst, insn.off, context)}, ${byWidth(row.bits, insn.src)})`,
  nospec: () => UNKNOWN,
}

/** llvm-objdump's word for what is no instruction. */
const UNKNOWN = '<unknown>'

/**
 * One instruction as llvm-objdump prints it: `if r1 > 0x5 goto +0x3`, `<unknown>` for what LLVM has no form for.
 * This loses what LLVM's text has no place for: which kind of call, the second half of a pseudo immediate, the
 * constant of an indirect packet load. `disassembleLlvm` keeps all.
 *
 * @param next the following slot, for 64-bit immediates
 */
export function formatLlvmInsn(insn: Insn, next?: Insn, options: LlvmFormatOptions = {}): string {
  const row = lookupInsn(insn)
  if (row === undefined || row.internal) return UNKNOWN
  const radix = options.radix ?? 'hex'
  return RENDERERS[row.kind](insn, row, { options, next, number: (value) => formatNumber(value, radix) })
}

/** True where the text of `formatLlvmInsn` stands for this instruction and no other. */
function isExact(insn: Insn, next: Insn | undefined): boolean {
  const row = lookupInsn(insn)
  if (row === undefined || row.internal) return false
  if (checkInsn(insn, next, 0, { internal: true }) !== undefined) return false
  if (row.kind === 'call') return row.operation === 'helper' || row.operation === 'callx'
  // The fix-ups' zero extension reads as the move it is.
  if (isZext(insn)) return false
  if (row.operation === 'ind') return insn.imm === 0
  // LLVM takes no longer distance as a number.
  if (row.operation === 'gotol') return insn.imm === (insn.imm << 16) >> 16
  return row.slots === 1 || row.operation === 'imm' || next?.imm === 0
}

/** A slot as data. The kernel's own tests write what the assembler can't this way. */
function rawSlot(insn: Insn): string {
  const low = BigInt(insn.opcode | (insn.dst << 8) | (insn.src << 12)) | (BigInt(insn.off & 0xffff) << 16n)
  return `.8byte 0x${(low | (BigInt(insn.imm >>> 0) << 32n)).toString(16)}`
}

/** Slots where an instruction begins. */
function starts(insns: readonly Insn[]): Set<number> {
  const set = new Set<number>()
  for (let pc = 0; pc < insns.length; pc += insnSlots(insns[pc] as Insn)) set.add(pc)
  return set
}

/**
 * A program as assembly source, a line an instruction. Calls of subprograms get labels (`func_12:`); what LLVM's syntax
 * has no form for is `.8byte` data. `assembleLlvm` gives the same instructions back, whatever they are.
 */
export function disassembleLlvm(insns: readonly Insn[], options: Omit<LlvmFormatOptions, 'pc'> = {}): string {
  const begins = starts(insns)
  const callees = new Set<number>()
  insns.forEach((insn, pc) => {
    const target = begins.has(pc) && isSubprogCall(insn) ? subprogTarget(insn, pc) : undefined
    if (target !== undefined && begins.has(target)) callees.add(target)
  })
  const lines: string[] = []
  for (let pc = 0; pc < insns.length; pc++) {
    const insn = insns[pc] as Insn
    if (callees.has(pc)) lines.push(`func_${pc}:\n`)
    const target = isSubprogCall(insn) ? subprogTarget(insn, pc) : undefined
    if (target !== undefined && callees.has(target)) lines.push(`  call func_${target}\n`)
    else if (isExact(insn, insns[pc + 1])) {
      lines.push(`  ${formatLlvmInsn(insn, insns[pc + 1], { ...options, pc })}\n`)
      if (isLdImm64(insn)) pc++
    } else lines.push(`  ${rawSlot(insn)}\n`)
  }
  return lines.join('')
}

function isSubprogCall(insn: Insn): boolean {
  const { opcode, dst, src, off } = insn
  return BPF_OP(opcode) === op.BPF_CALL && opcode === 0x85 && src === op.BPF_PSEUDO_CALL && dst === 0 && off === 0
}
