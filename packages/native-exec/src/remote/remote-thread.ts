import { NATIVE_CONTEXT } from '@bpfoundry/codegen'
import type { Place } from '@bpfoundry/diagnostics'
import {
  type CompiledProgram,
  CPU_BLOCK,
  type Cpu,
  type EngineEnvironment,
  type EngineThread,
  ExecutionFault,
  type ProgramImage,
  type Translation,
} from '@bpfoundry/engine'
import { COMMAND, CONTROL_ADDRESS, FIELD, GUEST_ADDRESS, STATUS } from './control-area.ts'
import { type GuestFile, guestFile } from './guest-file.ts'
import { processFault, signalFault } from './remote-fault.ts'
import { type RemoteTranslation, requireRemote, slotAt } from './remote-translation.ts'
import { type Runner, RunnerGone } from './runner.ts'
import type { RunnerSlot } from './runner-slot.ts'

const { fields } = CPU_BLOCK
const FIRST_COUNT = 64

/** What a helper threw; wrapped, for it may have thrown undefined. */
interface Failure {
  readonly error: unknown
}

/** The remote engine in one thread and environment. */
export class RemoteThread implements EngineThread {
  readonly #slot: RunnerSlot
  readonly #environment: EngineEnvironment
  readonly #guest: GuestFile
  readonly #installed = new Map<number, RemoteTranslation>()
  /** The runner that the table lies in. */
  #runner: Runner | undefined
  #tableOffset = 0
  #tableCount = 0

  /** @throws NativeExecError NATIVE_PLATFORM, NATIVE_MAP, NATIVE_NO_KOFFI */
  constructor(slot: RunnerSlot, environment: EngineEnvironment) {
    this.#slot = slot
    this.#environment = environment
    this.#guest = guestFile(environment.memory)
  }

