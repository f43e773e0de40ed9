import type { GuestMemory, Region } from '@bpfoundry/guest-memory'
import { type NfpTranslation, relocate } from '@bpfoundry/jit-nfp'
import type { BpfMap } from '@bpfoundry/maps'
import {
  CORE_TIMING,
  type CoreTiming,
  enterProgram,
  type FirmwareRoutine,
  type MemoryCommandSlot,
  type MemoryPort,
  Microengine,
  PARKED,
  programResult,
} from '@bpfoundry/microengine'
import { CONTROL_STORE } from '../engine/placed-program.ts'
import { firmwareResult } from '../result-word.ts'
import type { PacketOutcome } from './card-cores.ts'
import type { FirmwareBuild } from './card-run.ts'
import { CARD_TIMING } from './card-timing.ts'
import { MapRoutines } from './firmware-routines.ts'
import type { CommandMemory, PathCommand } from './packet-path.ts'
import type { FirmwareCycles } from './step-table.ts'

/** Where a context takes up a packet, in the firmware. */
const RECEIVE = 32
/** Packets begin behind 128 bytes of room and the MAC's 8 bytes. @see nfp.md 2.2 */
const PACKET_OFFSET = 136
/** A packet's buffer: the lower half of a packet's address is its offset, as `bpf_xdp_adjust_head` takes it. */
const BUFFER_BYTES = 1 << 16

/**
 * The distance that cores keep between commands was found by following single paths. Here it comes about by itself, for
 * contexts that all wait keep their core waiting: it must not be counted twice.
 */
const TIMING: CoreTiming = { ...CORE_TIMING, commandSpacing32Cycles: 0, commandSpacing40Cycles: 0 }

/** A program in its card, and what it works on. */
export interface CardProgram {
  readonly firmware: FirmwareBuild
  readonly translation: NfpTranslation
  readonly memory: GuestMemory
  /** Maps by the number that the card knows them by. */
  readonly maps: ReadonlyMap<number, BpfMap>
  /** Maps stay as they are: what a program adds, updates and deletes costs its time, but is not done. */
  readonly keepsMaps?: boolean
}

/** A program's words at their place in the control store: the same for all cores. */
export function placedWords({ translation }: CardProgram): readonly number[] {
  return relocate(translation, CONTROL_STORE)
}

/** What a core is made of. */
export interface CardCoreOptions {
  readonly id: number
  readonly contexts: 4 | 8
  readonly port: MemoryPort
  readonly program: CardProgram
  /** What `placedWords` made of the program. */
  readonly words: readonly number[]
  /** The firmware's part of each packet. */
  readonly cycles: FirmwareCycles
  /** A context is done with its packet. */
  readonly onDone: (context: number, cycle: number) => void
}

/** A core with a program and as much of the firmware as a program meets. */
export class CardCore {
  readonly engine: Microengine
  readonly #memory: GuestMemory
  /** Of the contexts that have had a packet. */
  readonly #buffers: Region[] = []
  readonly #routines: MapRoutines

  constructor({ id, contexts, port, program, words, cycles, onDone }: CardCoreOptions) {
    const { memory, firmware, maps, keepsMaps = false } = program
    this.#memory = memory
    this.engine = new Microengine({ id, contexts, memory: port, timing: TIMING })
    this.engine.load(CONTROL_STORE.start, words)
    const commands = firmware !== 'arrays'
    const { value } = commands ? CARD_TIMING.lookupFull : CARD_TIMING.lookupArrays
    this.#routines = new MapRoutines({ memory, maps, cycles: value, commands, keepsMaps })
    for (const [address, routine] of this.#routines.byAddress()) this.engine.setRoutine(address, routine)
    this.engine.setRoutine(
      RECEIVE,
      computing('receive', cycles.before, () => CONTROL_STORE.start),
    )
    this.engine.setRoutine(
      CONTROL_STORE.done,
      computing('done', cycles.after, (context) => {
        const { base, cycle } = this.engine.context(context)
        onDone(context, base + cycle)
        return PARKED
      }),
    )
  }

  /** A packet for a context that waits for one; the frame is copied. @see nfp.md 1.3 */
  give(context: number, frame: Uint8Array, cycle: number): void {
    const buffer = this.#buffers[context] ?? this.#newBuffer(context)
    const address = buffer.address + PACKET_OFFSET
    this.#memory.write(address, frame)
    enterProgram(this.engine, context, { address, lengthBytes: frame.length })
    this.engine.start(context, RECEIVE, cycle)
  }

  /** What became of the packet that a context is done with. */
  outcome(context: number): PacketOutcome {
    const { resultWord, lengthBytes } = programResult(this.engine, context)
    return { disposition: firmwareResult((resultWord >>> 16) & 0xff).disposition, egressBytes: lengthBytes }
  }

  /** Gives its guest memory back. */
  close(): void {
    for (const buffer of this.#buffers) if (buffer !== undefined) this.#memory.free(buffer)
    this.#routines.close()
  }

  /** A command as the card sees it. */
  commandOf({ context, memory, address, operation, units, wakes }: MemoryCommandSlot): PathCommand {
    return {
      memory: (memory as CommandMemory | undefined) ?? this.#memoryAt(context, address),
      operation: operation.direction === 'add-immediate' ? 'add' : operation.direction,
      address: memory === undefined ? address : this.#routines.elementOf(context),
      bytes: units * operation.unitBytes,
      waits: wakes,
    }
  }

  #memoryAt(context: number, address: number): CommandMemory {
    const { address: buffer = 0 } = this.#buffers[context] ?? {}
    return address >= buffer && address < buffer + BUFFER_BYTES ? 'ctm' : 'emem'
  }

  #newBuffer(context: number): Region {
    const buffer = this.#memory.allocate('card packet', 'packet', BUFFER_BYTES, BUFFER_BYTES)
    this.#buffers[context] = buffer
    return buffer
  }
}

/** A routine that only takes its time. */
function computing(name: string, cycles: number, leave: (context: number) => number): FirmwareRoutine {
  const steps = [{ kind: 'compute', cycles }] as const
  return { name, enter: () => steps, leave: (_core, context) => leave(context) }
}
