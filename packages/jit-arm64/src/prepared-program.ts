import { type CodeProgram, prepareProgram, subprogramsOf } from '@bpfoundry/codegen'
import type { ProgramImage } from '@bpfoundry/engine'
import { fallsThrough } from '@bpfoundry/isa'

/** What of an image is translated. */
export interface PreparedProgram extends CodeProgram {
  /** Executed instructions that each slot stands for; 1 each, and none in hidden subprograms, when absent. */
  readonly weights?: Uint32Array
  /** By slot of the image's program, where what became of it begins; one entry more for the end. Absent: there. */
  readonly places?: Uint32Array
}

/**
 * The image's inlined form where it has one, after the shared passes when those are asked for; with all subprograms.
 *
 * @throws CodegenError
 */
export function prepare(image: ProgramImage, optimise: boolean, count: boolean): PreparedProgram {
  const program: PreparedProgram = image.inlined ?? image
  const last = program.insns.at(-1)
  // The passes know no flow that leaves the program, as only test vectors have it.
  if (optimise && last !== undefined && !fallsThrough(last)) return prepareProgram(program, { count })
  const { insns, weights } = program
  const subprograms = subprogramsOf(program)
  return weights === undefined ? { insns, subprograms } : { insns, subprograms, weights }
}
