import { allocateCpu, type Cpu, compileProgram } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { createInterpreter } from '@bpfoundry/interpreter'
import { assembleLlvm } from '@bpfoundry/isa'
import { relocate, translateNfp } from '@bpfoundry/jit-nfp'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Execution, ProgramRun } from '../../src/index.ts'
import { type OffloadProgram, offloadProgram, PACKET_BYTES } from './random-offload.ts'

const RUNS = Number(process.env['PROGRAMS'] ?? 50)
/** A program is translated three times and executed in three ways. */
const TIMEOUT_MS = 60_000 + RUNS * 500
const XDP = 6
const START = 3072
const DONE = 1024
/** Where the packet lies, for both engines; the context is behind it. */
const MEMORY_BYTES = 1 << 20

/** What XDP's results are as a result word. @see nfp.md 1.3 */
const RESULT_WORDS = [0x820000, 0x220000, 0x110000, 0x440000]
const ABORTED = 0x820000

interface Outcome {
  readonly resultWord: number
  readonly packet: string
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const memory = GuestMemory.create({ maximumBytes: MEMORY_BYTES })
const cpu: Cpu = allocateCpu(memory, 0)
const packetAddress = memory.allocate('packet', 'packet', PACKET_BYTES + 16).address
const contextAddress = memory.allocate('context', 'ctx', 64).address

function interpret(program: OffloadProgram, packet: Uint8Array): Outcome {
  const { insns } = assembleLlvm(program.source)
  const bytes = memory.u8
  bytes.set(packet, packetAddress)
  memory.view.setUint32(contextAddress, packetAddress, true)
  const image = {
    id: 1,
    name: 'p',
    type: XDP,
    insns,
    subprograms: [],
    mapReferences: [],
    lines: [],
    tag: '',
    expectedAttachType: 0,
    gplCompatible: true,
  }
  const environment = { memory, helpers: [], tailCallTarget: () => undefined }
  const r0 = compileProgram(createInterpreter({ fuel: 100_000 }), image, environment).run(cpu, contextAddress)
  const result = Number(r0) >>> 0
  return {
    resultWord: RESULT_WORDS[result] ?? ABORTED,
    packet: hex(bytes.slice(packetAddress, packetAddress + PACKET_BYTES)),
  }
}

function simulate(program: OffloadProgram, packet: Uint8Array, execution: Execution): Outcome & { cycles: number } {
  const { insns } = assembleLlvm(program.source)
  const { translation, refusal } = translateNfp({
    type: XDP,
    insns,
    facts: program.facts,
    stackDepths: program.stackDepths,
    target: { maxWords: 5000 },
  })
  if (translation === undefined) throw new Error(refusal?.message)
  const words = relocate(translation, { start: START, done: DONE, helpers: new Map() })
  const card = { bytes: new Uint8Array(MEMORY_BYTES) }
  card.bytes.set(packet, packetAddress)
  const run = new ProgramRun({ memory: card, words, startAddress: START, doneAddress: DONE, execution })
  const { resultWord, cycles } = run.run({ address: packetAddress, lengthBytes: PACKET_BYTES })
  return { resultWord, cycles, packet: hex(card.bytes.subarray(packetAddress, packetAddress + PACKET_BYTES)) }
}

const packets = fc.uint8Array({ minLength: PACKET_BYTES, maxLength: PACKET_BYTES })

describe('translated programs, executed as words', () => {
  it(
    `give the interpreter's result and packet, in ${RUNS} random programs`,
    () => {
      fc.assert(
        fc.property(offloadProgram, packets, (program, packet) => {
          const { cycles, ...simulated } = simulate(program, packet, 'generated')
          expect(simulated, program.source).toEqual(interpret(program, packet))
          expect(simulate(program, packet, 'table')).toEqual({ ...simulated, cycles })
        }),
        { numRuns: RUNS },
      )
    },
    TIMEOUT_MS,
  )
})
