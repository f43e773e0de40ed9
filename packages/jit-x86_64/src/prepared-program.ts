import { type CodeProgram, closedProgram, prepareProgram } from '@bpfoundry/codegen'
import type { ProgramImage } from '@bpfoundry/engine'
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
