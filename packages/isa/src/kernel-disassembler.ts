/**
 * Instructions as text in the kernel's syntax: what its verifier log and `bpftool prog dump xlated` print, so that logs
 * compare equal. Of opcodes that no instruction has, which the kernel refuses before it prints them, some differ.
 *
 * @see print_bpf_insn in kernel/bpf/disasm.c of 6.12; load_acquire and store_release as 6.18 prints them
 */
import type { Insn } from './insn.ts'
import { aluSize, BPF_CLASS, BPF_MODE, BPF_OP, BPF_SRC, isLdImm64, ldImm64Value } from './insn-fields.ts'
import {
  type InstructionKind,
  type InstructionRow,
  instructionRow,
  lookupInsn,
  rowsOfOpcode,
} from './instruction-table.ts'
import * as op from './opcodes.ts'
import { memoryType, OPERATION_SYMBOLS } from './operation-symbols.ts'

/** Text for the immediate of a two-slot load; `value` is both halves. */
export type ImmediateRenderer = (insn: Insn, next: Insn | undefined, value: bigint) => string

export interface KernelFormatOptions {
  /**
   * Name of a called function: `map_lookup_elem`'s for a helper (src 0), a kfunc's (src 2), or for a subprogram
   * (src 1) what follows `pc`. Undefined falls back to `unknown`, `kernel-function`, and the distance.
   */
  readonly callName?: (insn: Insn) => string | undefined
  /** Default: {@link hexImmediate}, as in the verifier's log. */
  readonly immediate?: ImmediateRenderer
  /** Print 0x0 for the addresses of maps and variables, as the log for programs that may not see pointers. */
  readonly hidePointers?: boolean
  /** Begin with the opcode in parentheses. Default: true. */
  readonly opcode?: boolean
}

/** `0x1122`: the verifier log's form. */
export const hexImmediate: ImmediateRenderer = (_insn, _next, value) => `0x${value.toString(16)}`

/** bpftool's form: `map[id:3]`, `map[id:3][0]+8`, `map[idx:3]+8`, `subprog[+5]`, else hexadecimal. */
export const bpftoolImmediate: ImmediateRenderer = (insn, next, value) => {
  const id = insn.imm >>> 0
  const offset = (next?.imm ?? 0) >>> 0
  switch (insn.src) {
    case op.BPF_PSEUDO_MAP_FD:
      return `map[id:${id}]`
    case op.BPF_PSEUDO_MAP_VALUE:
      return `map[id:${id}][0]+${offset}`
    case op.BPF_PSEUDO_MAP_IDX_VALUE:
      return `map[idx:${id}]+${offset}`
    case op.BPF_PSEUDO_FUNC:
      return `subprog[${signed(insn.imm)}]`
    default:
      return hexImmediate(insn, next, value)
  }
}

/** bpftool's forms, and our own for the two kinds it shows as numbers, so that `assembleKernel` loses nothing. */
export const exactImmediate: ImmediateRenderer = (insn, next, value) => {
  const offset = (next?.imm ?? 0) >>> 0
  if (insn.src === op.BPF_PSEUDO_BTF_ID) return `btf[id:${insn.imm >>> 0}]+${offset}`
  return insn.src === op.BPF_PSEUDO_MAP_IDX ? `map[idx:${insn.imm >>> 0}]` : bpftoolImmediate(insn, next, value)
}

const signed = (value: number): string => (value < 0 ? String(value) : `+${value}`)
const opcodeHex = (insn: Insn): string => insn.opcode.toString(16).padStart(2, '0')
const prefixOf = (insn: Insn): string => (aluSize(insn.opcode) === 32 ? 'w' : 'r')
const memory = (bits: number, isSigned: boolean, base: number, off: number): string =>
  `(${memoryType(bits, isSigned)} *)(r${base} ${signed(off)})`

type Renderer = (insn: Insn, row: InstructionRow, next: Insn | undefined, options: KernelFormatOptions) => string

const MOVE_CASTS: Readonly<Record<number, string>> = { 8: '(s8)', 16: '(s16)', 32: '(s32)' }

