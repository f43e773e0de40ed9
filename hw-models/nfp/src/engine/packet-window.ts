import type { GuestMemory } from '@bpfoundry/guest-memory'
import { type MemoryCommandSlot, type MemoryPort, performCommand } from '@bpfoundry/microengine'

/**
 * Where programs on the core see the packet's buffer. A packet pointer's low 16 bits are the offset in the buffer, which
 * `bpf_xdp_adjust_head` checks; frames in guest memory lie anywhere, so they are seen through a window at the top of the
 * address space, where no guest memory lies.
 */
const WINDOW = 0xfffe_0000
/** Where the firmware puts a packet in its buffer. @see nfp.md 2.2: "MAC prepend 8 B, offset 128" */
const FIRST_OFFSET_BYTES = 128

/** What a command takes. Answers of this port only have to be in order, not on time: rates come from the card's simulation. */
const LATENCY_CYCLES = 100

/**
 * Memory of a core that runs one packet after another: guest memory, with the packet in its window. Counters lie in host
 * byte order, so that the host reads maps as they are; on the card they lie in the other one and the control path swaps them.
 */
export class PacketWindow implements MemoryPort {
  readonly #memory: GuestMemory
  #begin = 0

  constructor(memory: GuestMemory) {
    this.#memory = memory
  }

  /** Puts a packet into the window. @returns its address for the program */
  open(address: number): number {
    this.#begin = address - FIRST_OFFSET_BYTES
    return WINDOW + FIRST_OFFSET_BYTES
  }

  /** The guest address that a program's address means. */
  guestAddress(address: number): number {
    return address >= WINDOW ? address - WINDOW + this.#begin : address
  }

  issue(command: MemoryCommandSlot): void {
    const { direction } = command.operation
    if (command.memory === undefined) command.address = this.guestAddress(command.address)
    if (command.perform === undefined && (direction === 'add' || direction === 'add-immediate')) this.#add(command)
    else performCommand({ bytes: this.#memory.u8 }, command)
    command.core.complete(command, command.issuedAt + LATENCY_CYCLES)
  }

  /** 32 or 64 bits, also where other CPUs add at the same time: each word at once, the carry behind it. */
  #add({ address, units, operation, xfer, data, core }: MemoryCommandSlot): void {
    const words = this.#memory.u32
    const immediate = operation.direction === 'add-immediate'
    let carry = 0
    for (let word = 0; word < units; word++) {
      const addend = (immediate ? (word === 0 ? data : 0) : (core.state.xferOut[xfer + word] ?? 0)) >>> 0
      const before = Atomics.add(words, (address >>> 2) + word, addend + carry)
      carry = before + addend + carry > 0xffff_ffff ? 1 : 0
    }
  }
}