  /** @throws NativeExecError NATIVE_FOREIGN */
  install(translation: Translation): CompiledProgram {
    const remote = requireRemote(translation)
    this.#installed.set(remote.image.id, remote)
    if (this.#runner?.alive === true) this.#enterTable(this.#runner, remote)
    return { image: remote.image, run: (cpu, ctx) => this.#run(remote, cpu, ctx) }
  }

  remove(id: number): void {
    this.#installed.delete(id)
    if (this.#runner?.alive === true && id < this.#tableCount) this.#runner.set(this.#tableOffset + 8 * id, 0)
  }

  /** Forgets the programs. The runner stays, for other engines of the thread. */
  close(): void {
    for (const id of [...this.#installed.keys()]) this.remove(id)
  }

  #run(program: RemoteTranslation, cpu: Cpu, ctx: number): number {
    const slot = this.#slot
    // JavaScript runs inside of a run only in a helper.
    if (slot.busy) throw new Error(`${program.image.name}: the engine is already running on this thread`)
    slot.busy = true
    try {
      const runner = this.#takeRunner()
      this.#prepare(runner, program, cpu, ctx)
      const failure = this.#carryOut(runner, program, cpu)
      book(runner, cpu)
      if (failure !== undefined) throw failure.error
    } catch (error) {
      throw error instanceof RunnerGone ? processFault(error).at({ program: program.image.name }) : error
    } finally {
      slot.busy = false
    }
    return cpu.regs[0]! >>> 0
  }

  /** A runner that sees this environment's memory and programs. */
  #takeRunner(): Runner {
    const { runner } = this.#slot
    if (runner !== this.#runner) {
      this.#runner = runner
      this.#tableCount = 0
      for (const each of this.#installed.values()) this.#enterTable(runner, each)
    }
    runner.useGuest(this.#guest)
    return runner
  }

  #enterTable(runner: Runner, { image, machineCode }: RemoteTranslation): void {
    if (image.id >= this.#tableCount) this.#growTable(runner, image.id)
    const entry = runner.addressOf(machineCode) + machineCode.tailOffsetBytes
    runner.set(this.#tableOffset + 8 * image.id, entry)
  }

  #growTable(runner: Runner, id: number): void {
    const count = Math.max(FIRST_COUNT, 2 ** Math.ceil(Math.log2(id + 1)))
    const offset = runner.allocateTable(count)
    for (let at = 0; at < this.#tableCount; at++) runner.set(offset + 8 * at, runner.get(this.#tableOffset + 8 * at))
    this.#tableOffset = offset
    this.#tableCount = count
  }

  #prepare(runner: Runner, { machineCode }: RemoteTranslation, cpu: Cpu, ctx: number): void {
    const context = FIELD.context
    runner.set(context + NATIVE_CONTEXT.memoryBase, GUEST_ADDRESS)
    runner.set(context + NATIVE_CONTEXT.cpuBlock, cpu.block)
    runner.set(context + NATIVE_CONTEXT.callHelper, runner.helpAddress)
    runner.set(context + NATIVE_CONTEXT.programTable, CONTROL_ADDRESS + this.#tableOffset)
    runner.set(context + NATIVE_CONTEXT.programCount, this.#tableCount)
    // Code that does not count leaves them alone.
    runner.set(context + NATIVE_CONTEXT.executedInsns, 0)
    runner.set(context + NATIVE_CONTEXT.helperCalls, 0)
    runner.set(FIELD.entry, runner.addressOf(machineCode) + machineCode.runOffsetBytes)
    runner.set(FIELD.r1, ctx)
  }

  /** Runs, calling helpers as they are wanted; what went wrong, if something did. @throws RunnerGone */
  #carryOut(runner: Runner, program: RemoteTranslation, cpu: Cpu): Failure | undefined {
    let failure: Failure | undefined
    let status = runner.command(COMMAND.RUN)
    while (status === STATUS.HELPER) {
      failure = this.#help(runner, cpu)
      status = runner.command(failure === undefined ? COMMAND.GO_ON : COMMAND.ABANDON)
    }
    if (status === STATUS.FAULT) {
      return { error: this.#locate(signalFault(runner), runner, program, runner.get(FIELD.faultPc)) }
    }
    if (!(failure?.error instanceof ExecutionFault)) return failure
    // The instruction is the one before where the helper would return to.
    return { error: this.#locate(failure.error, runner, program, runner.get(FIELD.helperReturn) - 4) }
  }

  #help(runner: Runner, cpu: Cpu): Failure | undefined {
    const id = runner.get(FIELD.helper)
    try {
      const helper = this.#environment.helpers[id]
      if (helper === undefined) throw unknownHelper(id)
      helper(cpu)
      // It may have made guest memory grow.
      runner.useGuest(this.#guest)
      return undefined
    } catch (error) {
      if (error instanceof RunnerGone) throw error
      return { error }
    }
  }

  /** The same fault, with the program and the instruction whose code lies at the runner's address. */
  #locate(fault: ExecutionFault, runner: Runner, running: RemoteTranslation, address: number): ExecutionFault {
    for (const { image, machineCode } of [running, ...this.#installed.values()]) {
      const offset = address - runner.addressOf(machineCode)
      if (offset < 0 || offset >= machineCode.bytes.length) continue
      const pc = slotAt(machineCode, offset)
      return fault.at(pc === undefined ? { program: image.name } : { program: image.name, pc, ...sourceOf(image, pc) })
    }
    return fault.at({ program: running.image.name })
  }
}

/** Adds what the run counted to the CPU block. */
function book(runner: Runner, { block, memory }: Cpu): void {
  const { context } = FIELD
  memory.refresh()
  memory.u32[(block + fields.tailCalls.offsetBytes) >>> 2] = runner.get(context + NATIVE_CONTEXT.tailCalls)
  memory.f64[(block + fields.executedInsns.offsetBytes) >>> 3]! += runner.get(context + NATIVE_CONTEXT.executedInsns)
  memory.f64[(block + fields.helperCalls.offsetBytes) >>> 3]! += runner.get(context + NATIVE_CONTEXT.helperCalls)
}

/** The source line of the instruction at `pc`, as the interpreter tells it. */
function sourceOf(image: ProgramImage, pc: number): Pick<Place, 'source'> {
  const line = (image.inlined ?? image).lines.findLast((entry) => entry.pc <= pc)
  if (line === undefined) return {}
  return { source: { file: line.file, line: line.line, column: line.column, text: line.text } }
}

function unknownHelper(id: number): ExecutionFault {
  return new ExecutionFault({
    code: 'FAULT_UNKNOWN_HELPER',
    message: `no helper ${id}`,
    got: id,
    hint: 'the environment of this program has no such helper',
  })
}
