import { type CompiledProgram, CPU_BLOCK, type Cpu, ExecutionFault } from '@bpfoundry/engine'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { XDP_ACTION, XDP_BUFF, XDP_RXQ_INFO } from '@bpfoundry/kernel-abi'
import { DeviceError } from '../device-error.ts'
import { followFrags } from '../frags.ts'
import { FRAME_FLAG, type FrameCursor } from '../frame-descriptor.ts'
import type { NicHandle } from '../nic-handle.ts'
import type { ProgramLookup } from '../xdp-hook.ts'

const EXECUTED_INSNS = CPU_BLOCK.fields.executedInsns.offsetBytes >>> 3
const HELPER_CALLS = CPU_BLOCK.fields.helperCalls.offsetBytes >>> 3

/** Cards by interface index. */
export type NicLookup = (ifindex: number) => NicHandle | undefined

/** What {@link EntryProgram} works with. */
export interface EntryProgramOptions {
  readonly memory: GuestMemory
  readonly cpu: Cpu
  readonly programs: ProgramLookup
  readonly nics: NicLookup
}

/**
 * Runs programs of devmap and cpumap entries on frames: a context of its own, made of the frame alone. Of the receive
 * queue it knows the device, not the number.
 *
 * @see dev_map_bpf_prog_run in kernel/bpf/devmap.c, cpu_map_bpf_prog_run_xdp in kernel/bpf/cpumap.c (6.12)
 */
export class EntryProgram {
  /** The first fault of a program here: its packet is dropped. */
  fault: ExecutionFault | undefined
  /** Instructions and helper calls of all runs. */
  insns = 0
  helperCalls = 0
  readonly #options: EntryProgramOptions

  constructor(options: EntryProgramOptions) {
    this.#options = options
  }

  /** @param out the card it leaves by, if any @returns the verdict; the frame follows what the program did to it */
  run(programId: number, frame: FrameCursor, out: NicHandle | undefined): number {
    const { memory, cpu, nics } = this.#options
    const own = nics(frame.ingressIfindex)
    const place = own?.cpus[cpu.id]
    if (own === undefined || place === undefined) throw new Error(`no card ${frame.ingressIfindex} on CPU ${cpu.id}`)
    const { u32 } = memory
    const at = place.egressBuff >>> 2
    u32[(place.egressRxq + XDP_RXQ_INFO.dev) >>> 2] = own.netDevice
    u32[at + (XDP_BUFF.data >>> 2)] = frame.data
    u32[at + (XDP_BUFF.dataEnd >>> 2)] = frame.dataEnd
    u32[at + (XDP_BUFF.dataMeta >>> 2)] = frame.dataMeta
    u32[at + (XDP_BUFF.dataHardStart >>> 2)] = frame.frame
    u32[at + (XDP_BUFF.rxq >>> 2)] = place.egressRxq
    u32[at + (XDP_BUFF.txq >>> 2)] = out?.cpus[cpu.id]?.txq ?? 0
    u32[at + (XDP_BUFF.frameSize >>> 2)] = frame.frameBytes
    u32[at + (XDP_BUFF.flags >>> 2)] = frame.flags & FRAME_FLAG.frags
    const verdict = this.#execute(this.#find(programId), place.egressBuff)
    frame.data = u32[at + (XDP_BUFF.data >>> 2)] as number
    frame.dataEnd = u32[at + (XDP_BUFF.dataEnd >>> 2)] as number
    frame.dataMeta = u32[at + (XDP_BUFF.dataMeta >>> 2)] as number
    followFrags(memory, frame)
    return verdict
  }

  #execute(program: CompiledProgram, ctx: number): number {
    const { memory, cpu } = this.#options
    const { f64 } = memory
    const block = cpu.block >>> 3
    const insns = f64[block + EXECUTED_INSNS] as number
    const helpers = f64[block + HELPER_CALLS] as number
    try {
      return program.run(cpu, ctx)
    } catch (error) {
      if (!(error instanceof ExecutionFault)) throw error
      this.fault ??= error
      return XDP_ACTION.ABORTED
    } finally {
      this.insns += (f64[block + EXECUTED_INSNS] as number) - insns
      this.helperCalls += (f64[block + HELPER_CALLS] as number) - helpers
    }
  }

  #find(id: number): CompiledProgram {
    const program = this.#options.programs(id)
    if (program !== undefined) return program
    throw new DeviceError({
      code: 'DEVICE_PROGRAM_MISSING',
      message: `CPU ${this.#options.cpu.id} has no program ${id} that a map's entry names`,
      got: id,
      hint: 'install the program in every worker before it goes into a map',
    })
  }
}