const renderAlu: Renderer = (insn, row) => {
  const reg = prefixOf(insn)
  const symbol = OPERATION_SYMBOLS[row.operation] ?? '='
  if (BPF_SRC(insn.opcode) === op.BPF_K) return `${reg}${insn.dst} ${symbol} ${insn.imm}`
  const cast = BPF_OP(insn.opcode) === op.BPF_MOV ? (MOVE_CASTS[insn.off] ?? '') : ''
  return `${reg}${insn.dst} ${symbol} ${cast}${reg}${insn.src}`
}

const renderJump: Renderer = (insn, row) => {
  const reg = prefixOf(insn)
  const right = BPF_SRC(insn.opcode) === op.BPF_X ? `${reg}${insn.src}` : `0x${(insn.imm >>> 0).toString(16)}`
  return `if ${reg}${insn.dst} ${OPERATION_SYMBOLS[row.operation]} ${right} goto pc${signed(insn.off)}`
}

const renderCall: Renderer = (insn, row, _next, options) => {
  if (row.operation === 'callx') return `callx r${insn.dst}`
  if (row.operation === 'tail_call') return 'tail_call'
  const name = options.callName?.(insn)
  if (insn.src === op.BPF_PSEUDO_CALL) return `call pc${name ?? signed(insn.imm)}`
  return `call ${name ?? (insn.src === op.BPF_PSEUDO_KFUNC_CALL ? 'kernel-function' : 'unknown')}#${insn.imm}`
}

const renderLdImm64: Renderer = (insn, _row, next, options) => {
  const full = ldImm64Value(insn, next ?? { opcode: 0, dst: 0, src: 0, off: 0, imm: 0 })
  const pointer = insn.src !== 0 && insn.src !== op.BPF_PSEUDO_FUNC && insn.src <= op.BPF_PSEUDO_MAP_IDX_VALUE
  const value = pointer && options.hidePointers === true ? 0n : full
  return `r${insn.dst} = ${(options.immediate ?? hexImmediate)(insn, next, value)}`
}

const renderAtomic: Renderer = (insn, row) => {
  const target = memory(row.bits, false, insn.dst, insn.off)
  const fetch = OPERATION_SYMBOLS[row.operation]
  if (fetch !== undefined) return `lock *${target} ${fetch} r${insn.src}`
  const name = `atomic${row.bits === 64 ? '64' : ''}_${row.operation}`
  if (row.operation === 'cmpxchg') return `r0 = ${name}(${target}, r0, r${insn.src})`
  return `r${insn.src} = ${name}(${target}, r${insn.src})`
}

const RENDERERS: Readonly<Record<InstructionKind, Renderer>> = {
  alu: renderAlu,
  movsx: renderAlu,
  neg: (insn) => `${prefixOf(insn)}${insn.dst} = -${prefixOf(insn)}${insn.dst}`,
  swap: (insn, row) => `r${insn.dst} = ${row.operation}${insn.imm} r${insn.dst}`,
  cast: (insn, row) =>
    row.operation === 'percpu'
      ? `r${insn.dst} = &(void __percpu *)(r${insn.src})`
      : `r${insn.dst} = addr_space_cast(r${insn.src}, ${insn.imm >>> 16}, ${insn.imm & 0xffff})`,
  jump: renderJump,
  goto: (insn, row) => `${row.operation} pc${signed(row.operation === 'gotol' ? insn.imm : insn.off)}`,
  may_goto: (insn) => `may_goto pc${signed(insn.off)}`,
  call: renderCall,
  exit: () => 'exit',
  ld_imm64: renderLdImm64,
  ld_packet: (insn, row) => {
    const index = row.operation === 'abs' ? `${insn.imm}` : `r${insn.src} + ${insn.imm}`
    return `r0 = *(${memoryType(row.bits, false)} *)skb[${index}]`
  },
  load: (insn, row) => `r${insn.dst} = *${memory(row.bits, row.operation === 'memsx', insn.src, insn.off)}`,
  store: (insn, row) => {
    const value = row.operation === 'imm' ? insn.imm : `r${insn.src}`
    return `*${memory(row.bits, false, insn.dst, insn.off)} = ${value}`
  },
  atomic: renderAtomic,
  load_acq: (insn, row) => `r${insn.dst} = load_acquire(${memory(row.bits, false, insn.src, insn.off)})`,
  store_rel: (insn, row) => `store_release(${memory(row.bits, false, insn.dst, insn.off)}, r${insn.src})`,
  nospec: () => 'nospec',
}

