import { BTF_KIND } from '@bpfoundry/btf'
import type { KernelOracle } from '@bpfoundry/kernel-oracle'
import type { Vector, VectorProgram } from '../vector/vector.ts'

/** BPF_F_TEST_XDP_LIVE_FRAMES sends packets for real. */
const LIVE_FRAMES = 2

/** What this kernel can't be asked: functions and symbols that it lacks, what its settings forbid, what would have effects. */
export function unanswerable(oracle: KernelOracle, vector: Vector): readonly string[] {
  const live = vector.runs.some(({ flags }) => (flags & LIVE_FRAMES) !== 0) ? ['run_flags: live frames'] : []
  return [...new Set([vector, ...vector.progs].flatMap((program) => ofProgram(oracle, program))), ...live]
}

function ofProgram(
  oracle: KernelOracle,
  { type, kfuncs = [], typeIds = [], attachBtf, expectedAttachType, privilege }: VectorProgram,
): string[] {
  const missing = kfuncs.filter(({ name }) => oracle.kernelTypeId(name, BTF_KIND.FUNC) === undefined)
  const noTarget = attachBtf !== undefined && oracle.attachTargetId(attachBtf, expectedAttachType, type) === undefined
  const setting = oracle.probe.unprivilegedBpfDisabled
  return [
    ...missing.map(({ name }) => `kfuncs: the kernel has no ${name}`),
    ...typeIds
      .filter(({ name, kind }) => oracle.kernelTypeId(name, kind) === undefined)
      .map(({ name }) => `type_ids: the kernel has no ${name}`),
    ...(noTarget ? [`attach_btf: the kernel has no ${attachBtf}`] : []),
    ...(privilege === 'unprivileged' && setting !== 0
      ? [`unpriv: kernel.unprivileged_bpf_disabled is ${setting}`]
      : []),
  ]
}
