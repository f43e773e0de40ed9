// node --import ./tools/typescript-hook/register.mjs --conditions=source packages/jit-arm64/bench/jit-arm64.bench.ts
// CPU time to translate and bytes of code, per BPF instruction; and a run in the runner process, where there is one.
import { allocateCpu, type ProgramImage } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import type { Insn } from '@bpfoundry/isa'
import { createRemoteArm64Engine, remoteArm64Available } from '@bpfoundry/native-exec'
import { acceptedPrograms } from '@bpfoundry/program-generator'
import fc from 'fast-check'
import { BENCH_PROGRAMS } from '../../interpreter/bench/programs.ts'
import { translateArm64 } from '../src/index.ts'

const OPTIONS = { progArray: { maxEntriesOffsetBytes: 8, slotsOffsetBytes: 64 } }
const PACKET_BYTES = 1500
const ROUNDS = 7
const ROUND_NS = 60e6
const SAMPLES = 200

function imageOf(insns: readonly Insn[]): ProgramImage {
  const rest = { mapReferences: [], lines: [], gplCompatible: true, tag: '', type: 1, expectedAttachType: 0 }
  return { id: 1, name: 'bench', insns, subprograms: [], ...rest }
}

type Clock = () => number
/** Nanoseconds of this process's own work, which others on the machine don't lengthen. */
const cpuNs: Clock = () => process.cpuUsage().user * 1000
const wallNs: Clock = () => Number(process.hrtime.bigint())

/** Best mean time over several rounds, in ns. */
function measure(body: () => void, clock: Clock): number {
  let [times, best] = [1, Number.POSITIVE_INFINITY]
  for (let round = 0; round < ROUNDS; ) {
    const start = clock()
    for (let i = 0; i < times; i++) body()
    const ns = clock() - start
    if (ns < ROUND_NS) times *= 2
    else {
      best = Math.min(best, ns / times)
      round++
    }
  }
  return best
}

const memory = GuestMemory.create({ maximumBytes: 2 ** 24 })
const cpu = allocateCpu(memory, 0)
const packet = memory.allocate('packet', 'scratch', PACKET_BYTES).address
memory.u8.fill(0x5a, packet, packet + PACKET_BYTES)

function report(name: string, insns: readonly Insn[]): void {
  const image = imageOf(insns)
  const us = measure(() => translateArm64(image, OPTIONS), cpuNs) / 1000
  const { bytes, insnOffsetsBytes } = translateArm64(image, OPTIONS)
  const body = (insnOffsetsBytes.at(-1) as number) - (insnOffsetsBytes[0] as number)
  const columns = [
    String(insns.length).padStart(6),
    us.toFixed(1).padStart(10),
    ((us / insns.length) * 100).toFixed(1).padStart(13),
    String(bytes.length).padStart(11),
    (body / insns.length).toFixed(1).padStart(12),
  ]
  console.log(name.padEnd(22), ...columns)
}

console.log('program                 slots  us/program us/100 slots  code bytes bytes/slot of its own')
for (const { name, insns } of BENCH_PROGRAMS) report(name, insns(packet, PACKET_BYTES))
const generated = fc.sample(acceptedPrograms(), { numRuns: SAMPLES, seed: 1 })
const sorted = generated.map(({ insns }) => insns).sort((a, b) => a.length - b.length)
report('generated, median', sorted[SAMPLES / 2] as readonly Insn[])
report('generated, longest', sorted[SAMPLES - 1] as readonly Insn[])

const found = remoteArm64Available()
if (!found.available) console.log(`no runs: ${found.reason}`)
else {
  const engine = createRemoteArm64Engine(OPTIONS)
  const thread = engine.open({ memory, helpers: [], tailCallTarget: () => undefined })
  console.log('\nprogram                us/run in the runner')
  for (const { name, insns } of BENCH_PROGRAMS) {
    const program = thread.install(engine.translate(imageOf(insns(packet, PACKET_BYTES))))
    console.log(name.padEnd(22), (measure(() => program.run(cpu, packet), wallNs) / 1000).toFixed(1))
  }
  engine.close()
}