// What C prints for the strings that kernel/bpf/disasm.c leaves out, and its words for codes that are no comparison.
const NO_STRING = '(null)'
const JUMP_WORDS: Readonly<Record<number, string>> = { [op.BPF_JA]: 'jmp', [op.BPF_EXIT]: 'exit' }

function formatUnknownAlu(insn: Insn): string {
  const code = BPF_OP(insn.opcode)
  const reg = prefixOf(insn)
  if (code === op.BPF_NEG) return `${reg}${insn.dst} = -${reg}${insn.dst}`
  if (code === op.BPF_END) return `r${insn.dst} = bswap${insn.imm} r${insn.dst}`
  return `${reg}${insn.dst} ${NO_STRING} ${BPF_SRC(insn.opcode) === op.BPF_X ? `${reg}${insn.src}` : insn.imm}`
}

function formatUnknownJump(insn: Insn, options: KernelFormatOptions): string {
  const code = BPF_OP(insn.opcode)
  if (code === op.BPF_CALL) return renderCall(insn, CALL_HELPER, undefined, options)
  const reg = prefixOf(insn)
  const right = BPF_SRC(insn.opcode) === op.BPF_X ? `${reg}${insn.src}` : `0x${(insn.imm >>> 0).toString(16)}`
  return `if ${reg}${insn.dst} ${JUMP_WORDS[code] ?? NO_STRING} ${right} goto pc${signed(insn.off)}`
}

const CALL_HELPER = instructionRow('CALL_HELPER')

// Prefixes of what the printer gives up on, by class.
const BUGS: Readonly<Record<number, string>> = { [op.BPF_LD]: 'ld_', [op.BPF_LDX]: 'ldx_', [op.BPF_ST]: 'st_' }

/** Opcodes that no row has. */
function formatUnknown(insn: Insn, options: KernelFormatOptions): string {
  const code = opcodeHex(insn)
  const cls = BPF_CLASS(insn.opcode)
  if (cls <= op.BPF_STX) return `BUG_${BUGS[cls] ?? ''}${code}`
  const text = cls === op.BPF_ALU || cls === op.BPF_ALU64 ? formatUnknownAlu(insn) : formatUnknownJump(insn, options)
  return options.opcode === false ? text : `(${code}) ${text}`
}

/**
 * The row that gives an instruction its shape: its own, or where a selecting field has a value that no row has, the
 * opcode's first, for the kernel's printer looks no closer. Atomics it does tell apart.
 */
function shapeOf(insn: Insn): InstructionRow | undefined {
  const row = lookupInsn(insn)
  if (row !== undefined && !(row.internal && row.kind === 'load')) return row
  if (BPF_CLASS(insn.opcode) === op.BPF_STX && BPF_MODE(insn.opcode) === op.BPF_ATOMIC) return undefined
  return rowsOfOpcode(insn.opcode).find((each) => !each.internal)
}

/**
 * One instruction, without line number and line break: `(b7) r1 = 3`.
 *
 * @param next the following slot, for 64-bit immediates
 */
export function formatKernelInsn(insn: Insn, next?: Insn, options: KernelFormatOptions = {}): string {
  const shape = shapeOf(insn)
  if (shape === undefined) return formatUnknown(insn, options)
  const text = RENDERERS[shape.kind](insn, shape, next, options)
  return options.opcode === false ? text : `(${opcodeHex(insn)}) ${text}`
}

/**
 * A program, a line an instruction, numbered by slots as bpftool does (`   0: (b7) r1 = 3`). The default shows
 * immediates exactly, so that `assembleKernel` gives the same instructions back.
 */
export function disassembleKernel(insns: readonly Insn[], options: KernelFormatOptions = {}): string {
  const lines: string[] = []
  const all: KernelFormatOptions = { immediate: exactImmediate, ...options }
  for (let pc = 0; pc < insns.length; pc++) {
    const insn = insns[pc] as Insn
    lines.push(`${String(pc).padStart(4)}: ${formatKernelInsn(insn, insns[pc + 1], all)}\n`)
    if (isLdImm64(insn)) pc++
  }
  return lines.join('')
}
