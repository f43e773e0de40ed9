/** Locks in map values: a word that is 0 when nobody holds it, as programs and their users see it. */
import type { Cpu } from '@bpfoundry/engine'
import { acquireLock } from '@bpfoundry/guest-memory'
import { u32Argument } from './registers.ts'

/** bpf_spin_lock(lock): waits for the other CPU that holds it. */
export function spinLock(cpu: Cpu): void {
  acquireLock(cpu.memory, u32Argument(cpu, 1))
}

/** bpf_spin_unlock(lock) */
export function spinUnlock(cpu: Cpu): void {
  Atomics.store(cpu.memory.i32, u32Argument(cpu, 1) >>> 2, 0)
}
