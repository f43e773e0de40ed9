import { type CompiledProgram, CPU_BLOCK, type Cpu, ExecutionFault } from '@bpfoundry/engine'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { XDP_ACTION, XDP_BUFF } from '@bpfoundry/kernel-abi'
import { CounterBlock, STAGE } from './counters.ts'
import { DeviceError } from './device-error.ts'
import { followFrags } from './frags.ts'
import { FRAME_FLAG, type FrameCursor } from './frame-descriptor.ts'
import { NIC_CONTROL, type NicHandle } from './nic-handle.ts'
import { XDP_MODE, type XdpMode } from './xdp-mode.ts'

/** The programs that a thread has compiled, by id. A program must be there before its id goes into a slot. */
export type ProgramLookup = (programId: number) => CompiledProgram | undefined

/** What an {@link XdpHook} belongs to. */
export interface XdpHookOptions {
  readonly memory: GuestMemory
  readonly handle: NicHandle
  readonly cpu: Cpu
  readonly mode: XdpMode
  readonly programs: ProgramLookup
  /** Poll programs by the id of the program in them, for engines that compile. */
  readonly polls?: ProgramLookup
}

const EXECUTED_INSNS = CPU_BLOCK.fields.executedInsns.offsetBytes >>> 3
const HELPER_CALLS = CPU_BLOCK.fields.helperCalls.offsetBytes >>> 3

/** Verdict counters are pairs: packets, then bytes. */
const VERDICT_COUNTERS: readonly number[] = [STAGE.aborted, STAGE.drop, STAGE.pass, STAGE.tx, STAGE.redirect]

/**
 * One XDP hook of one card on one CPU: reads the program slot once a poll, runs the program on packets, counts verdicts.
 */
export class XdpHook {
  readonly mode: XdpMode
  /** The first fault of a program here; its packets are dropped as XDP_ABORTED. */
  fault: ExecutionFault | undefined
  /** How many runs ended by a fault. */
  faults = 0
  readonly #memory: GuestMemory
  readonly #handle: NicHandle
  readonly #cpu: Cpu
  readonly #programs: ProgramLookup
  readonly #slot: number
  readonly #buff: number
  readonly #counters: readonly CounterBlock[]
  readonly #polls: ProgramLookup
  #programId = 0
  #program: CompiledProgram | undefined
  #pollProgram: CompiledProgram | undefined
  #queueCounters: CounterBlock | undefined

  constructor(options: XdpHookOptions) {
    const { memory, handle, cpu, mode, programs } = options
    const own = handle.cpus[cpu.id]
    if (own === undefined) throw new Error(`${handle.name} has no CPU ${cpu.id}`)
    const place = XDP_MODE[mode]
    this.mode = mode
    this.#memory = memory
    this.#handle = handle
    this.#cpu = cpu
    this.#programs = programs
    this.#polls = options.polls ?? (() => undefined)
    this.#slot = ((handle.control + NIC_CONTROL.slots) >>> 2) + place
    this.#buff = own.xdpBuff >>> 2
    this.#counters = handle.queues.map((queue) => new CounterBlock(memory, queue.stageCounters[place] as number))
  }

  /** Id of the program that this poll runs, 0 for none. */
  get programId(): number {
    return this.#programId
  }

  /** Whether that program knows packets over several buffers. */
  get hasFrags(): boolean {
    return this.#program?.image.hasFrags === true
  }

  /** The program with the receive loop around it, where its engine has one. */
  get pollProgram(): CompiledProgram | undefined {
    return this.#pollProgram
  }

  /** Counters of this hook on the queue of the current poll. */
  get counters(): CounterBlock {
    return this.#queueCounters as CounterBlock
  }

