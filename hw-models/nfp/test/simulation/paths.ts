import type { PacketPath, PathCommand, PathDisposition } from '../../src/index.ts'

/** A path that only computes. */
export function computing(cycles: number, disposition: PathDisposition = 'drop', egressBytes = 60): PacketPath {
  return { steps: [{ cycles }], disposition, egressBytes }
}

/** A path that sends one command several times, some instructions between them. */
export function commanding(times: number, cycles: number, command: Partial<PathCommand> = {}): PacketPath {
  const whole: PathCommand = { memory: 'emem', operation: 'read', address: 4096, bytes: 4, waits: true, ...command }
  return {
    steps: [...Array.from({ length: times }, () => ({ cycles, command: whole })), { cycles: 8 }],
    disposition: 'drop',
    egressBytes: 60,
  }
}
