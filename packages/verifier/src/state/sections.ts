/**
 * Sections that a path is in between calls of the kernel's functions: under RCU, whose readers nest not, and with preemption
 * disabled, which is counted. Immutable: states share them.
 */
export interface Sections {
  /** bpf_rcu_read_lock was called, bpf_rcu_read_unlock was not. */
  readonly isReadSide: boolean
  /** Calls of bpf_preempt_disable that bpf_preempt_enable is still to answer. */
  readonly preemptDepth: number
  /** Of a path that began in a callback which runs later: it may sleep, as a work queue's does. */
  readonly maySleep: boolean
}

export const NO_SECTIONS: Sections = { isReadSide: false, preemptDepth: 0, maySleep: false }

export function sameSections(one: Sections, other: Sections): boolean {
  return (
    one.isReadSide === other.isReadSide && one.preemptDepth === other.preemptDepth && one.maySleep === other.maySleep
  )
}
