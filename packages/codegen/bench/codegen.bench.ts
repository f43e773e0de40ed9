// node --import ./tools/typescript-hook/register.mjs --conditions=source packages/codegen/bench/codegen.bench.ts
// Microseconds that each piece takes for a program of about 100 instructions; best of several rounds.
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

const ROUNDS = 60
const ROUND_MS = 3

/** Best mean time of one call, in microseconds. */
function measure(run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY
  let times = 1
  for (let round = 0; round < ROUNDS; ) {
    const start = performance.now()
    for (let n = 0; n < times; n++) run()
    const ms = performance.now() - start
    if (ms < ROUND_MS) times *= 2
    else {
      best = Math.min(best, (1000 * ms) / times)
      round++
    }
  }
  return best
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
    const us = measure(run)
    console.log(
      `  ${what.padEnd(22)} ${us.toFixed(2).padStart(8)} us ${((1000 * us) / insns.length).toFixed(0).padStart(5)} ns a slot`,
    )
  }
}