  /**
   * Begins a poll of `queue`: the slot is read here and nowhere else, so a whole poll runs one program.
   *
   * @returns false when no program is attached
   * @throws DeviceError DEVICE_PROGRAM_MISSING when this thread has no such program
   */
  begin(queue: number): boolean {
    const id = Atomics.load(this.#memory.i32, this.#slot)
    if (id !== this.#programId) {
      this.#program = id === 0 ? undefined : this.#find(id)
      this.#pollProgram = id === 0 ? undefined : this.#polls(id)
      this.#programId = id
    }
    if (this.#program === undefined) return false
    this.#queueCounters = this.#counters[queue] as CounterBlock
    const u32 = this.#memory.u32
    u32[this.#buff + (XDP_BUFF.rxq >>> 2)] = (this.#handle.queues[queue] as { rxq: number }).rxq
    return true
  }

  /**
   * Runs the program on a packet; its data pointers follow what the program did to them.
   *
   * @returns the verdict, unsigned 32 bits; anything may come
   */
  run(frame: FrameCursor): number {
    const u32 = this.#memory.u32
    const at = this.#buff
    u32[at + (XDP_BUFF.data >>> 2)] = frame.data
    u32[at + (XDP_BUFF.dataEnd >>> 2)] = frame.dataEnd
    u32[at + (XDP_BUFF.dataMeta >>> 2)] = frame.dataMeta
    u32[at + (XDP_BUFF.dataHardStart >>> 2)] = frame.frame
    u32[at + (XDP_BUFF.frameSize >>> 2)] = frame.frameBytes
    u32[at + (XDP_BUFF.flags >>> 2)] = frame.flags & FRAME_FLAG.frags
    const verdict = this.execute(this.#program as CompiledProgram, this.#buff << 2)
    frame.data = u32[at + (XDP_BUFF.data >>> 2)] as number
    frame.dataEnd = u32[at + (XDP_BUFF.dataEnd >>> 2)] as number
    frame.dataMeta = u32[at + (XDP_BUFF.dataMeta >>> 2)] as number
    followFrags(this.#memory, frame)
    this.count(verdict, 1, frame.wireBytes)
    return verdict
  }

  /**
   * Runs a program of this hook, counting what it executes.
   *
   * @returns what it returned; XDP_ABORTED when it faulted, and {@link fault} is set
   */
  execute(program: CompiledProgram, ctx: number): number {
    const f64 = this.#memory.f64
    const block = this.#cpu.block >>> 3
    const insns = f64[block + EXECUTED_INSNS] as number
    const helpers = f64[block + HELPER_CALLS] as number
    try {
      return program.run(this.#cpu, ctx)
    } catch (error) {
      if (!(error instanceof ExecutionFault)) throw error
      this.fault ??= error
      this.faults++
      return XDP_ACTION.ABORTED
    } finally {
      this.counters.add(STAGE.insns, (f64[block + EXECUTED_INSNS] as number) - insns)
      this.counters.add(STAGE.helperCalls, (f64[block + HELPER_CALLS] as number) - helpers)
    }
  }

  /** Counts packets with the same verdict. @param wireBytes their lengths as received, summed */
  count(verdict: number, packets: number, wireBytes: number): void {
    const { counters } = this
    counters.add(STAGE.packets, packets)
    counters.add(STAGE.bytes, wireBytes)
    const place = VERDICT_COUNTERS[verdict] ?? STAGE.invalid
    counters.add(place, packets)
    counters.add(place + 1, wireBytes)
  }

  /** Keeps the first verdict that the driver doesn't know, for the kernel log. @see bpf_warn_invalid_xdp_action */
  warnInvalidAction(action: number): void {
    const i32 = this.#memory.i32
    const at = this.#handle.control >>> 2
    if (Atomics.compareExchange(i32, at + (NIC_CONTROL.warned >>> 2), 0, 2) !== 0) return
    i32[at + (NIC_CONTROL.warnedAction >>> 2)] = action
    i32[at + (NIC_CONTROL.warnedProgram >>> 2)] = this.#programId
    Atomics.store(i32, at + (NIC_CONTROL.warned >>> 2), 1)
  }

  #find(id: number): CompiledProgram {
    const program = this.#programs(id)
    if (program !== undefined) return program
    throw new DeviceError({
      code: 'DEVICE_PROGRAM_MISSING',
      message: `CPU ${this.#cpu.id} has no program ${id} that is attached to ${this.#handle.name}`,
      got: id,
      hint: 'install the program in every worker before its id goes into the slot',
    })
  }
}
