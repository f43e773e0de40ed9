import {
  allocateCpu,
  type CompiledProgram,
  compileProgram,
  ExecutionFault,
  type HelperFunction,
  type ProgramImage,
  returnU64,
} from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import {
  BPF_ADD,
  BPF_ALU64_REG,
  BPF_ATOMIC_OP,
  BPF_CALL_REL,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_JMP,
  BPF_JMP_IMM,
  BPF_JNE,
  BPF_LD_IMM64,
  BPF_MOV64_IMM,
  BPF_RAW_INSN,
  BPF_ST_MEM,
  BPF_TAIL_CALL,
  decodeInsns,
  encodeInsns,
  INSN_BYTES,
  INSTRUCTIONS,
  type Insn,
} from '@bpfoundry/isa'
import { createInterpreter } from '../src/index.ts'

/** Any bytes as a program that no verifier saw: with fuel it ends, by a result or by an ExecutionFault. */
export const name = 'unverified-program'

const FUEL = 5000
const memory = GuestMemory.create({ maximumBytes: 2 ** 20 })
const cpu = allocateCpu(memory, 0)
const ctx = memory.allocate('ctx', 'ctx', 64).address
const echo: HelperFunction = (caller) => returnU64(caller, caller.regs[2] as number, caller.regs[3] as number)
const targets: (CompiledProgram | undefined)[] = []
const environment = {
  memory,
  helpers: [undefined, echo, echo],
  tailCallTarget: (_: number, index: number) => targets[index],
}
const loose = createInterpreter({ fuel: FUEL })
const strict = createInterpreter({ fuel: FUEL, access: 'regions' })

function imageOf(insns: readonly Insn[]): ProgramImage {
  const subprograms = [{ name: 'fuzz', start: 0, end: insns.length, stackDepthBytes: 512 }]
  const rest = { mapReferences: [], lines: [], gplCompatible: true, tag: '', type: 1, expectedAttachType: 0 }
  return { id: 1, name: 'fuzz', insns, subprograms, ...rest }
}

export function fuzzOnce(input: Uint8Array): void {
  const whole = input.subarray(0, input.length - (input.length % INSN_BYTES))
  const image = imageOf(decodeInsns(whole))
  for (const engine of [loose, strict]) {
    const program = compileProgram(engine, image, environment)
    targets[0] = program
    try {
      program.run(cpu, ctx)
    } catch (error) {
      if (!(error instanceof ExecutionFault) || error.where?.pc === undefined) throw error
    }
  }
}

export const seeds = (): Uint8Array[] => {
  const everyRow = INSTRUCTIONS.filter((row) => row.slots === 1).map(
    ({ opcode, dst, src, off, imm }): Insn => ({
      opcode,
      dst: typeof dst === 'number' ? dst : dst === 'addr' ? 10 : 1,
      src: typeof src === 'number' ? src : src === 'addr' ? 10 : 2,
      off: typeof off === 'number' ? off : off === 'mem' ? -8 : 0,
      imm: typeof imm === 'number' ? imm : 1,
    }),
  )
  const programs: readonly (readonly Insn[])[] = [
    [BPF_MOV64_IMM(0, 2), BPF_EXIT_INSN()],
    [...everyRow, BPF_EXIT_INSN()],
    [...BPF_LD_IMM64(0, 1n << 40n), BPF_CALL_REL(1), BPF_EXIT_INSN(), BPF_ALU64_REG(BPF_ADD, 0, 0), BPF_EXIT_INSN()],
    [BPF_EMIT_CALL(1), BPF_MOV64_IMM(3, 0), BPF_RAW_INSN(BPF_JMP | BPF_TAIL_CALL, 0, 0, 0, 0), BPF_EXIT_INSN()],
    [BPF_ST_MEM(BPF_DW, 10, -8, 1), BPF_MOV64_IMM(1, 3), BPF_ATOMIC_OP(BPF_DW, BPF_ADD, 10, 1, -8)],
    [BPF_MOV64_IMM(1, 9), BPF_ALU64_REG(BPF_ADD, 1, 1), BPF_JMP_IMM(BPF_JNE, 1, 0, -2), BPF_EXIT_INSN()],
  ]
  return programs.map((insns) => encodeInsns(insns))
}
