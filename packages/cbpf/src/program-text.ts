import { CLASSIC_FIELDS, type ClassicInsn, requireFit } from './classic-insn.ts'
import { encodeClassic } from './codec.ts'
import { formatDecimal } from './decimal-text.ts'
import { disassembleClassic } from './disassembler.ts'

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('')
const decimals = (insn: ClassicInsn): string => CLASSIC_FIELDS.map(([field]) => insn[field]).join(' ')

/** C's `%#0Nx`: no `0x` before a zero. */
function alternateHex(value: number, width: number): string {
  return value === 0 ? '0'.repeat(width) : `0x${hex(value, width - 2)}`
}

/** `{ 0x15,  0,  1, 0x00000800 },` as the kernel's tools print an instruction in C. */
export function formatClassicC({ code, jt, jf, k }: ClassicInsn): string {
  return `{ ${alternateHex(code, 4)}, ${String(jt).padStart(2)}, ${String(jf).padStart(2)}, ${alternateHex(k, 10)} },`
}

/** `{ 0x15, 0, 1, 0x00000800 },` as tcpdump and bpfc do. */
function tcpdumpC({ code, jt, jf, k }: ClassicInsn): string {
  return `{ 0x${code.toString(16)}, ${jt}, ${jf}, 0x${hex(k, 8)} },`
}

function counted(insns: readonly ClassicInsn[]): string {
  return `${insns.length},${insns.map((insn) => `${decimals(insn)},`).join('')}`
}

/** Names of the forms in which tools take a program. */
export type ClassicForm = 'asm' | 'c' | 'decimal' | 'listing' | 'tcpdump' | 'netsniff-ng' | 'xt-bpf' | 'hex'

/** Each form, and the tool that prints it. */
// biome-ignore format: table
const FORMS: Readonly<Record<ClassicForm, (insns: readonly ClassicInsn[]) => string>> = {
  'asm':         (insns) => `${counted(insns)}\n`,                            // bpf_asm
  'c':           (insns) => lines(insns.map(formatClassicC)),                 // bpf_asm -c
  'decimal':     (insns) => formatDecimal(insns),                             // tcpdump -ddd
  'listing':     (insns) => lines(disassembleClassic(insns)),                 // tcpdump -d
  'tcpdump':     (insns) => lines(insns.map(decimals)),                       // bpfc -f tcpdump
  'netsniff-ng': (insns) => lines(insns.map(tcpdumpC)),                       // bpfc -f netsniff-ng, tcpdump -dd
  'xt-bpf':      (insns) => counted(insns),                                   // bpfc -f xt_bpf
  'hex':         (insns) => `${Array.from(encodeClassic(insns), (byte) => hex(byte, 2)).join('')}\n`,
}

/** All of them. */
export const CLASSIC_FORMS: readonly ClassicForm[] = Object.freeze(Object.keys(FORMS) as ClassicForm[])

/**
 * A program as text: `asm` for cls_bpf and bpf_dbg, `xt-bpf` the same without a line break; `c` and `netsniff-ng` for C;
 * `decimal` for `tcpdump`-like readers, `tcpdump` the same without the count; `listing` for people; `hex` is struct
 * sock_filter, little endian.
 *
 * @throws CbpfError CBPF_FIELD_RANGE
 */
export function formatClassicProgram(insns: readonly ClassicInsn[], form: ClassicForm): string {
  insns.forEach(requireFit)
  return FORMS[form](insns)
}
