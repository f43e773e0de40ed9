// node --import ./tools/typescript-hook/register.mjs --conditions=source packages/codegen/bench/codegen.bench.ts
// Microseconds that each piece takes for a program of about 100 instructions.
import {
  blindConstants,
  controlFlowGraphs,
  dominatorTree,
  liveRegisters,
  loopStructure,
  MachineBuffer,
  optimise,
  type Patch,
  prepareProgram,
} from '@bpfoundry/codegen'
import type { Insn } from '@bpfoundry/isa'
import { acceptedPrograms } from '@bpfoundry/program-generator'
import fc from 'fast-check'
import { idiomPrograms } from '../test/support/idiom-programs.ts'

const WARM_UP_CALLS = 3000
/** A window is short, so that on a machine with other work some go by undisturbed. */
const CALLS_A_WINDOW = 5
const WINDOWS = 8000

/** Microseconds of one call in the best and in the median window. */
function measure(run: () => unknown): { best: number; median: number } {
  for (let n = 0; n < WARM_UP_CALLS; n++) run()
  const times = Float64Array.from({ length: WINDOWS }, () => {
    const start = performance.now()
    for (let n = 0; n < CALLS_A_WINDOW; n++) run()
    return (1000 * (performance.now() - start)) / CALLS_A_WINDOW
  }).sort()
  return { best: times[0] as number, median: times[WINDOWS >> 1] as number }
}

const rel32: Patch = (buffer, at, target) => buffer.patchU32(at, target - at - 4)
const buffer = new MachineBuffer()

/** About what a back end writes for a program: 5 bytes an instruction, a jump in ten. */
function writeCode(slots: number): Uint8Array {
  buffer.reset()
  const first = buffer.newLabels(slots)
  for (let pc = 0; pc < slots; pc++) {
    buffer.bind(first + pc)
    buffer.u8(0x48)
    if (pc % 10 === 9) buffer.fixUp(first + ((pc * 7) % slots), rel32)
    buffer.u32(pc)
  }
  return buffer.finish()
}

function rowsFor(insns: readonly Insn[]): Record<string, () => unknown> {
  const program = { insns, subprograms: [{ start: 0, end: insns.length }] }
  const [cfg] = controlFlowGraphs(program)
  let state = 1
  const random = (): number => {
    state = Math.imul(state, 1664525) + 1013904223
    return state >>> 0
  }
  return {
    'control-flow graph': () => controlFlowGraphs(program),
    'dominators and loops': () => loopStructure(cfg!, dominatorTree(cfg!)),
    liveness: () => liveRegisters(insns, cfg!),
    'all passes': () => optimise(program),
    blinding: () => blindConstants(program, random),
    'passes and blinding': () => prepareProgram(program, { blind: random }),
    'machine buffer': () => writeCode(insns.length),
  }
}

/** The first of a seed's programs that has about 100 slots. */
function about100(programs: fc.Arbitrary<readonly Insn[]>): readonly Insn[] {
  const found = fc.sample(programs, { numRuns: 4000, seed: 1 }).find(({ length }) => length >= 90 && length <= 115)
  if (found === undefined) throw new Error('no program of about 100 slots')
  return found
}

const PROGRAMS: Readonly<Record<string, readonly Insn[]>> = {
  'of all the instruction set': about100(acceptedPrograms().map(({ insns }) => insns)),
  'full of what the passes look for': about100(idiomPrograms()),
}

for (const [name, insns] of Object.entries(PROGRAMS)) {
  const after = optimise({ insns, subprograms: [] }).insns.length
  const [cfg] = controlFlowGraphs({ insns, subprograms: [] })
  console.log(`${name}: ${insns.length} slots, ${cfg!.blocks.length} blocks; ${after} slots after the passes`)
  for (const [what, run] of Object.entries(rowsFor(insns))) {
    const { best, median } = measure(run)
    console.log(
      `  ${what.padEnd(22)} best ${best.toFixed(1).padStart(6)} us, median ${median.toFixed(1).padStart(6)} us`,
    )
  }
}
