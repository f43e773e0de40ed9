/** What a core has done. */
export interface CoreCounters {
  /** Cycles in which a context had the core. */
  busyCycles: number
  /** Of these, cycles that a command waited for its turn. */
  spacingCycles: number
  /** Commands that went to memories. */
  commands: number
}
