import { BPF_CLASS, BPF_JA, BPF_JMP, BPF_OP, BPF_X } from '@bpfoundry/isa'
import type { ClassicInsn } from '../classic-insn.ts'
import { BPF_MEMWORDS, BPF_RET } from '../classic-opcodes.ts'
import { type ClassicOperand, lookupClassic } from '../instruction-table.ts'
import { formatClassicC } from '../program-text.ts'

/** C's `%#x`. */
const hex = (value: number): string => (value === 0 ? '0' : `0x${value.toString(16)}`)
const decimal = (value: number): string => String(value | 0)

/** How bpf_dbg prints k. */
// biome-ignore format: table
const OPERAND_TEXT: Readonly<Record<ClassicOperand, (k: number, pc: number) => string>> = {
  packet:   (k) => `[${decimal(k)}]`,
  packet_x: (k) => `[x+${decimal(k)}]`,
  header:   (k) => `4*([${decimal(k)}]&0xf)`,
  length:   () => '#len',
  bits:     (k) => `#${hex(k)}`,
  number:   (k) => `#${decimal(k)}`,
  cell:     (k) => `M[${decimal(k)}]`,
  target:   (k, pc) => decimal(pc + 1 + k),
  x:        () => 'x',
  none:     () => '',
}

/** What it writes otherwise than by the row: returns, and a load that it does not know. */
// biome-ignore format: table
const EXCEPTIONS: ReadonlyMap<number, (k: number) => string> = new Map<number, (k: number) => string>([
  [0x06,            (k) => `ret #${hex(k)}`],
  [0x16,            () => 'ret a'],
  [BPF_RET | BPF_X, () => 'ret x'],
  [0x81,            () => 'nosup 0x81'],
])

/** What lies behind the end of a program. */
const NOTHING: ClassicInsn = { code: 0, jt: 0, jf: 0, k: 0 }

function statement({ code, k }: ClassicInsn, pc: number): string {
  const exception = EXCEPTIONS.get(code)
  if (exception !== undefined) return exception(k)
  const row = lookupClassic(code)
  if (row === undefined) return `nosup ${hex(code)}`

  return `${row.mnemonic} ${OPERAND_TEXT[row.operand](k, pc)}`
}

/** One line as bpf_dbg disassembles it: `l1:	jeq #0x800, l2, l12`. */
export function debuggerLine(insn: ClassicInsn | undefined, pc: number): string {
  const { code, jt, jf } = insn ?? NOTHING
  const text = `l${pc}:\t${statement(insn ?? NOTHING, pc)}`
  const compares = BPF_CLASS(code) === BPF_JMP && BPF_OP(code) !== BPF_JA
  return compares ? `${text}, l${pc + 1 + jt}, l${pc + 1 + jf}` : text
}

/** What `dump` prints: the program in C. */
export function programDump(insns: readonly ClassicInsn[]): string[] {
  return ['/* { op, jt, jf, k }, */', ...insns.map(formatClassicC)]
}

/** What is shown of the machine. */
export interface Registers {
  readonly pc: number
  readonly a: number
  readonly x: number
  readonly cells: Uint32Array
}

/** `[0x000800][2048]`, as C's `[%#08x][%u]`. */
export function registerText(value: number): string {
  return `[${value === 0 ? '00000000' : `0x${value.toString(16).padStart(6, '0')}`}][${value}]`
}

/** The registers, and the instruction that is next. */
export function registerDump(registers: Registers, insns: readonly ClassicInsn[]): string[] {
  const { pc, a, x } = registers
  const { code, jt, jf, k } = insns[pc] ?? NOTHING
  const branch = (name: string, skipped: number): string =>
    `${name}:       ${debuggerLine(insns[pc + 1 + skipped], pc + 1 + skipped)}`
  return [
    '-- register dump --',
    `pc:       [${pc}]`,
    `code:     [${code}] jt[${jt}] jf[${jf}] k[${k}]`,
    `curr:     ${debuggerLine(insns[pc], pc)}`,
    ...(jt === 0 && jf === 0 ? [] : [branch('jt', jt), branch('jf', jf)]),
    `A:        ${registerText(a)}`,
    `X:        ${registerText(x)}`,
    ...cellLines(registers.cells),
  ]
}

/** The cells that are not zero. */
function cellLines(cells: Uint32Array): string[] {
  const used = [...cells.entries()].filter(([, value]) => value !== 0)
  if (used.length === 0) return [`M[0,${BPF_MEMWORDS - 1}]:  ${registerText(0)}`]
  return used.map(([cell, value]) => `M[${cell}]: ${registerText(value)}`)
}

const BYTES_A_LINE = 16

/** The captured bytes of a packet, 16 a line. */
export function packetDump({
  data,
  lengthBytes,
}: {
  readonly data: Uint8Array
  readonly lengthBytes: number
}): string[] {
  const head = data.length === lengthBytes ? '' : `cap: ${data.length}, `
  const lines = ['-- packet dump --', `${head}len: ${lengthBytes}`]
  let at = 0
  do {
    const bytes = Array.from(data.subarray(at, at + BYTES_A_LINE), (byte) => `${byte.toString(16).padStart(2, '0')} `)
    lines.push(`${String(at).padStart(3)}: ${bytes.join('')}`)
    at += BYTES_A_LINE
  } while (at < data.length)
  return lines
}
