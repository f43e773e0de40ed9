import { type MachineCode, NATIVE_CONTEXT } from '@bpfoundry/codegen'
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
import { NativeExecError } from '../native-exec-error.ts'
import { MAX_PROGRAM_ID } from '../program-table.ts'
import { COMMAND, CONTROL_ADDRESS, FIELD, GUEST_ADDRESS, STATUS, TABLE_ENTRIES, TABLE_OFFSET } from './control-area.ts'
import { type GuestFile, guestFile } from './guest-file.ts'
import { processFault, signalFault } from './remote-fault.ts'
import { type RemoteTranslation, requireRemote, slotAt } from './remote-translation.ts'
import { type Runner, RunnerGone } from './runner.ts'
import type { RunnerSlot } from './runner-slot.ts'

const { fields } = CPU_BLOCK

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
  /** The runner of the last run. */
  #runner: Runner | undefined

  /** @throws NativeExecError NATIVE_PLATFORM, NATIVE_MAP, NATIVE_NO_KOFFI */
  constructor(slot: RunnerSlot, environment: EngineEnvironment) {
    this.#slot = slot
    this.#environment = environment
    this.#guest = guestFile(environment.memory)
  }

  /** @throws NativeExecError NATIVE_FOREIGN, NATIVE_PROGRAM_ID */
  install(translation: Translation): CompiledProgram {
    const remote = requireRemote(translation)
    const { id } = remote.image
    checkProgramId(id)
    this.#installed.set(id, remote)
    this.#enterTable(id, remote.machineCode)
    return { image: remote.image, run: (cpu, ctx) => this.#run(remote, cpu, ctx) }
  }

  remove(id: number): void {
    this.#installed.delete(id)
    this.#enterTable(id, undefined)
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
      this.#begin(program, cpu, ctx)
    } catch (error) {
      throw error instanceof RunnerGone ? processFault(error).at({ program: program.image.name }) : error
    } finally {
      slot.busy = false
    }
    return cpu.regs[0]! >>> 0
  }

  /** A runner may end while nobody looks, as any process: what it never heard of goes to another, once. */
  #begin(program: RemoteTranslation, cpu: Cpu, ctx: number): void {
    try {
      this.#runOnce(program, cpu, ctx)
    } catch (error) {
      if (!(error instanceof RunnerGone) || error.heard) throw error
      this.#runOnce(program, cpu, ctx)
    }
  }

  #runOnce(program: RemoteTranslation, cpu: Cpu, ctx: number): void {
    const runner = this.#takeRunner()
    this.#prepare(runner, program, cpu, ctx)
    const failure = this.#carryOut(runner, program, cpu)
    book(runner, cpu)
    if (failure !== undefined) throw failure.error
  }

  /** A runner that sees this environment's memory and programs. */
  #takeRunner(): Runner {
    const { runner } = this.#slot
    this.#runner = runner
    runner.useTable(this, () => [...this.#installed].map(([id, { machineCode }]) => [id, machineCode]))
    runner.useGuest(this.#guest)
    return runner
  }

  /** Keeps the table up to date where the runner has it already. */
  #enterTable(id: number, code: MachineCode | undefined): void {
    if (this.#runner?.alive === true) this.#runner.enterTable(this, id, code)
  }

  #prepare(runner: Runner, { machineCode }: RemoteTranslation, cpu: Cpu, ctx: number): void {
    const context = FIELD.context
    runner.set(context + NATIVE_CONTEXT.memoryBase, GUEST_ADDRESS)
    runner.set(context + NATIVE_CONTEXT.cpuBlock, cpu.block)
    runner.set(context + NATIVE_CONTEXT.callHelper, runner.helpAddress)
    runner.set(context + NATIVE_CONTEXT.programTable, CONTROL_ADDRESS + TABLE_OFFSET)
    runner.set(context + NATIVE_CONTEXT.programCount, TABLE_ENTRIES)
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

function checkProgramId(id: number): void {
  if (Number.isInteger(id) && id >= 0 && id <= MAX_PROGRAM_ID) return
  throw new NativeExecError({
    code: 'NATIVE_PROGRAM_ID',
    message: 'program id out of range',
    got: id,
    expected: `0 to ${MAX_PROGRAM_ID}`,
  })
}

function unknownHelper(id: number): ExecutionFault {
  return new ExecutionFault({
    code: 'FAULT_UNKNOWN_HELPER',
    message: `no helper ${id}`,
    got: id,
    hint: 'the environment of this program has no such helper',
  })
}
