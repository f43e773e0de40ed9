import { type CodeRange, MachineBuffer, type MachineCode, offsetsBefore } from '@bpfoundry/codegen'
import type { EngineOptions, ProgramImage } from '@bpfoundry/engine'
import { type Insn, insnSlots } from '@bpfoundry/isa'
import { brk } from './asm/branches.ts'
import { Emission, type EmissionOptions } from './emission.ts'
import { putEntry, putHelperCall } from './entry.ts'
import { FUSIONS } from './fuse/fusions.ts'
import { LOWERINGS } from './lower/lowerings.ts'
import { type PreparedProgram, prepare } from './prepared-program.ts'
import { decodeProgram } from './program-facts.ts'
import { leaves, writesOf } from './register-effects.ts'
import { R10 } from './register-map.ts'

/** Options of {@link translateArm64}. */
export interface Arm64Options extends EngineOptions {
  /**
   * FEAT_LSE, atomics in one instruction: every CPU from Armv8.1 on, which all of Apple's and most servers' are; not
   * Cortex-A53, A57 and A72 (Raspberry Pi 3 and 4). On by default.
   */
  readonly lse?: boolean
  /**
   * Whether the passes over BPF instructions run that all back ends share (`optimise` of @bpfoundry/codegen). Off by
   * default: compilers have done most of it, and translating takes longer with them.
   */
  readonly optimise?: boolean
}

/** What `brk` says where the flow leaves the program. */
const FALLS_OFF = 1

/** One buffer a thread: its memory serves program after program. */
const buffer = new MachineBuffer()

/**
 * Translates a program, its inlined form where it has one.
 *
 * @throws Arm64Error; CodegenError where subprograms do not cover it
 */
export function translateArm64(image: ProgramImage, options: Arm64Options): MachineCode {
  const { count = true, optimise = false } = options
  const program = prepare(image, optimise, count)
  buffer.reset()
  const e = new Emission(buffer, decodeProgram(program.insns, program.subprograms), emissionOptions(options))
  const tailOffsetBytes = putEntry(e)
  const offsets = new Uint32Array(program.insns.length + 1)
  for (const range of program.subprograms) putSubprogram(e, range, weigher(program, range, count), offsets)
  offsets[program.insns.length] = buffer.offset
  // The last instruction may go on, but no verified program does.
  e.put(brk(FALLS_OFF))
  if (e.usesHelpers) putHelperCall(e)
  const insnOffsetsBytes = program.places === undefined ? offsets : offsetsBefore(offsets, program.places)
  return { bytes: buffer.finish(), runOffsetBytes: 0, tailOffsetBytes, insnOffsetsBytes }
}

function emissionOptions({ progArray, count = true, lse = true }: Arm64Options): EmissionOptions {
  const { maxEntriesOffsetBytes, slotsOffsetBytes } = progArray
  return { lse, count, maxEntriesOffsetBytes, slotsOffsetBytes }
}

/** Executed instructions that a slot stands for. */
type Weigher = (pc: number) => number

function weigher({ weights }: PreparedProgram, { hidden }: CodeRange, count: boolean): Weigher {
  if (!count) return () => 0
  if (weights !== undefined) return (pc) => weights[pc] as number
  return hidden === true ? () => 0 : () => 1
}

function putSubprogram(e: Emission, range: CodeRange, weigh: Weigher, offsets: Uint32Array): void {
  const { rows, isTarget } = e.facts
  e.enter(range)
  for (let pc = range.start; pc < range.end; ) {
    if (isTarget[pc] === 1) {
      e.flushCount()
      e.hostAddresses.forgetAll()
    }
    offsets[pc] = e.code.offset
    e.begin(pc, weigh(pc))
    if (leaves(rows[pc]!)) e.flushCount()
    const next = putInsns(e, pc, range.end)
    for (let covered = pc + 1; covered < next; covered++) {
      offsets[covered] = e.code.offset
      if (rows[covered] !== undefined) e.begin(covered, weigh(covered))
    }
    pc = next
  }
}

/** Slots that a fusion may cover, four at most: up to where something jumps to. */
function stretchEnd(isTarget: Uint8Array, pc: number, end: number): number {
  const limit = Math.min(pc + 4, end)
  for (let slot = pc + 1; slot < limit; slot++) if (isTarget[slot] === 1) return slot
  return limit
}

/** Writes one instruction, or several as one, up to slot `end`. @returns the slot behind them */
function putInsns(e: Emission, pc: number, end: number): number {
  const next = tryFusions(e, pc, end)
  if (next === pc) {
    putInsn(e, pc)
    return pc + insnSlots(e.facts.insns[pc] as Insn)
  }
  for (let slot = pc; slot < next; slot++) forgetWritten(e, slot)
  return next
}

function tryFusions(e: Emission, pc: number, end: number): number {
  const fusions = FUSIONS[e.facts.rows[pc]!.id]
  if (fusions === undefined) return pc
  const limit = stretchEnd(e.facts.isTarget, pc, end)
  for (const fusion of fusions) {
    const next = fusion(e, pc, limit)
    if (next !== pc) return next
  }
  return pc
}

function putInsn(e: Emission, pc: number): void {
  const { rows, insns } = e.facts
  const [row, insn] = [rows[pc]!, insns[pc] as Insn]
  const lower = LOWERINGS[row.id]!
  if ((writesOf(row, insn) & (1 << R10)) !== 0) e.withWritableFrame(() => lower(e, insn))
  else lower(e, insn)
  forgetWritten(e, pc)
}

function forgetWritten(e: Emission, pc: number): void {
  const writes = writesOf(e.facts.rows[pc]!, e.facts.insns[pc] as Insn)
  if (writes !== 0) e.hostAddresses.forget(writes)
}
