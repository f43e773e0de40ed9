import { BPF_CLASS, BPF_JA, BPF_JMP, BPF_OP } from '@bpfoundry/isa'
import { ancillaryOf } from './ancillary-data.ts'
import type { ClassicInsn } from './classic-insn.ts'
import { type ClassicOperand, lookupClassic } from './instruction-table.ts'

/** How tcpdump prints k: `%d`. */
const signed = (k: number): string => String(k | 0)
const hex = (value: number): string => `0x${value.toString(16)}`

// biome-ignore format: table
const OPERAND_TEXT: Readonly<Record<ClassicOperand, (k: number, pc: number) => string>> = {
  packet:   (k) => `[${ancillaryOf(k)?.word ?? signed(k)}]`,
  packet_x: (k) => `[x + ${signed(k)}]`,
  header:   (k) => `4*([${signed(k)}]&0xf)`,
  length:   () => '#pktlen',
  bits:     (k) => `#${hex(k)}`,
  number:   (k) => `#${signed(k)}`,
  cell:     (k) => `M[${signed(k)}]`,
  target:   (k, pc) => signed(pc + 1 + k),
  x:        () => 'x',
  none:     () => '',
}

/**
 * One line as `tcpdump -d` prints it, with the TAB between jt and jf: `(005) jeq      #0x800           jt 6	jf 9`. A code
 * that no instruction has is `unimp`.
 *
 * @see bpf_image(3PCAP)
 */
export function formatClassic(insn: ClassicInsn, pc: number): string {
  const row = lookupClassic(insn.code)
  const mnemonic = row?.mnemonic ?? 'unimp'
  const operand = row === undefined ? hex(insn.code) : OPERAND_TEXT[row.operand](insn.k, pc)
  const statement = `(${String(pc).padStart(3, '0')}) ${mnemonic.padEnd(8)} `
  // libpcap takes any code of the class for a comparison.
  const compares = BPF_CLASS(insn.code) === BPF_JMP && BPF_OP(insn.code) !== BPF_JA
  if (!compares) return statement + operand
  return `${statement}${operand.padEnd(16)} jt ${pc + 1 + insn.jt}\tjf ${pc + 1 + insn.jf}`
}

/** The whole program, a line each. */
export function disassembleClassic(insns: readonly ClassicInsn[]): string[] {
  return insns.map(formatClassic)
}
