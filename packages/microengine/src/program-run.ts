/**
 * A program of the driver, one packet after another: the registers that it expects, its result, and how long it took on a core
 * that has nothing else to do.
 *
 * Entry (nfp.md 1.3): *l$index1 is the packet vector, whose words 0 and 2 hold length and packet pointer, 4 and 6 the selected
 * queue; gprA_22 and index register 0 are the stack. Exit: a branch to the address that ends packets, the result in gprA_0.
 */
import type { Word } from '@bpfoundry/microcode'
import type { FirmwareRoutine } from './firmware.ts'
import { PARKED } from './firmware.ts'
import { ImmediateMemory } from './memory/immediate-memory.ts'
import type { CardMemory } from './memory/perform-command.ts'
import { type Execution, Microengine } from './microengine.ts'

/** Words of the packet vector that programs look at. @see nfp driver, main.h enum pkt_vec */
export const PACKET_VECTOR = { length: 0, pointer: 2, queueSelected: 4, queue: 6 } as const
/** Bits of the packet vector's first word that hold the length. */
const LENGTH_MASK = 0x3fff
/** Register of bank A that holds the stack's base. */
const STACK_REGISTER = 22
/** Bytes of local memory between the stack's base and the packet vector: the stack's greatest length. */
export const STACK_BYTES = 512
/** Bytes of local memory of a context. */
const CONTEXT_BYTES = 1024

/** A packet for a program. */
export interface ProgramPacket {
  /** Guest address of its first byte. Its low 16 bits are the offset in the packet's buffer, as the firmware has it. */
  readonly address: number
  readonly lengthBytes: number
}

/** What a program did with a packet. */
export interface ProgramResult {
  /** The result word: what becomes of the packet in bits 16 to 23. */
  readonly resultWord: number
  /** Cycles from entry to exit, waiting for memories included. */
  readonly cycles: number
  /** Where the packet begins and how long it is now. */
  readonly address: number
  readonly lengthBytes: number
  /** The queue that the program selected. */
  readonly queue: number | undefined
}

/** What a run needs. */
export interface ProgramRunOptions {
  readonly memory: CardMemory
  /** Loadable words, and where they go. */
  readonly words: readonly Word[]
  readonly startAddress: number
  /** The address that programs branch to when they are done. */
  readonly doneAddress: number
  /** Helpers by address. */
  readonly routines?: ReadonlyMap<number, FirmwareRoutine>
  /** What each command to memory takes. */
  readonly latencyCycles?: number
  readonly execution?: Execution
  readonly seed?: number
}

const LATENCY_CYCLES = 100
/** How far a run goes at once: commands complete at once, so no step is too long. */
const STRETCH_CYCLES = 1_000_000

/** A core with one program. */
export class ProgramRun {
  readonly core: Microengine
  readonly #startAddress: number
  #doneAt = 0

  /** @throws MicroengineError MICROENGINE_STORE */
  constructor(options: ProgramRunOptions) {
    const { execution, seed, routines } = options
    this.#startAddress = options.startAddress
    this.core = new Microengine({
      memory: new ImmediateMemory(options.memory, options.latencyCycles ?? LATENCY_CYCLES),
      ...(execution === undefined ? {} : { execution }),
      ...(seed === undefined ? {} : { seed }),
    })
    this.core.load(options.startAddress, options.words)
    for (const [address, routine] of routines ?? []) this.core.setRoutine(address, routine)
    this.core.setRoutine(options.doneAddress, {
      name: 'done',
      enter: (core, context) => {
        this.#doneAt = core.context(context).base + core.context(context).cycle
        return []
      },
      leave: () => PARKED,
    })
  }

  /** Runs the program on a packet. @throws MicroengineError all codes but MICROENGINE_STORE */
  run(packet: ProgramPacket): ProgramResult {
    const { core } = this
    const begin = core.cycle
    enterProgram(core, 0, packet)
    core.start(0, this.#startAddress)
    while (!core.isParked(0)) core.run(core.nextCycle() + STRETCH_CYCLES)
    return { ...programResult(core, 0), cycles: this.#doneAt - begin }
  }
}

/** Sets a context's registers as a program expects them at its first word. */
export function enterProgram(core: Microengine, context: number, packet: ProgramPacket): void {
  const stack = context * CONTEXT_BYTES
  const vector = (stack + STACK_BYTES) / 4
  const { localMemory } = core.state
  localMemory[vector + PACKET_VECTOR.length] = packet.lengthBytes & LENGTH_MASK
  localMemory[vector + PACKET_VECTOR.pointer] = packet.address
  localMemory[vector + PACKET_VECTOR.queueSelected] = 0
  localMemory[vector + PACKET_VECTOR.queue] = 0
  core.context(context).a[STACK_REGISTER] = stack
  core.setLocalMemoryAddress(context, 0, stack)
  core.setLocalMemoryAddress(context, 1, stack + STACK_BYTES)
}

/** Bit of the queue selection that says that there is one. */
const QUEUE_SELECTED = 0x10

/** What a program left at its end. */
export function programResult(core: Microengine, context: number): Omit<ProgramResult, 'cycles'> {
  const vector = (context * CONTEXT_BYTES + STACK_BYTES) / 4
  const { localMemory } = core.state
  const selected = ((localMemory[vector + PACKET_VECTOR.queueSelected] ?? 0) & QUEUE_SELECTED) !== 0
  return {
    resultWord: (core.context(context).a[0] ?? 0) >>> 0,
    address: (localMemory[vector + PACKET_VECTOR.pointer] ?? 0) >>> 0,
    lengthBytes: (localMemory[vector + PACKET_VECTOR.length] ?? 0) & LENGTH_MASK,
    queue: selected ? (localMemory[vector + PACKET_VECTOR.queue] ?? 0) & 0xff : undefined,
  }
}
