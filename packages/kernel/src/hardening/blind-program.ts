/**
 * What bpf_jit_harden does to a program: compiling engines get one whose constants are blinded. As on Linux this is a
 * matter of the host's JIT compiler: the program that is dumped, interpreted or translated for a device is the plain one.
 *
 * @see bpf_int_jit_compile and bpf_jit_blind_constants in the kernel; bpf_prog_select_runtime, for devices
 */
import { moveEntries, prepareProgram, type RandomU32 } from '@bpfoundry/codegen'
import type { InlinedProgram, Subprogram } from '@bpfoundry/engine'
import type { PlainProgram } from '../inline-helpers.ts'

/**
 * The program for compiling engines, blinded with keys of its own. It is optimised first, for blinding hides from the
 * back ends what they would find.
 *
 * @param program the inlined form, or the plain one where there is none
 */
export function blindProgram(program: PlainProgram, random: RandomU32): InlinedProgram {
  const { insns, subprograms, weights, places } = prepareProgram(program, { blind: random })
  return {
    insns,
    // Rewrites move what they are given and keep the rest of it.
    subprograms: subprograms as readonly Subprogram[],
    lines: moveEntries(program.lines, places),
    weights,
  }
}
