import type { Libc, NativeMemory } from './native-memory.ts'
import { systemCallError } from './oracle-error.ts'

/** Numbers of the capabilities that loading a program depends on. @see include/uapi/linux/capability.h */
export const CAPABILITY = { NET_ADMIN: 12, SYS_ADMIN: 21, PERFMON: 38, BPF: 39 } as const

const VERSION_3 = 0x20080522
/** struct __user_cap_header_struct: version, pid 0 for this thread. */
const HEADER_BYTES = 8
/** Two of struct __user_cap_data_struct: effective, permitted and inheritable, 32 capabilities each. */
const DATA_BYTES = 24
const MEMORY_BYTES = 4096

/** Lays capabilities of the calling thread down for a while; other threads keep theirs. @see capget(2) */
export class Capabilities {
  readonly #libc: Libc
  readonly #memory: NativeMemory

  constructor(libc: Libc) {
    this.#libc = libc
    this.#memory = libc.allocate(MEMORY_BYTES)
    this.#memory.view.setUint32(0, VERSION_3, true)
  }

  /** @throws OracleError ORACLE_CAPABILITIES */
  without<Result>(numbers: readonly number[], action: () => Result): Result {
    if (numbers.length === 0) return action()
    this.#call('capget')
    const { view, bytes } = this.#memory
    const before = bytes.slice(HEADER_BYTES, HEADER_BYTES + DATA_BYTES)
    for (const number of numbers) {
      const at = HEADER_BYTES + (DATA_BYTES / 2) * (number >>> 5)
      view.setUint32(at, view.getUint32(at, true) & ~(1 << (number & 31)), true)
    }
    this.#call('capset')
    try {
      return action()
    } finally {
      bytes.set(before, HEADER_BYTES)
      this.#call('capset')
    }
  }

  #call(name: 'capget' | 'capset'): void {
    const { address } = this.#memory
    const result = this.#libc.call(name, address, address + HEADER_BYTES)
    if (result !== 0) throw systemCallError('ORACLE_CAPABILITIES', `${name}(2) fails`, -result)
  }
}
