import type { GuestMemory } from '@bpfoundry/guest-memory'
import { type NfpTranslation, relocate } from '@bpfoundry/jit-nfp'
import type { BpfMap } from '@bpfoundry/maps'
import {
  CORE_TIMING,
  type CoreTiming,
  type FirmwareRoutine,
  type MemoryCommandSlot,
  type MemoryPort,
  Microengine,
  PARKED,
} from '@bpfoundry/microengine'
import { firmwareResult } from '../result-word.ts'
import type { PacketOutcome } from './card-cores.ts'
import type { FirmwareBuild } from './card-run.ts'
import { CARD_TIMING } from './card-timing.ts'
import { LookupRoutine } from './firmware-lookup.ts'
import type { CommandMemory, PathCommand } from './packet-path.ts'
import type { FirmwareCycles } from './step-table.ts'

/** Where the card's firmware has its routines, and programs begin. */
const [RECEIVE, DONE, HELPERS, START] = [32, 64, 1024, 3072]
const LOOKUP_HELPER = 1
/** Packets begin behind 128 bytes of room and the MAC's 8 bytes. @see nfp.md 2.2 */
const PACKET_OFFSET = 136
/** A packet's buffer: the lower half of a packet's address is its offset, as `bpf_xdp_adjust_head` takes it. */
const BUFFER_BYTES = 1 << 16
/** Local memory of a context: the packet's vector, its stack. */
const [VECTOR_BYTES, STACKS, STACK_BYTES] = [64, 512, 512]
const [VECTOR_LENGTH, VECTOR_POINTER] = [0, 2]
const LENGTH_MASK = 0x3fff

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
}

/** What a core is made of. */
export interface CardCoreOptions {
  readonly id: number
  readonly contexts: 4 | 8
  readonly port: MemoryPort
  readonly program: CardProgram
  /** The firmware's part of each packet. */
  readonly cycles: FirmwareCycles
  /** A context is done with its packet. */
  readonly onDone: (context: number, cycle: number) => void
}

/** A core with a program and as much of the firmware as a program meets. */
export class CardCore {
  readonly engine: Microengine
  readonly #memory: GuestMemory
  readonly #buffers: readonly number[]
  readonly #lookup: LookupRoutine

  constructor({ id, contexts, port, program, cycles, onDone }: CardCoreOptions) {
    const { memory, firmware, translation, maps } = program
    this.#memory = memory
    this.engine = new Microengine({ id, contexts, memory: port, timing: TIMING })
    this.#buffers = Array.from(
      { length: contexts },
      () => memory.allocate('card packet', 'packet', BUFFER_BYTES, BUFFER_BYTES).address,
    )
    const helpers = new Map([[LOOKUP_HELPER, HELPERS + LOOKUP_HELPER]])
    this.engine.load(START, relocate(translation, { start: START, done: DONE, helpers }))
    const commands = firmware !== 'arrays'
    const lookupCycles = (commands ? CARD_TIMING.lookupFull : CARD_TIMING.lookupArrays).value
    const scratch = memory.allocate('card key', 'ctx', LookupRoutine.scratchBytes).address
    this.#lookup = new LookupRoutine({ memory, maps, cycles: lookupCycles, commands }, scratch)
    this.engine.setRoutine(HELPERS + LOOKUP_HELPER, this.#lookup)
    this.engine.setRoutine(
      RECEIVE,
      computing('receive', cycles.before, () => START),
    )
    this.engine.setRoutine(
      DONE,
      computing('done', cycles.after, (context) => {
        const { base, cycle } = this.engine.context(context)
        onDone(context, base + cycle)
        return PARKED
      }),
    )
  }

  /** A packet for a context that waits for one; the frame is copied. @see nfp.md 1.3 */
  give(context: number, frame: Uint8Array, cycle: number): void {
    const { engine } = this
    const buffer = this.#buffers[context] as number
    this.#memory.write(buffer + PACKET_OFFSET, frame)
    const vector = context * VECTOR_BYTES
    const stack = STACKS + context * STACK_BYTES
    const local = engine.state.localMemory
    local[vector / 4 + VECTOR_LENGTH] = frame.length
    local[vector / 4 + VECTOR_POINTER] = buffer + PACKET_OFFSET
    engine.setLocalMemoryAddress(context, 0, stack)
    engine.setLocalMemoryAddress(context, 1, vector)
    const { a, b } = engine.context(context)
    a[22] = stack
    b[22] = frame.length
    engine.start(context, RECEIVE, cycle)
  }

  /** What became of the packet that a context is done with. */
  outcome(context: number): PacketOutcome {
    const bits = ((this.engine.context(context).a[0] ?? 0) >>> 16) & 0xff
    const length = this.engine.state.localMemory[(context * VECTOR_BYTES) / 4 + VECTOR_LENGTH] ?? 0
    return { disposition: firmwareResult(bits).disposition, egressBytes: length & LENGTH_MASK }
  }

  /** A command as the card sees it. */
  commandOf({ context, memory, address, operation, units, wakes }: MemoryCommandSlot): PathCommand {
    return {
      memory: (memory as CommandMemory | undefined) ?? this.#memoryAt(context, address),
      operation: operation.direction === 'add-immediate' ? 'add' : operation.direction,
      address: memory === undefined ? address : this.#lookup.elementOf(context),
      bytes: units * operation.unitBytes,
      waits: wakes,
    }
  }

  #memoryAt(context: number, address: number): CommandMemory {
    const buffer = this.#buffers[context] as number
    return address >= buffer && address < buffer + BUFFER_BYTES ? 'ctm' : 'emem'
  }
}

/** A routine that only takes its time. */
function computing(name: string, cycles: number, leave: (context: number) => number): FirmwareRoutine {
  const steps = [{ kind: 'compute', cycles }] as const
  return { name, enter: () => steps, leave: (_core, context) => leave(context) }
}
