import type { Cpu } from '@bpfoundry/engine'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import type { BpfMap } from '@bpfoundry/maps'

/** What helpers need of their surroundings. All of it belongs to one thread. */
export interface HelperEnvironment {
  readonly memory: GuestMemory
  /** The map whose header lies at a guest address. Called for every map access: keep handles. */
  mapAt(address: number): BpfMap
  /** Takes what bpf_trace_printk and bpf_trace_vprintk wrote, as it would stand in the trace after `bpf_trace_printk: `. */
  trace?(cpu: Cpu, text: string): void
}
