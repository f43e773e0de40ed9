import { type AttrField, BPF_ATTR_BYTES } from '@bpfoundry/kernel-abi'
import type { NativeMemory } from './native-memory.ts'
import { OracleError } from './oracle-error.ts'

const ALIGNMENT = 8
const TWO_TO_32 = 2 ** 32

/** Bytes that the kernel is told the address of. */
export interface Room {
  readonly address: number
  readonly bytes: Uint8Array
}

/** One bpf_attr and what it points to, in memory that is used again for the next call. */
export class AttrWriter {
  private readonly memory: NativeMemory
  private used: number = BPF_ATTR_BYTES

  constructor(memory: NativeMemory) {
    this.memory = memory
  }

  /** Address of the bpf_attr. */
  get address(): number {
    return this.memory.address
  }

  /** Starts the next call: everything is zero, nothing is pointed to. */
  reset(): void {
    this.memory.bytes.fill(0, 0, BPF_ATTR_BYTES)
    this.used = BPF_ATTR_BYTES
  }

  set(field: AttrField, value: number): void {
    const [offsetBytes, sizeBytes] = field
    this.memory.view.setUint32(offsetBytes, value, true)
    if (sizeBytes === 8) this.memory.view.setUint32(offsetBytes + 4, Math.floor(value / TWO_TO_32), true)
  }

  /** A name: cut to 15 characters, as the kernel's object names are. */
  setName(field: AttrField, name: string): void {
    const [offsetBytes, sizeBytes] = field
    this.memory.bytes.set(new TextEncoder().encode(name).subarray(0, sizeBytes - 1), offsetBytes)
  }

  getU32(field: AttrField): number {
    return this.memory.view.getUint32(field[0], true)
  }

  /** Room for `sizeBytes`; what was there before is still in it. */
  reserve(sizeBytes: number): Room {
    const at = this.used
    const end = at + Math.ceil(sizeBytes / ALIGNMENT) * ALIGNMENT
    if (end > this.memory.bytes.length) {
      throw new OracleError({
        code: 'ORACLE_MEMORY',
        message: 'the question is too large for the memory set aside for it',
        got: `${end} bytes`,
        expected: `at most ${this.memory.bytes.length}`,
      })
    }
    this.used = end
    return { address: this.memory.address + at, bytes: this.memory.bytes.subarray(at, at + sizeBytes) }
  }

  /** Copies `bytes` and points `field` to the copy; a null pointer for none. */
  point(field: AttrField, bytes: Uint8Array): void {
    const room = this.reserve(bytes.length)
    room.bytes.set(bytes)
    if (bytes.length > 0) this.set(field, room.address)
  }

  /** Points `field` to room for `sizeBytes` that the kernel writes. */
  pointOut(field: AttrField, sizeBytes: number): Uint8Array {
    const room = this.reserve(sizeBytes)
    if (sizeBytes > 0) this.set(field, room.address)
    return room.bytes
  }
}
