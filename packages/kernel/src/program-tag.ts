import { createHash } from 'node:crypto'
import {
  BPF_DW,
  BPF_IMM,
  BPF_LD,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_VALUE,
  encodeInsns,
  type Insn,
} from '@bpfoundry/isa'

/**
 * The program tag: the first 8 bytes, in hex, of SHA-1 over the instructions as given, with every map fd (and the
 * offset into a map's value) zeroed, so that it does not depend on the run.
 *
 * @see bpf_prog_calc_tag in kernel/bpf/core.c (6.12)
 */
export function programTag(insns: readonly Insn[]): string {
  const neutral = insns.map((insn, pc) => {
    const first = isMapLoad(insn)
    const second = pc > 0 && isMapLoad(insns[pc - 1] as Insn)
    return first || second ? { ...insn, imm: 0 } : insn
  })
  return createHash('sha1').update(encodeInsns(neutral)).digest('hex').slice(0, 16)
}

function isMapLoad(insn: Insn): boolean {
  return (
    insn.opcode === (BPF_LD | BPF_IMM | BPF_DW) && (insn.src === BPF_PSEUDO_MAP_FD || insn.src === BPF_PSEUDO_MAP_VALUE)
  )
}
