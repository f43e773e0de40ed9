import type { ClassicInsn } from './classic-insn.ts'
import { BPF_MEMWORDS } from './classic-opcodes.ts'
import type { ClassicState } from './classic-state.ts'
import { type Operation, operationOf } from './operations.ts'
import { requireAccepted } from './require-accepted.ts'
import type { ClassicHost, SocketBuffer } from './socket-buffer.ts'

/** What came of a run. */
export interface ClassicResult {
  /** Bytes of the packet to keep, unsigned; 0: it is dropped. */
  readonly result: number
  readonly executed: number
}

/** CPU 0, and numbers that are not random: runs repeat. */
export const DEFAULT_HOST: ClassicHost = { cpu: 0, random: () => 0 }

/**
 * The machine of classic BPF for one program. Jumps only go forward, so every run ends.
 *
 * @see Documentation/networking/filter.rst of the kernel; McCanne and Jacobson, The BSD Packet Filter (1993)
 */
export class ClassicMachine {
  readonly insns: readonly ClassicInsn[]
  readonly #operations: readonly Operation[]

  /** @throws CbpfError CBPF_REFUSED where the checker refuses the program */
  constructor(insns: readonly ClassicInsn[]) {
    requireAccepted(insns)
    this.insns = insns
    this.#operations = insns.map(({ code }) => operationOf(code))
  }

  run(buffer: SocketBuffer, host: ClassicHost = DEFAULT_HOST): ClassicResult {
    const state = this.start(buffer, host)
    while (state.result === undefined) this.step(state)
    return { result: state.result, executed: state.executed }
  }

  /** The state before the first instruction. */
  start(buffer: SocketBuffer, host: ClassicHost = DEFAULT_HOST): ClassicState {
    return { buffer, host, a: 0, x: 0, cells: new Uint32Array(BPF_MEMWORDS), pc: 0, executed: 0, result: undefined }
  }

  /** Executes one instruction; nothing where the program has returned. */
  step(state: ClassicState): void {
    if (state.result !== undefined) return
    const { pc } = state
    state.pc = pc + 1
    state.executed++
    this.#operations[pc]!(state, this.insns[pc]!)
  }
}
