import type { ProgramImage } from '@bpfoundry/engine'
import { helperInPlace } from '@bpfoundry/helpers'
import { isCall } from '@bpfoundry/isa'
import { DEFAULT_PROFILE, inlinedCallInsns, type MapAttributes } from '@bpfoundry/kernel-abi'
import type { Verified } from '@bpfoundry/verifier'

/** A loaded program as far as its size is asked. */
interface Sized {
  readonly image: Pick<ProgramImage, 'insns'>
  readonly verified: Verified
  readonly maps: readonly { readonly id: number; readonly attributes: MapAttributes }[]
}

/**
 * Bytes of the program as Linux has it after its fix-ups: it puts instructions in place of look-ups and some other calls, which
 * stay calls here until an engine compiles them.
 */
export function linuxXlatedBytes({ image, verified, maps }: Sized, release: string = DEFAULT_PROFILE): number {
  const { program, notes } = verified
  const attributes = new Map(maps.map((map) => [map.id, map.attributes]))
  let insns = image.insns.length
  for (const [pc, insn] of program.insns.entries()) {
    if (!isCall(insn) || insn.src !== 0 || notes.seen[pc] === 0) continue
    const onLinux = inlinedCallInsns(insn.imm, release, attributes.get(notes.callMaps[pc] ?? 0))
    insns += onLinux - (helperInPlace(insn.imm)?.length ?? 1)
  }
  return 8 * insns
}
