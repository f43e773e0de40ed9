import { allocateCpu, compileProgram, type HelperFunction, type ProgramImage } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { createInterpreter } from '@bpfoundry/interpreter'
import type { Insn } from '@bpfoundry/isa'
import type { CodeRange, Weights } from '../../src/index.ts'

/** What can be seen of a run. */
export interface Outcome {
  readonly r0: bigint
  readonly packet: string
  /** Instructions, by the program's weights where it has some. */
  readonly executed: number
  /** Each helper call with its number and r1..r5. */
  readonly calls: readonly string[]
}

interface Judged {
  readonly insns: readonly Insn[]
  readonly subprograms?: readonly CodeRange[]
  readonly weights?: Weights
}

const FUEL = 5_000_000
/** `struct xdp_md`: data, data_end. */
const [CTX_BYTES, DATA, DATA_END] = [24, 0, 4]
const PACKET_BYTES = 4096

export function imageOf({ insns, subprograms = [] }: Judged): ProgramImage {
  const named = subprograms.map((range, n) => ({ name: `f${n}`, stackDepthBytes: 512, ...range }))
  return {
    id: 1,
    name: 'judged',
    tag: '0'.repeat(16),
    type: 1,
    expectedAttachType: 0,
    insns,
    subprograms: named,
    mapReferences: [],
    lines: [],
    gplCompatible: true,
  }
}

/** Runs programs in the interpreter, on a packet, with helpers 1 to 8 that answer by their arguments. */
export function createJudge(): (program: Judged, packet?: Uint8Array) => Outcome {
  const memory = GuestMemory.create({ maximumBytes: 2 ** 24 })
  const cpu = allocateCpu(memory, 0)
  const ctx = memory.allocate('ctx', 'ctx', CTX_BYTES).address
  const packet = memory.allocate('packet', 'packet', PACKET_BYTES).address
  let calls: string[] = []
  const helper =
    (id: number): HelperFunction =>
    ({ regs }) => {
      calls.push(`${id}: ${regs.subarray(2, 12).join(' ')}`)
      regs[0] = Math.imul(regs[2]! ^ id, 0x9e3779b1) ^ regs[4]!
      regs[1] = regs[3]! ^ regs[6]!
    }
  const helpers = [undefined, ...[1, 2, 3, 4, 5, 6, 7, 8].map(helper)]
  let executed = 0
  let weights: Weights | undefined
  const onInsn = (_: ProgramImage, pc: number): void => {
    executed += weights === undefined ? 1 : (weights[pc] as number)
  }
  const engine = createInterpreter({ fuel: FUEL, access: 'regions', onInsn })
  const environment = { memory, helpers, tailCallTarget: () => undefined }
  return (program, bytes = new Uint8Array(64)) => {
    calls = []
    executed = 0
    weights = program.weights
    memory.write(packet, bytes)
    memory.u32[(ctx + DATA) >>> 2] = packet
    memory.u32[(ctx + DATA_END) >>> 2] = packet + bytes.length
    memory.u8.fill(0, cpu.stackTop - 4096, cpu.stackTop)
    compileProgram(engine, imageOf(program), environment).run(cpu, ctx)
    const r0 = (BigInt(cpu.regs[1]! >>> 0) << 32n) | BigInt(cpu.regs[0]! >>> 0)
    return { r0, packet: Buffer.from(memory.read(packet, bytes.length)).toString('hex'), executed, calls }
  }
}
