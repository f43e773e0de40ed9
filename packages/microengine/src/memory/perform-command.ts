/** What a command does to the bytes of memory and to transfer registers. */
import { MicroengineError } from '../microengine-error.ts'
import type { MemoryCommandSlot } from './memory-command.ts'

/** Memory that commands reach, by guest address. */
export interface CardMemory {
  readonly bytes: Uint8Array
}

const WORD_BYTES = 4
const TOP_SHIFT = 24

/** Carries a command out; one with `perform` moves no bytes. @throws MicroengineError MICROENGINE_ADDRESS */
export function performCommand(memory: CardMemory, command: MemoryCommandSlot): void {
  if (command.perform !== undefined) {
    command.perform(command.core, command.context)
    return
  }
  if (command.memory !== undefined) return
  const { operation, units, address } = command
  const lengthBytes = units * operation.unitBytes
  if (address + lengthBytes > memory.bytes.length) {
    throw new MicroengineError({
      code: 'MICROENGINE_ADDRESS',
      message: `${operation.name} leaves the memory`,
      got: `${lengthBytes} bytes at 0x${address.toString(16)}`,
      expected: `up to 0x${memory.bytes.length.toString(16)}`,
    })
  }
  if (operation.direction === 'read') read(memory.bytes, command, lengthBytes)
  else if (operation.direction === 'write') write(memory.bytes, command, lengthBytes)
  else add(memory.bytes, command)
}

function read(bytes: Uint8Array, command: MemoryCommandSlot, lengthBytes: number): void {
  const { address, xfer, operation } = command
  const registers = command.core.state.xferIn
  for (let done = 0; done < lengthBytes; done += WORD_BYTES) {
    let word = 0
    for (let byte = 0; byte < WORD_BYTES && done + byte < lengthBytes; byte++) {
      const value = bytes[address + done + byte] ?? 0
      word |= value << (operation.littleEndian ? 8 * byte : TOP_SHIFT - 8 * byte)
    }
    registers[xfer + (done >>> 2)] = word
  }
}

function write(bytes: Uint8Array, command: MemoryCommandSlot, lengthBytes: number): void {
  const { address, xfer, operation } = command
  const registers = command.core.state.xferOut
  for (let done = 0; done < lengthBytes; done++) {
    const word = registers[xfer + (done >>> 2)] ?? 0
    const byte = done & 3
    bytes[address + done] = word >>> (operation.littleEndian ? 8 * byte : TOP_SHIFT - 8 * byte)
  }
}

/** Sums are of big-endian words, the low one first. */
function add(bytes: Uint8Array, command: MemoryCommandSlot): void {
  const { address, units, operation, xfer, data } = command
  const registers = command.core.state.xferOut
  const immediate = operation.direction === 'add-immediate'
  let carry = 0
  for (let word = 0; word < units; word++) {
    const at = address + word * WORD_BYTES
    const addend = immediate ? (word === 0 ? data : 0) : (registers[xfer + word] ?? 0)
    const sum = bigEndian(bytes, at) + (addend >>> 0) + carry
    carry = sum > 0xffffffff ? 1 : 0
    for (let byte = 0; byte < WORD_BYTES; byte++) bytes[at + byte] = (sum | 0) >>> (TOP_SHIFT - 8 * byte)
  }
}

function bigEndian(bytes: Uint8Array, at: number): number {
  let word = 0
  for (let byte = 0; byte < WORD_BYTES; byte++) word = word * 256 + (bytes[at + byte] ?? 0)
  return word
}
