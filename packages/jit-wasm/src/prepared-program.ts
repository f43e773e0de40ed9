import { type CodeProgram, closedProgram, prepareProgram, type Weights } from '@bpfoundry/codegen'
import type { EngineOptions, ProgramImage } from '@bpfoundry/engine'

/** Options of {@link createWasmEngine}. */
export interface WasmEngineOptions extends EngineOptions {
  /**
   * Whether the passes over BPF instructions run that all back ends share. Off by default: the host's own compiler does
   * most of what they do, and translating takes less time without.
   */
  readonly optimise?: boolean
}

/** The instructions that are translated, and what leads back to those of the image. */
export interface PreparedProgram extends CodeProgram {
  /** Executed instructions that each slot stands for; 1 each when absent. */
  readonly weights?: Weights
  /** True for what was added behind the program's end. */
  isOutside(pc: number): boolean
  /** The slot of the image's program that `pc` was made of. */
  pcBefore(pc: number): number
}

/**
 * What of an image is translated: its inlined form where it has one, rewritten as the options want it.
 *
 * @throws CodegenError for flow that leaves a subprogram or its instructions
 */
export function prepare(image: ProgramImage, { count = true, optimise = false }: WasmEngineOptions): PreparedProgram {
  const program = image.inlined ?? image
  const closed = closedProgram(program)
  const slots = program.insns.length
  if (!optimise) return { ...closed, isOutside: (pc) => pc >= slots, pcBefore: (pc) => Math.min(pc, slots - 1) }
  const made = prepareProgram(closed, { count })
  const before = (pc: number): number => made.places.findLastIndex((place) => place <= pc)
  return {
    ...made,
    isOutside: (pc) => pc >= (made.places[slots] as number),
    pcBefore: (pc) => Math.min(before(pc), slots - 1),
  }
}
