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
import { DEFAULT_PROFILE, isReleasedBy } from '@bpfoundry/kernel-abi'

/** From this release on tags are of SHA-256, before of SHA-1. */
const SHA256_SINCE = '6.18'

/**
 * The program tag: the first 8 bytes, in hex, of a hash over the instructions as given, with every map fd (and the
 * offset into a map's value) zeroed, so that it does not depend on the run.
 *
 * @param release of the kernel, whose hash it is
 * @see bpf_prog_calc_tag in kernel/bpf/core.c
 */
export function programTag(insns: readonly Insn[], release: string = DEFAULT_PROFILE): string {
  const neutral = insns.map((insn, pc) => {
    const first = isMapLoad(insn)
    const second = pc > 0 && isMapLoad(insns[pc - 1] as Insn)
    return first || second ? { ...insn, imm: 0 } : insn
  })
  return createHash(isReleasedBy(SHA256_SINCE, release) ? 'sha256' : 'sha1')
    .update(encodeInsns(neutral))
    .digest('hex')
    .slice(0, 16)
}

function isMapLoad(insn: Insn): boolean {
  return (
    insn.opcode === (BPF_LD | BPF_IMM | BPF_DW) && (insn.src === BPF_PSEUDO_MAP_FD || insn.src === BPF_PSEUDO_MAP_VALUE)
  )
}
