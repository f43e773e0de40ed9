import { BPF_ST, type Insn } from '@bpfoundry/isa'
import { ERRNO, PROG_TYPE, XDP_MD } from '@bpfoundry/kernel-abi'
import type { RegisterKind } from '@bpfoundry/verifier'
import { accessBytes, accessKind, LOAD } from './pointer-checks.ts'
import { type BlockerKind, invalid, type NfpRefusal } from './refusal.ts'

/** Context fields that the translator reads, all 4 bytes wide: len, data and data_end of __sk_buff; data and data_end of xdp_md. */
const READABLE_FIELDS: ReadonlyMap<number, ReadonlySet<number>> = new Map([
  [PROG_TYPE.XDP, new Set([XDP_MD.data, XDP_MD.dataEnd])],
  [PROG_TYPE.SCHED_CLS, new Set([0, 76, 80])],
])

/**
 * What the driver's hooks let through and its translator then refuses: reads of other context fields, and constants
 * that are stored. (For the packet the translator could store them, but the hooks don't look at constant stores, so that
 * it never learns where they go.) The kernel log names the error and how many instructions were translated.
 *
 * @param pointer what a load's pointer was; undefined where no path reached it
 * @see mem_ldx_xdp, mem_st, nfp_bpf_jit in nfp/bpf/jit.c; nfp_verify_insn in nfp/bpf/verifier.c
 */
export function translationRefusal(
  programType: number,
  pc: number,
  insn: Insn,
  pointer: RegisterKind | undefined,
): NfpRefusal | undefined {
  const kind = untranslatable(programType, insn, pointer)
  if (kind === undefined) return undefined
  return invalid(kind, `Translation failed with error -${ERRNO.EOPNOTSUPP} (translated: ${pc})`)
}

function untranslatable(programType: number, insn: Insn, pointer: RegisterKind | undefined): BlockerKind | undefined {
  if ((insn.opcode & 7) === BPF_ST) return 'constant-store'
  if (accessKind(insn.opcode) !== LOAD || pointer !== 'ctx') return undefined
  const readable = accessBytes(insn.opcode) === 4 && READABLE_FIELDS.get(programType)?.has(insn.off) === true
  return readable ? undefined : 'context-read'
}
