import { type CodeProgram, prepareProgram, type Weights } from '@bpfoundry/codegen'
import type { EngineOptions, ProgramImage } from '@bpfoundry/engine'
import { BPF_EXIT_INSN, fallsThrough } from '@bpfoundry/isa'

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

/** A program as an image has it: of the inlined forms some were rewritten before. */
type Weighed = CodeProgram & { readonly weights?: Weights }

/**
 * A program whose last instruction does not go on to what lies behind: where it would, an exit stands there. No flow may
 * reach that; but the kernel's test vectors end so in what nothing reaches.
 */
function closedProgram(program: Weighed): Weighed {
  const { insns, subprograms, weights } = program
  const last = insns.at(-1)
  if (last === undefined || !fallsThrough(last)) return { insns, subprograms, ...weighed(weights) }
  const end = insns.length + 1
  return {
    insns: [...insns, BPF_EXIT_INSN()],
    subprograms: subprograms.map((range) => (range.end === insns.length ? { ...range, end } : range)),
    ...weighed(weights === undefined ? undefined : Uint32Array.of(...weights, 0)),
  }
}

function weighed(weights: Weights | undefined): { readonly weights?: Weights } {
  return weights === undefined ? {} : { weights }
}
