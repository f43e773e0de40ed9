// node --import ./tools/typescript-hook/register.mjs --conditions=source packages/microengine/bench/execution.bench.ts
// How fast cores are simulated: modelled busy cycles for each second of the host's CPU time, in both ways of execution.
// CPU time, not wall time: what else the machine does does not count.
import { assembleLlvm } from '@bpfoundry/isa'
import { type NfpInsnFact, relocate, translateNfp } from '@bpfoundry/jit-nfp'
import {
  type Execution,
  enterProgram,
  type FirmwareStep,
  LOOKAHEAD_CYCLES,
  MEMORY_OPERATIONS,
  MEMORY_TIMINGS,
  MemorySystem,
  Microengine,
  ProgramRun,
} from '../src/index.ts'

const START = 3072
const DONE = 1024
const MEMORY_BYTES = 1 << 22
const PACKET_BYTES = 64
const ROUNDS = 5
const CONTEXTS = 4
const CPU_MICROSECONDS = 250_000

interface BenchProgram {
  readonly name: string
  readonly source: string
  readonly facts: Readonly<Record<number, NfpInsnFact>>
}

const ctx: NfpInsnFact = { pointer: { kind: 'ctx', offset: 0 } }
const pkt: NfpInsnFact = { pointer: { kind: 'pkt', offset: 0 }, zeroExtend: true }
const zext: NfpInsnFact = { zeroExtend: true }

const PROGRAMS: readonly BenchProgram[] = [
  { name: 'drop', source: 'r0 = 1\nexit', facts: {} },
  {
    name: 'parser',
    source: `
r2 = *(u32 *)(r1 + 4)
r1 = *(u32 *)(r1 + 0)
r3 = r1
r3 += 42
r0 = 2
if r3 > r2 goto out
r3 = *(u16 *)(r1 + 12)
if r3 != 8 goto out
r3 = *(u8 *)(r1 + 23)
if r3 != 17 goto out
r4 = *(u32 *)(r1 + 26)
r5 = *(u32 *)(r1 + 30)
w4 ^= w5
w4 *= 31
r6 = *(u16 *)(r1 + 36)
if r6 == 7 goto out
r0 = 1
out: exit`,
    facts: { 0: ctx, 1: ctx, 6: pkt, 8: pkt, 10: pkt, 11: pkt, 12: zext, 13: zext, 14: pkt },
  },
  {
    name: 'loop of 100 turns',
    source: `
r0 = 0
r2 = 100
again:
r3 = r2
r3 <<= 7
r3 ^= r0
r0 += r3
r0 &= 65535
r2 += -1
if r2 != 0 goto again
r0 = 1
exit`,
    facts: {},
  },
]

const FULL = { sourceMin: 0n, sourceMax: 2n ** 64n - 1n, targetMin: 0n, targetMax: 0xffffffffn }

function wordsOf({ source, facts }: BenchProgram): number[] {
  const { insns } = assembleLlvm(source)
  const { translation, refusal } = translateNfp({
    type: 6,
    insns,
    facts: insns.map((_, pc) => ({ ranges: FULL, ...facts[pc] })),
    stackDepths: [0],
    target: { maxWords: 2560 },
  })
  if (translation === undefined) throw new Error(refusal.message)
  return relocate(translation, { start: START, done: DONE, helpers: new Map() })
}

const packetAt = (context: number): number => 0x10000 * (context + 1) + 128

/** A memory with a UDP packet for each context. */
function packets(): { bytes: Uint8Array } {
  const bytes = new Uint8Array(MEMORY_BYTES)
  for (let context = 0; context < CONTEXTS; context++) {
    bytes.set([8, 0], packetAt(context) + 12)
    bytes[packetAt(context) + 23] = 17
  }
  return { bytes }
}

/** Best of some rounds: what `step` counts, a second of CPU time. */
function rate(step: () => number): number {
  let best = 0
  for (let round = 0; round < ROUNDS; round++) {
    const from = process.cpuUsage()
    let work = 0
    let spent = 0
    while (spent < CPU_MICROSECONDS) {
      work += step()
      const { user, system } = process.cpuUsage(from)
      spent = user + system
    }
    best = Math.max(best, (work / spent) * 1e6)
  }
  return best
}

/** One packet after the other. */
function onePacketAtATime(program: BenchProgram, execution: Execution): () => number {
  const run = new ProgramRun({
    memory: packets(),
    words: wordsOf(program),
    startAddress: START,
    doneAddress: DONE,
    execution,
  })
  const packet = { address: packetAt(0), lengthBytes: PACKET_BYTES }
  return () => {
    const before = run.core.counters.busyCycles
    for (let count = 0; count < 200; count++) run.run(packet)
    return run.core.counters.busyCycles - before
  }
}

/** What the firmware does between two packets, in short: it waits for the next one's descriptor. */
const NEXT_PACKET: readonly FirmwareStep[] = [
  { kind: 'memory', memory: 'ctm', operation: MEMORY_OPERATIONS.read32, units: 8, addressBits: 32, wait: true },
]

/** A core whose four contexts always have a packet, with memories that take their time. */
function coreUnderLoad(program: BenchProgram, execution: Execution): () => number {
  const timings = { ctm: MEMORY_TIMINGS.ctm }
  const memory = new MemorySystem({
    memory: packets(),
    timings,
    regions: [{ memory: 'ctm', begin: 0, end: MEMORY_BYTES }],
  })
  const core = new Microengine({ memory, execution })
  core.load(START, wordsOf(program))
  const enter = (context: number): void =>
    enterProgram(core, context, { address: packetAt(context), lengthBytes: PACKET_BYTES })
  core.setRoutine(DONE, {
    name: 'next packet',
    enter: () => NEXT_PACKET,
    leave: (_, context) => {
      enter(context)
      return START
    },
  })
  for (let context = 0; context < CONTEXTS; context++) {
    enter(context)
    core.start(context, START)
  }
  let until = 0
  return () => {
    const before = core.counters.busyCycles
    for (let count = 0; count < 400; count++) {
      until += LOOKAHEAD_CYCLES
      core.run(until)
      memory.service(until)
    }
    return core.counters.busyCycles - before
  }
}

console.log('modelled cycles that a core is busy, in millions a second of CPU time')
console.log('program            | run                   | generated | table')
for (const program of PROGRAMS) {
  for (const [name, make] of [
    ['one packet at a time', onePacketAtATime],
    ['core under load', coreUnderLoad],
  ] as const) {
    const figures = (['generated', 'table'] as const).map((execution) =>
      (rate(make(program, execution)) / 1e6).toFixed(1),
    )
    console.log(
      `${program.name.padEnd(18)} | ${name.padEnd(21)} | ${figures[0]?.padStart(9)} | ${figures[1]?.padStart(5)}`,
    )
  }
}
