/** Adds to shared counters again and again: a plain 64-bit addition, one with the old value, and a 32-bit one. */
import { workerData } from 'node:worker_threads'
import { attachCpu, compileProgram } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_ATOMIC_OP,
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_FETCH,
  BPF_JMP_IMM,
  BPF_JNE,
  BPF_LD_IMM64,
  BPF_MOV64_IMM,
  BPF_W,
} from '@bpfoundry/isa'
import { createInterpreter } from '../src/index.ts'
import { imageOf } from './harness.ts'

interface Task {
  readonly memory: WebAssembly.Memory
  readonly block: number
  readonly counter: number
  readonly turns: number
}

const task = workerData as Task
const memory = GuestMemory.attach(task.memory)
const environment = { memory, helpers: [], tailCallTarget: () => undefined }
const program = compileProgram(
  createInterpreter(),
  imageOf([
    ...BPF_LD_IMM64(2, 0x80000001),
    BPF_MOV64_IMM(5, task.turns),
    BPF_ATOMIC_OP(BPF_DW, BPF_ADD, 1, 2, 0),
    BPF_MOV64_IMM(3, 3),
    BPF_ATOMIC_OP(BPF_DW, BPF_ADD | BPF_FETCH, 1, 3, 8),
    BPF_MOV64_IMM(4, 1),
    BPF_ATOMIC_OP(BPF_W, BPF_ADD, 1, 4, 16),
    BPF_ALU64_IMM(BPF_ADD, 5, -1),
    BPF_JMP_IMM(BPF_JNE, 5, 0, -7),
    BPF_EXIT_INSN(),
  ]),
  environment,
)
program.run(attachCpu(memory, task.block), task.counter)
