/** Memories that a command can go to. Local memory and registers are part of the instructions' cycles. */
export type CommandMemory = 'ctm' | 'imem' | 'emem'

/** A command that a core sent on a packet's way. */
export interface PathCommand {
  readonly memory: CommandMemory
  readonly operation: 'read' | 'write' | 'add'
  readonly address: number
  readonly bytes: number
  /** The context waits for the answer, and others run meanwhile. */
  readonly waits: boolean
}

/** Instructions that a context runs through without giving its core away, then a command; the last step has none. */
export interface PathStep {
  readonly cycles: number
  readonly command?: PathCommand
}

/** What happens to the packet at the end. */
export type PathDisposition = 'pass' | 'drop' | 'redirect'

/**
 * One packet's way through the program, as a core executed it: what it costs the core, and what it asks of memories. The
 * firmware's part around the program is not in it.
 */
export interface PacketPath {
  readonly steps: readonly PathStep[]
  readonly disposition: PathDisposition
  /** Bytes of the frame when it leaves, without its check sequence. */
  readonly egressBytes: number
}

/** Cycles that the core itself spends in the program. */
export function pathCycles({ steps }: PacketPath): number {
  return steps.reduce((sum, { cycles }) => sum + cycles, 0)
}
