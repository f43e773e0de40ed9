import { type BasicBlock, isReachable, type MachineCode } from '@bpfoundry/codegen'
import type { ProgramImage } from '@bpfoundry/engine'
import { insnSlots } from '@bpfoundry/isa'
import { insnCounts, startsOnce } from './analysis/insn-counts.ts'
import { type FunctionFacts, type ProgramFacts, programFacts, usesAx } from './analysis/program-facts.ts'
import { beginsShortLoop } from './analysis/short-loops.ts'
import type { Label, RelaxedCode } from './asm/branches.ts'
import { form } from './asm/form.ts'
import { type Counting, Emitter, type Job } from './emitter.ts'
import { FUSIONS_BY_ID } from './fuse/fusions.ts'
import { LOWERING_BY_ID } from './lower/lowerings.ts'
import type { X86Options } from './options.ts'
import { type PreparedProgram, prepare } from './prepared-program.ts'
import { COUNTER } from './register-map.ts'
import { savedRegisters, writeRunEntry, writeTailEntry } from './run-entry.ts'

const XOR = form('XOR r/m32, r32')
const MOV_IMM32 = form('MOV r32, imm32')
const PUSH_IMM32 = form('PUSH imm32')

/** Turns of may_goto in one frame before it leaves its loop. @see BPF_MAX_LOOPS in include/linux/bpf.h */
const MAX_LOOPS = 8 * 1024 * 1024

/** One for all programs: its buffers are used again and again. */
const emitter = new Emitter()

/**
 * Makes x86-64 code of a program: of its inlined form where it has one.
 *
 * @throws JitX86Error for instructions that it can't translate; CodegenError when the flow leaves the program
 */
export function translateX86(image: ProgramImage, options: X86Options): MachineCode {
  const program = prepare(image, options)
  const job = jobOf(program.insns, programFacts(program), options)
  const counts = job.counting === 'none' ? undefined : insnCounts(program, job.facts)
  emitter.begin(job)
  const run = emitter.newLabel()
  emitter.branches.bind(run)
  writeRunEntry(emitter)
  for (const fn of job.facts.functions) writeFunction(emitter, fn, counts)
  const tail = writeTail(emitter)
  const code = emitter.branches.finish()
  const tailOffsetBytes = code.offsetOf(tail)
  const insnOffsetsBytes = insnOffsets(emitter, code, program, (image.inlined ?? image).insns.length)
  return { bytes: code.bytes, runOffsetBytes: code.offsetOf(run), tailOffsetBytes, insnOffsetsBytes }
}

/** The entry for tail calls: the entry function itself where it finds on the stack what it expects. */
function writeTail(e: Emitter): Label {
  const { direct, saved, facts } = e.job
  if (!direct || saved.length === 0) return e.entry(facts.functions[0]!)
  const label = e.newLabel()
  e.branches.bind(label)
  writeTailEntry(e)
  return label
}

function jobOf(insns: Job['insns'], facts: ProgramFacts, options: X86Options): Job {
  const { features = {}, abi = 'system-v', progArray, count = true } = options
  const saved = savedRegisters(facts, abi)
  const direct = !facts.tailCalls && !facts.functions[0]!.called
  return { insns, facts, features, abi, progArray, saved, direct, counting: count ? countingOf(facts) : 'none' }
}

/**
 * A register counts, unless it is AX's, or a program that a subprogram's tail call leads to might use it otherwise and
 * come back, or the entry function, which begins the count, is called as a subprogram.
 */
function countingOf(facts: ProgramFacts): Counting {
  const { functions, tailCalls } = facts
  return usesAx(facts) || (tailCalls && functions.length > 1) || functions[0]!.called ? 'memory' : 'register'
}

function writeFunction(e: Emitter, fn: FunctionFacts, counts: Uint32Array | undefined): void {
  e.fn = fn
  e.branches.bind(e.entry(fn))
  if (e.inMain && e.job.counting === 'register') beginCount(e, fn, counts!)
  if (e.job.facts.budgeted) e.asm.i(PUSH_IMM32, MAX_LOOPS)
  for (const block of fn.cfg.blocks) {
    if (isReachable(fn.cfg, block.index)) writeBlock(e, block, counts)
    else bindSlots(e, block.start, block.end)
  }
}

/** The count begins with the first stretch when that runs once, else with 0. */
function beginCount({ asm, job }: Emitter, fn: FunctionFacts, counts: Uint32Array): void {
  const first = fn.cfg.range.start
  if (!startsOnce(fn)) asm.rr(XOR, COUNTER, COUNTER)
  else {
    asm.ri(MOV_IMM32, COUNTER, counts[first]!)
    if (job.counting === 'register') counts[first] = 0
  }
}

function writeBlock(e: Emitter, block: BasicBlock, counts: Uint32Array | undefined): void {
  const { insns, facts } = e.job
  const { start, end } = block
  if (beginsShortLoop(e.fn.cfg, block)) e.branches.beginLoop(e.slot(start))
  e.branches.bind(e.slot(start))
  for (let pc = start; pc < end; ) {
    if (pc > start) e.branches.mark(e.slot(pc))
    const count = counts?.[pc] ?? 0
    if (count > 0) e.count(count)
    const { id } = facts.rows[pc]!
    let next = fuse(e, id, pc, end)
    if (next === pc) {
      LOWERING_BY_ID[id]!(e, insns[pc]!, pc)
      next = pc + insnSlots(insns[pc]!)
    }
    bindSlots(e, pc + 1, next)
    pc = next
  }
}

/** Tries the fusions that begin with an instruction. @returns the slot behind what was fused, `pc` when nothing was */
function fuse(e: Emitter, id: number, pc: number, end: number): number {
  const fusions = FUSIONS_BY_ID[id]
  if (fusions === undefined) return pc
  for (const fusion of fusions) {
    const next = fusion(e, pc, end)
    if (next !== pc) return next
  }
  return pc
}

/** Slots without code of their own: they lie where what follows does. */
function bindSlots(e: Emitter, start: number, end: number): void {
  for (let pc = start; pc < end; pc++) e.branches.mark(e.slot(pc))
}

/** By slot of the image's program, the offset of its code, and the end. */
function insnOffsets(e: Emitter, code: RelaxedCode, { places }: PreparedProgram, slots: number): Uint32Array {
  const offsets = new Uint32Array(slots + 1)
  const translated = e.job.insns.length
  for (let pc = 0; pc <= slots; pc++) {
    const place = places === undefined ? pc : places[pc]!
    offsets[pc] = place < translated ? code.offsetOf(e.slot(place)) : code.bytes.length
  }
  return offsets
}
