import {
  type CompiledProgram,
  type Cpu,
  type Engine,
  type EngineEnvironment,
  type EngineThread,
  ExecutionFault,
  type FaultCode,
  type ProgramImage,
  type Translation,
} from '@bpfoundry/engine'
import { XDP_BUFF } from '@bpfoundry/kernel-abi'
import { enterProgram, Microengine, MicroengineError, PARKED, programResult } from '@bpfoundry/microengine'
import { verdictOf } from '../result-word.ts'
import { type CurrentRun, helperRoutines } from './helper-routines.ts'
import { PacketWindow } from './packet-window.ts'
import { CONTROL_STORE, type PlacedProgram } from './placed-program.ts'

/** A program in words, for {@link NfpEngine}. */
interface PlacedTranslation extends Translation {
  readonly placed: PlacedProgram
}

/** How far a run goes at once: commands complete at once, so no step is too long. */
const STRETCH_CYCLES = 1_000_000

/**
 * Runs programs that were loaded for a card on a simulated core, word by word, and all others on the host's engine. Packets
 * and maps are the same bytes of guest memory, helpers the same functions.
 */
export class NfpEngine implements Engine {
  readonly name = 'nfp'
  /** Drivers hand over packet by packet. */
  readonly compiles = false
  readonly #host: Engine
  readonly #placed = new Map<number, PlacedProgram>()

  /** @param host runs what is not loaded for a card */
  constructor(host: Engine) {
    this.#host = host
  }

  /** Tells the words of a program that is about to be translated, by its id. */
  place(programId: number, program: PlacedProgram): void {
    this.#placed.set(programId, program)
  }

  translate(image: ProgramImage): Translation {
    const placed = this.#placed.get(image.id)
    if (placed === undefined) return this.#host.translate(image)
    const translation: PlacedTranslation = { image, placed }
    return translation
  }

  release(translation: Translation): void {
    if (isPlaced(translation)) this.#placed.delete(translation.image.id)
    else this.#host.release?.(translation)
  }

  open(environment: EngineEnvironment): EngineThread {
    const host = this.#host.open(environment)
    return {
      install: (translation) =>
        isPlaced(translation) ? new CoreProgram(translation, environment) : host.install(translation),
      remove: (id) => host.remove(id),
      ...(host.close === undefined ? {} : { close: () => host.close?.() }),
    }
  }
}

function isPlaced(translation: Translation): translation is PlacedTranslation {
  return 'placed' in translation
}

/** What a core's error is for a program that should not have made one. */
const FAULTS: Readonly<Partial<Record<string, FaultCode>>> = {
  MICROENGINE_RUNAWAY: 'FAULT_OUT_OF_FUEL',
  MICROENGINE_ADDRESS: 'FAULT_OUT_OF_BOUNDS',
}

/** One program on one core. */
class CoreProgram implements CompiledProgram {
  readonly image: ProgramImage
  readonly #placed: PlacedProgram
  readonly #environment: EngineEnvironment
  readonly #window: PacketWindow
  readonly #run: CurrentRun = { cpu: undefined, ctx: 0 }
  #core: Microengine

  constructor({ image, placed }: PlacedTranslation, environment: EngineEnvironment) {
    this.image = image
    this.#placed = placed
    this.#environment = environment
    this.#window = new PacketWindow(environment.memory)
    this.#core = this.#powerUp()
  }

  run(cpu: Cpu, ctx: number): number {
    const words = this.#environment.memory.u32
    const dataAt = (ctx + XDP_BUFF.data) >>> 2
    const endAt = (ctx + XDP_BUFF.dataEnd) >>> 2
    const metaAt = (ctx + XDP_BUFF.dataMeta) >>> 2
    const data = words[dataAt] as number
    this.#run.cpu = cpu
    this.#run.ctx = ctx
    const lengthBytes = (words[endAt] as number) - data
    enterProgram(this.#core, 0, { address: this.#window.open(data), lengthBytes })
    this.#execute()
    const left = programResult(this.#core, 0)
    const begin = this.#window.guestAddress(left.address)
    this.#checkFrame(ctx, begin, left.lengthBytes)
    words[dataAt] = begin
    words[endAt] = begin + left.lengthBytes
    words[metaAt] = (words[metaAt] as number) + begin - data
    const verdict = verdictOf((left.resultWord >>> 16) & 0xff)
    cpu.regs[0] = verdict
    cpu.regs[1] = 0
    return verdict
  }

  /** Where the driver trusts that no packet is shorter than Ethernet's 60 bytes, one that is may have lost more than it had. */
  #checkFrame(ctx: number, begin: number, lengthBytes: number): void {
    const words = this.#environment.memory.u32
    const hardStart = words[(ctx + XDP_BUFF.dataHardStart) >>> 2] as number
    const frameSize = words[(ctx + XDP_BUFF.frameSize) >>> 2] as number
    if (begin >= hardStart && begin + lengthBytes <= hardStart + frameSize) return
    throw new ExecutionFault({
      code: 'FAULT_OUT_OF_BOUNDS',
      message: 'the program left a packet outside of its buffer',
      where: { program: this.image.name },
      got: `${lengthBytes} bytes at ${begin - hardStart}`,
      expected: `within ${frameSize} bytes`,
      hint: 'the driver takes packets to have 60 bytes at least, as they have on the wire',
    })
  }

  #execute(): void {
    const core = this.#core
    try {
      core.start(0, CONTROL_STORE.start)
      while (!core.isParked(0)) core.run(core.nextCycle() + STRETCH_CYCLES)
    } catch (error) {
      if (!(error instanceof MicroengineError)) throw error
      // The context is where it stopped; the next packet finds a core as new.
      this.#core = this.#powerUp()
      const code = FAULTS[error.code] ?? 'FAULT_BAD_OPCODE'
      throw new ExecutionFault({ code, message: error.message, where: { program: this.image.name }, cause: error })
    }
  }

  #powerUp(): Microengine {
    const core = new Microengine({ memory: this.#window })
    core.load(CONTROL_STORE.start, this.#placed.words)
    core.setRoutine(CONTROL_STORE.done, { name: 'done', enter: () => [], leave: () => PARKED })
    const maps = new Map(this.#placed.maps.map((map) => [map.number, map]))
    const scope = { environment: this.#environment, maps, window: this.#window, run: this.#run }
    for (const [address, routine] of helperRoutines(scope)) core.setRoutine(address, routine)
    return core
  }
}
