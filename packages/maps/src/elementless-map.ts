import { SyscallSide } from './syscall-side.ts'

/** A map in which helpers and bpf(2) find no elements, and which takes none. */
export abstract class ElementlessMap extends SyscallSide {
  /** What every change is answered with: a negative errno. */
  protected abstract get refusal(): number

  lookup(): number {
    return 0
  }

  update(): number {
    return this.refusal
  }

  delete(): number {
    return this.refusal
  }

  protected sysLookup(): number {
    return 0
  }

  protected sysUpdate(): number {
    return this.refusal
  }

  protected sysDelete(): number {
    return this.refusal
  }

  protected nextKeyAddress(): number {
    return 0
  }
}
