import { encodeInsns, type Insn } from '@bpfoundry/isa'

/** Values of off and imm that stand for any, and the instruction that separates groups. @see test_verifier.c */
const ANY_OFF = -1
const ANY_IMM = -1
const SEPARATOR: Insn = { opcode: 0xde, dst: 0xa, src: 0xd, off: 0xbeef - 0x10000, imm: 0xdeadbeef | 0 }

const isSame = (a: Insn, b: Insn): boolean =>
  a.opcode === b.opcode && a.dst === b.dst && a.src === b.src && a.off === b.off && a.imm === b.imm

const isNull = ({ opcode, dst, src, off, imm }: Insn): boolean => (opcode | dst | src | off | imm) === 0

/** Groups of instructions as an expectation has them; none where the list is empty. It ends at an instruction of zeros. */
export function insnGroups(insns: readonly Insn[]): readonly (readonly string[])[] {
  const end = insns.findIndex(isNull)
  const groups: string[][] = [[]]
  for (const insn of end < 0 ? insns : insns.slice(0, end)) {
    if (isSame(insn, SEPARATOR)) groups.push([])
    else groups.at(-1)?.push(pattern(insn))
  }
  return groups.filter((group) => group.length > 0)
}

/** 16 hex digits, `?` for those that may be anything. */
function pattern(insn: Insn): string {
  const digits = Buffer.from(encodeInsns([insn])).toString('hex')
  const off = insn.off === ANY_OFF ? '????' : digits.slice(4, 8)
  const imm = insn.imm === ANY_IMM ? '????????' : digits.slice(8)
  return `${digits.slice(0, 4)}${off}${imm}`
}
