/**
 * Writing a changed copy of a program and mending what names places in it: jumps, calls, function addresses,
 * subprograms, and by {@link moveEntries} lines and map references.
 */
import {
  BPF_JMP_A,
  BPF_JMP32_A,
  INSTRUCTIONS,
  type Insn,
  isCall,
  isGoto,
  isLdImm64,
  jumpTarget,
  subprogTarget,
} from '@bpfoundry/isa'
import type { CodeProgram, CodeRange } from './code-program.ts'
import type { Weights } from './weights.ts'

/** A program after a rewrite, with what leads back to the program before. */
export interface RewrittenProgram extends CodeProgram {
  /** By slot of the new program. */
  readonly weights: Weights
  /** By slot of the program before, where what became of it begins; one entry more for the end. */
  readonly places: Uint32Array
}

/** A jump that a rewrite made itself and that leads where it says, or no jump at all. */
const FIXED = -1

/** Slot that a jump, a call of a subprogram, or a function's address names. */
function leadsTo(insn: Insn, pc: number): number | undefined {
  if (!MAY_LEAD[insn.opcode]) return undefined
  return jumpTarget(insn, pc) ?? subprogTarget(insn, pc)
}

/** By opcode: most instructions name no slot. */
const MAY_LEAD: readonly boolean[] = Array.from({ length: 256 }, (_, opcode) =>
  INSTRUCTIONS.some((row) => row.opcode === opcode && (row.off === 'jump' || row.imm === 'jump')),
)

/** Takes the new program one instruction after the other. Jumps still say how far they lead in the program before. */
export class ProgramWriter {
  readonly insns: Insn[] = []
  readonly weights: number[] = []
  /** Slot of the program before that a jump, call or function address leads to, else {@link FIXED}. */
  readonly targets: number[] = []
  readonly places: Uint32Array

  /** Slot of the instruction written last. */
  #last = -1

  constructor(slotsBefore: number) {
    this.places = new Uint32Array(slotsBefore + 1)
  }

  /** What is written from now on stands for slot `pc` of the program before. */
  begin(pc: number): void {
    this.places[pc] = this.insns.length
  }

  /** Writes an instruction of the program before, whatever its fields are now: it stood at `pc` and leads from there. */
  keep(insn: Insn, pc: number, weight: number): void {
    const target = leadsTo(insn, pc)
    // In every engine a function's address is its slot in the program that was loaded. No rewrite may change that.
    if (target !== undefined && isLdImm64(insn)) this.make({ ...insn, src: 0, imm: target }, weight)
    else this.#push(insn, target ?? FIXED, weight)
  }

  /** Writes an instruction of the rewrite's own. A jump leads as far as it says. */
  make(insn: Insn, weight: number): void {
    this.#push(insn, FIXED, weight)
  }

  /** A jump to a slot of the program before. */
  jump(insn: Insn, target: number, weight: number): void {
    this.#push(insn, target, weight)
  }

  /** The second slot of the 64-bit immediate just written. */
  second(insn: Insn): void {
    this.#push(insn, FIXED, 0)
    this.#last--
  }

  /** The instruction written last stands for `weight` more. */
  addWeight(weight: number): void {
    this.weights[this.#last]! += weight
  }

  #push(insn: Insn, target: number, weight: number): void {
    this.#last = this.insns.length
    this.insns.push(insn)
    this.targets.push(target)
    this.weights.push(weight)
  }
}

/** No rewrite: every slot is its own place. */
export function sameProgram(
  insns: readonly Insn[],
  subprograms: readonly CodeRange[],
  weights: Weights,
): RewrittenProgram {
  const places = new Uint32Array(insns.length + 1)
  for (let pc = 0; pc <= insns.length; pc++) places[pc] = pc
  return { insns, subprograms, weights, places }
}

/** Mends jumps, calls and subprograms. `subprograms` are those of the program before, all of them. */
export function linkProgram(writer: ProgramWriter, subprograms: readonly CodeRange[]): RewrittenProgram {
  let linked = writer
  linked.begin(linked.places.length - 1)
  // A long jump takes two slots more, which may put others out of reach; each pass lengthens one at least.
  for (let far = linkJumps(linked); far.size > 0; far = linkJumps(linked)) linked = lengthen(linked, far)
  const { insns, places } = linked
  const moved = subprograms.map((range) => ({ ...range, start: places[range.start]!, end: places[range.end]! }))
  return { insns, subprograms: moved, weights: new Uint32Array(linked.weights), places }
}

/** Sets the distances of all jumps and calls; gives the slots of those that are too far for 16 bits. */
function linkJumps({ insns, targets, places }: ProgramWriter): Set<number> {
  const far = new Set<number>()
  for (let at = 0; at < insns.length; at++) {
    const target = targets[at] as number
    if (target === FIXED) continue
    const distance = (places[target] as number) - at - 1
    const insn = withDistance(insns[at] as Insn, distance)
    if (insn === undefined) far.add(at)
    else insns[at] = insn
  }
  return far
}

/** The jump or call with another distance; undefined when it has no form for that. */
function withDistance(insn: Insn, distance: number): Insn | undefined {
  if (isCall(insn) || isLongGoto(insn)) return insn.imm === distance ? insn : { ...insn, imm: distance }
  if (distance >= -0x8000 && distance <= 0x7fff) return insn.off === distance ? insn : { ...insn, off: distance }
  return isGoto(insn) ? BPF_JMP32_A(distance) : undefined
}

const LONG_GOTO = BPF_JMP32_A(0).opcode
const isLongGoto = (insn: Insn): boolean => insn.opcode === LONG_GOTO

/** `if c goto far` -> `if c goto +1; goto +1; gotol far`, which also does for may_goto. */
function lengthen(writer: ProgramWriter, far: ReadonlySet<number>): ProgramWriter {
  const longer = new ProgramWriter(writer.places.length - 1)
  const moved = new Uint32Array(writer.insns.length + 1)
  for (let at = 0; at < writer.insns.length; at++) {
    moved[at] = longer.insns.length
    const [insn, target, weight] = [
      writer.insns[at] as Insn,
      writer.targets[at] as number,
      writer.weights[at] as number,
    ]
    if (!far.has(at)) {
      longer.jump(insn, target, weight)
      continue
    }
    longer.make({ ...insn, off: 1 }, weight)
    longer.make(BPF_JMP_A(1), 0)
    longer.jump(BPF_JMP32_A(0), target, 0)
  }
  moved[writer.insns.length] = longer.insns.length
  for (let pc = 0; pc < writer.places.length; pc++) longer.places[pc] = moved[writer.places[pc]!]!
  return longer
}

/** Entries that name slots (lines, map references) after a rewrite. Where several come to the same slot, all stay. */
export function moveEntries<Entry extends { readonly pc: number }>(
  entries: readonly Entry[],
  places: Uint32Array,
): readonly Entry[] {
  return entries.map((entry) => ({ ...entry, pc: places[entry.pc] ?? entry.pc }))
}

/** Code offsets by slot of the program before, from those by slot of the rewritten one; both have one entry more. */
export function offsetsBefore(offsets: Uint32Array, places: Uint32Array): Uint32Array {
  return places.map((place) => offsets[place] as number)
}

/** Two rewrites, one after the other, as one. */
export function composeRewrites(first: RewrittenProgram, second: RewrittenProgram): RewrittenProgram {
  return { ...second, places: first.places.map((place) => second.places[place] as number) }
}
