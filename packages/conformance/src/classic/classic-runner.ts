import {
  CbpfError,
  type ClassicHost,
  type ClassicInsn,
  ClassicMachine,
  checkAttach,
  type SocketBuffer,
} from '@bpfoundry/cbpf'

/** A classic program that was accepted. */
export interface ClassicProgram {
  /** @returns 32 bits, unsigned */
  run(buffer: SocketBuffer): number
  /** It is not run any more. */
  release(): void
}

/** One way to run classic programs. */
export interface ClassicRunner {
  readonly engine: string
  /** @throws CbpfError where the program is refused, by the checker or because its translation has too far a jump */
  load(insns: readonly ClassicInsn[]): ClassicProgram
  close(): void
}

/** Runs that repeat, like those of the kernel's tests on one CPU. */
export const CLASSIC_HOST: ClassicHost = { cpu: 0, random: () => 0x5eed5eed }

/** Classic programs on the classic machine; its engine is called `cbpf`. */
export function createClassicRunner(host: ClassicHost = CLASSIC_HOST): ClassicRunner {
  return {
    engine: 'cbpf',
    load: (insns) => {
      requireAttach(insns)
      const machine = new ClassicMachine(insns)
      return { run: (buffer) => machine.run(buffer, host).result, release: () => undefined }
    },
    close: () => undefined,
  }
}

/** The machine runs programs that the kernel can't translate, but it is the kernel's verdict that is asked for. */
function requireAttach(insns: readonly ClassicInsn[]): void {
  const problem = checkAttach(insns)
  if (problem === undefined) return
  throw new CbpfError({ code: 'CBPF_REFUSED', message: problem.message, where: { pc: problem.pc } })
}
