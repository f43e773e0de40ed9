import { allocateCpu, type Cpu, compileProgram, type HelperTable, type ProgramImage } from '@bpfoundry/engine'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { createInterpreter } from '@bpfoundry/interpreter'
import { BPF_CALL_REL, BPF_DW, BPF_EXIT_INSN, BPF_LDX_MEM, BPF_MOV64_REG, type Insn } from '@bpfoundry/isa'

/** Calls the subprogram with r1..r4 as they lie at r1 = ctx. */
const CALLER: readonly Insn[] = [
  BPF_MOV64_REG(5, 1),
  BPF_LDX_MEM(BPF_DW, 1, 5, 0),
  BPF_LDX_MEM(BPF_DW, 2, 5, 8),
  BPF_LDX_MEM(BPF_DW, 3, 5, 16),
  BPF_LDX_MEM(BPF_DW, 4, 5, 24),
  BPF_CALL_REL(1),
  BPF_EXIT_INSN(),
]

/** An image whose program calls `body`. */
export function imageOf(body: readonly Insn[], id: number): ProgramImage {
  const insns = [...CALLER, ...body]
  const subprograms = [
    { name: 'caller', start: 0, end: CALLER.length, stackDepthBytes: 0 },
    { name: 'inlined', start: CALLER.length, end: insns.length, stackDepthBytes: 64, hidden: true },
  ]
  const plain = { name: 'inline', tag: '0'.repeat(16), type: 6, expectedAttachType: 0, mapReferences: [], lines: [] }
  return { ...plain, id, insns, subprograms, gplCompatible: true }
}

/** Runs inlined operations in the interpreter, with memory for their arguments. */
export class InlineRun {
  readonly cpus: readonly Cpu[]
  readonly key: number
  readonly value: number
  /** Helper calls made by the instructions themselves. */
  slowPaths = 0
  /** Called before each instruction, with how many ran before it in this call. */
  before: ((count: number) => void) | undefined
  #count = 0
  readonly #memory: GuestMemory
  readonly #arguments: number
  readonly #helpers: HelperTable
  readonly #programs = new Map<readonly Insn[], ReturnType<typeof compileProgram>>()

  /**
   * @param scratch address of 8 KiB for arguments; 32 bytes do for who has keys and values elsewhere
   * @param fallback takes the place of the helpers 1 and 2
   */
  constructor(
    memory: GuestMemory,
    cpus: readonly Cpu[],
    scratch: number,
    fallback: (helper: number, cpu: Cpu) => void = () => undefined,
  ) {
    this.#memory = memory
    this.cpus = cpus
    this.#arguments = scratch
    this.key = scratch + 64
    this.value = scratch + 1024
    const helper = (number: number) => (cpu: Cpu) => {
      this.slowPaths++
      fallback(number, cpu)
    }
    this.#helpers = [undefined, helper(1), helper(2)]
  }

  /** With CPUs and memory of its own, in the thread that owns the memory. */
  static create(memory: GuestMemory, cpus: number, fallback?: (helper: number, cpu: Cpu) => void): InlineRun {
    const scratch = memory.allocate('arguments', 'scratch', 8192).address
    return new InlineRun(
      memory,
      Array.from({ length: cpus }, (_, id) => allocateCpu(memory, id)),
      scratch,
      fallback,
    )
  }

  /** r0, signed, of a call with the key and value there are. */
  call(body: readonly Insn[], cpu: number, flags = 0n, key: number = this.key, value: number = this.value): bigint {
    const { view } = this.#memory
    for (const [n, argument] of [0n, BigInt(key), BigInt(value), flags].entries()) {
      view.setBigUint64(this.#arguments + 8 * n, argument, true)
    }
    const on = this.cpus[cpu] as Cpu
    this.#count = 0
    this.#program(body).run(on, this.#arguments)
    return view.getBigInt64(on.block, true)
  }

  #program(body: readonly Insn[]): ReturnType<typeof compileProgram> {
    const known = this.#programs.get(body)
    if (known !== undefined) return known
    const environment = { memory: this.#memory, helpers: this.#helpers, tailCallTarget: () => undefined }
    const engine = createInterpreter({ onInsn: () => this.before?.(this.#count++) })
    const program = compileProgram(engine, imageOf(body, this.#programs.size + 1), environment)
    this.#programs.set(body, program)
    return program
  }
}
