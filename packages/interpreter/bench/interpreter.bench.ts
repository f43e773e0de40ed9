// node --import ./tools/typescript-hook/register.mjs --conditions=source packages/interpreter/bench/interpreter.bench.ts
// Nanoseconds per run and per instruction of the interpreter, best of several rounds.
import { allocateCpu, CPU_BLOCK, compileProgram, type EngineEnvironment, type ProgramImage } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { createInterpreter, type InterpreterOptions } from '@bpfoundry/interpreter'
import type { Insn } from '@bpfoundry/isa'
import { BENCH_PROGRAMS } from './programs.ts'

const PACKET_BYTES = 1500
const ROUNDS = 7
const ROUND_NS = 60e6

const memory = GuestMemory.create()
const cpu = allocateCpu(memory, 0)
const packet = memory.allocate('packet', 'scratch', PACKET_BYTES).address
memory.u8.fill(0x5a, packet, packet + PACKET_BYTES)
memory.write(packet + 12, Uint8Array.of(8, 0, 0x45))
memory.u8[packet + 23] = 17
const environment: EngineEnvironment = { memory, helpers: [], tailCallTarget: () => undefined }
const executed = (): number => memory.f64[(cpu.block + CPU_BLOCK.fields.executedInsns.offsetBytes) >>> 3] as number

function imageOf(name: string, insns: readonly Insn[]): ProgramImage {
  const subprograms = [{ name, start: 0, end: insns.length, stackDepthBytes: 0 }]
  const rest = { mapReferences: [], lines: [], gplCompatible: true, tag: '', type: 1, expectedAttachType: 0 }
  return { id: 1, name, insns, subprograms, ...rest }
}

/** Best mean time of one run over several rounds, in ns, and the instructions of one run. */
function measure(run: () => void): { ns: number; insns: number } {
  const before = executed()
  run()
  const insns = executed() - before
  let times = 1
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; ) {
    const start = process.hrtime.bigint()
    for (let i = 0; i < times; i++) run()
    const ns = Number(process.hrtime.bigint() - start)
    if (ns < ROUND_NS) times *= 2
    else {
      best = Math.min(best, ns / times)
      round++
    }
  }
  return { ns: best, insns }
}

const CONFIGURATIONS: readonly (readonly [string, InterpreterOptions])[] = [
  ['bounds', {}],
  ['regions', { access: 'regions' }],
  ['traced', { onInsn: () => {} }],
]

console.log('configuration  program            insns       ns/run  ns/insn')
for (const [configuration, options] of CONFIGURATIONS) {
  const engine = createInterpreter(options)
  for (const { name, insns } of BENCH_PROGRAMS) {
    const program = compileProgram(engine, imageOf(name, insns(packet, PACKET_BYTES)), environment)
    const { ns, insns: count } = measure(() => program.run(cpu, packet))
    const columns = [String(count).padStart(7), ns.toFixed(0).padStart(12), (ns / count).toFixed(2).padStart(8)]
    console.log(configuration.padEnd(14), name.padEnd(16), ...columns)
  }
}
