import { BPF_ST, type Insn } from '@bpfoundry/isa'
import { ERRNO, PROG_TYPE, XDP_MD } from '@bpfoundry/kernel-abi'
import type { DeviceRefusal, RegisterKind } from '@bpfoundry/verifier'
import { accessBytes, accessKind, LOAD } from './pointer-checks.ts'

/** Context fields that the translator reads, all 4 bytes wide: len, data and data_end of __sk_buff; data and data_end of xdp_md. */
const READABLE_FIELDS: ReadonlyMap<number, ReadonlySet<number>> = new Map([
  [PROG_TYPE.XDP, new Set([XDP_MD.data, XDP_MD.dataEnd])],
  [PROG_TYPE.SCHED_CLS, new Set([0, 76, 80])],
])

/**
 * What the driver's hooks let through and its translator then refuses: reads of other context fields, and constants
 * stored elsewhere than into the packet. The kernel log names the error and how many instructions were translated.
 *
 * @param pointer what the instruction's pointer was; undefined where no path reached it
 * @see mem_ldx_xdp, mem_st, nfp_bpf_jit in nfp/bpf/jit.c
 */
export function translationRefusal(
  programType: number,
  pc: number,
  insn: Insn,
  pointer: RegisterKind | undefined,
): DeviceRefusal | undefined {
  if (pointer === undefined || !isUntranslatable(programType, insn, pointer)) return undefined
  return {
    errno: ERRNO.EINVAL,
    message: `Translation failed with error -${ERRNO.EOPNOTSUPP} (translated: ${pc})`,
  }
}

function isUntranslatable(programType: number, insn: Insn, pointer: RegisterKind): boolean {
  if ((insn.opcode & 7) === BPF_ST) return pointer !== 'pkt'
  if (accessKind(insn.opcode) !== LOAD || pointer !== 'ctx') return false
  return accessBytes(insn.opcode) !== 4 || READABLE_FIELDS.get(programType)?.has(insn.off) !== true
}
