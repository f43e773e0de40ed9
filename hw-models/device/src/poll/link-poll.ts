import type { InlinedProgram, ProgramImage, ProgramLine, Subprogram } from '@bpfoundry/engine'
import { BPF_PSEUDO_FUNC, type Insn, isLdImm64 } from '@bpfoundry/isa'
import { PROGRAM, pollRoutine } from './poll-routine.ts'
import { type Scout, scoutsOf } from './scout.ts'

/**
 * Programs that drivers run for themselves have ids of their own, above any that a kernel gives out, so that no tail
 * call finds them.
 */
export const HIDDEN_PROGRAM_IDS = 65_536

/** Id of the poll program of the program with this id. */
export function pollProgramId(programId: number): number {
  return HIDDEN_PROGRAM_IDS + programId
}

/** Options of {@link linkPoll}. */
export interface LinkOptions {
  /** Whether scouts run ahead of the programs (see `scoutsOf`): worth it where look-ups miss the caches. On by default. */
  readonly scouts?: boolean
  /** The engine's `prefetches`: scouts' touches need not be kept together then. Off by default. */
  readonly prefetches?: boolean
}

/**
 * The program with the driver's receive loop around it, as one image: the loop is a hidden subprogram, stands first and
 * calls the program. It runs as `program.run(cpu, pollBlock)`. The program's own instructions are the same, only their
 * slots are others.
 *
 * Tail calls are counted from 0 for each packet: a call from a hidden subprogram to one that is not hidden begins a run
 * (see docs/decisions/0007-poll-loop-as-bpf.md).
 *
 * @returns undefined for a program whose functions' addresses are taken: they are slots, and would not be the same
 */
export function linkPoll(
  image: ProgramImage,
  { scouts = true, prefetches = false }: LinkOptions = {},
): ProgramImage | undefined {
  if (image.insns.some(takesAddress)) return undefined
  const { insns, subprograms, lines } = around(image, [], image.hasFrags)
  const shift = insns.length - image.insns.length
  const linked: ProgramImage = {
    ...image,
    id: pollProgramId(image.id),
    name: `${image.name} poll`,
    insns,
    subprograms,
    lines,
    mapReferences: image.mapReferences.map((reference) => ({ ...reference, pc: reference.pc + shift })),
  }
  const { inlined } = image
  return inlined === undefined
    ? linked
    : { ...linked, inlined: around(inlined, scouts ? scoutsOf(inlined) : [], image.hasFrags, prefetches) }
}

/** The loop before the program, the scouts behind it. */
function around(program: InlinedProgram, scouts: readonly Scout[], frags = false, prefetches = false): InlinedProgram {
  const loop = pollRoutine(
    scouts.map(({ name }) => name),
    frags,
    prefetches,
  )
  const start = loop.length
  const functions = scouts.flatMap((scout) => scout.functions)
  const places: Record<string, number> = { [PROGRAM]: start }
  let end = start + program.insns.length
  const behind = functions.map(({ name, routine }): Subprogram => {
    places[name] = end
    end += routine.length
    return hidden(name, end - routine.length, end)
  })
  return {
    insns: [
      ...loop.link(places),
      ...program.insns,
      ...functions.flatMap(({ name, routine }) => routine.link(relativeTo(places, places[name] as number))),
    ],
    subprograms: [hidden('poll', 0, start), ...program.subprograms.map((one) => moved(one, start)), ...behind],
    lines: program.lines.map((line): ProgramLine => ({ ...line, pc: line.pc + start })),
  }
}

function relativeTo(places: Readonly<Record<string, number>>, start: number): Record<string, number> {
  return Object.fromEntries(Object.entries(places).map(([name, place]) => [name, place - start]))
}

function hidden(name: string, start: number, end: number): Subprogram {
  return { name, start, end, stackDepthBytes: 0, hidden: true }
}

function moved(subprogram: Subprogram, by: number): Subprogram {
  return { ...subprogram, start: subprogram.start + by, end: subprogram.end + by }
}

function takesAddress(insn: Insn): boolean {
  return isLdImm64(insn) && insn.src === BPF_PSEUDO_FUNC
}
