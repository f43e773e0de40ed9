import { type CodeProgram, prepareProgram } from '@bpfoundry/codegen'
import type { ProgramImage } from '@bpfoundry/engine'
import { BPF_EXIT_INSN, fallsThrough } from '@bpfoundry/isa'
import type { X86Options } from './options.ts'

/** The instructions that are translated. */
export interface PreparedProgram extends CodeProgram {
  /** Executed instructions that each slot stands for; 1 each when absent. */
  readonly weights?: Uint32Array
  /** By slot of the image's program, where what became of it begins; one entry more for the end. Absent: there. */
  readonly places?: Uint32Array
}

/**
 * What of an image is translated: its inlined form where it has one, after the shared passes when those are asked for.
 *
 * @throws CodegenError for flow that leaves a subprogram or its instructions
 */
export function prepare(image: ProgramImage, { optimise, count }: X86Options): PreparedProgram {
  const program = closedProgram(image.inlined ?? image)
  if (optimise !== true) return program
  return prepareProgram(program, count === undefined ? {} : { count })
}

/**
 * A program whose last instruction does not go on to what lies behind: where it would, an exit stands there. No flow may
 * reach that; but the kernel's test vectors end so in what nothing reaches.
 */
function closedProgram(program: PreparedProgram): PreparedProgram {
  const { insns, subprograms, weights } = program
  const last = insns.at(-1)
  if (last === undefined || !fallsThrough(last)) return program
  const end = insns.length + 1
  return {
    insns: [...insns, BPF_EXIT_INSN()],
    subprograms: subprograms.map((range) => (range.end === insns.length ? { ...range, end } : range)),
    ...(weights === undefined ? {} : { weights: Uint32Array.from({ length: end }, (_, pc) => weights[pc] ?? 0) }),
  }
}
