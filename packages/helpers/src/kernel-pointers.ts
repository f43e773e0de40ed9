/** Helpers on pointers to objects: exchanged in map values, and of one CPU. */
import { type Cpu, returnU32 } from '@bpfoundry/engine'
import { cpuStrideOf, heapOf } from './objects/object-heap.ts'
import { u32Argument } from './registers.ts'

/** bpf_kptr_xchg(field, object): puts the object there, or NULL; what was there before. */
export function kptrXchg(cpu: Cpu): void {
  const field = u32Argument(cpu, 1) >>> 2
  returnU32(cpu, Atomics.exchange(cpu.memory.i32, field, u32Argument(cpu, 2)) >>> 0)
}

/** bpf_per_cpu_ptr(object, cpu): what that CPU has of it; NULL where there is no such CPU. */
export function perCpuPtr(cpu: Cpu): void {
  const [object, of] = [u32Argument(cpu, 1), u32Argument(cpu, 2)]
  const isThere = of < (heapOf(cpu)?.cpus ?? 0)
  returnU32(cpu, isThere ? object + of * cpuStrideOf(cpu.memory, object) : 0)
}

/** bpf_this_cpu_ptr(object) */
export function thisCpuPtr(cpu: Cpu): void {
  const object = u32Argument(cpu, 1)
  returnU32(cpu, object + cpu.id * cpuStrideOf(cpu.memory, object))
}
