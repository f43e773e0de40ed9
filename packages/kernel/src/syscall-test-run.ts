import type { Cpu } from '@bpfoundry/engine'
import type { GuestMemory, Region } from '@bpfoundry/guest-memory'
import type { Runtime } from './runtime.ts'
import { refusedRun, type TestRunRequest, type TestRunResult } from './test-run.ts'

/** U16_MAX */
const MOST_CONTEXT_BYTES = 0xffff

/** Test runs of programs that system calls run: their context is any memory of the caller's, which they may change. */
export class SyscallTestBed {
  readonly #memory: GuestMemory
  readonly #context: Region

  constructor(memory: GuestMemory) {
    this.#memory = memory
    this.#context = memory.allocate('context of a system call', 'ctx', MOST_CONTEXT_BYTES + 1)
  }

  /**
   * Runs installed program `id` once.
   *
   * @param contextBytes that the program looks at
   * @throws KernelError EINVAL for a context shorter than that, or longer than 65,535 bytes, and for a packet
   * @see bpf_prog_test_run_syscall in net/bpf/test_run.c (6.12)
   */
  run(runtime: Runtime, id: number, cpu: Cpu, request: TestRunRequest, contextBytes: number): TestRunResult {
    const program = runtime.program(id)
    if (program === undefined) throw new Error(`program ${id} is not installed`)
    const ctx = request.ctx ?? new Uint8Array()
    checkRequest(request)
    if (ctx.length < contextBytes || ctx.length > MOST_CONTEXT_BYTES) {
      throw refusedRun('the context has the wrong length', ctx.length, `${contextBytes} to ${MOST_CONTEXT_BYTES} bytes`)
    }
    const memory = this.#memory
    memory.refresh()
    const { address, sizeBytes } = this.#context
    memory.u8.fill(0, address, address + sizeBytes)
    memory.write(address, ctx)
    const started = performance.now()
    const retval = program.run(cpu, ctx.length === 0 ? 0 : address)
    const durationNs = Math.round((performance.now() - started) * 1e6)
    const left = ctx.length === 0 ? {} : { ctx: memory.read(address, ctx.length) }
    return { retval, data: new Uint8Array(), ...left, truncated: false, durationNs }
  }
}

function checkRequest({ data, dataOutBytes = 0, ctxOutBytes = 0, repeat = 0 }: TestRunRequest): void {
  const isPlain = data.length === 0 && dataOutBytes === 0 && ctxOutBytes === 0 && repeat <= 1
  if (!isPlain) throw refusedRun('a program of this type is only given a context', data.length, 'no packet, one run')
}
