import { BPF_ATTR_BYTES, ERRNO } from '@bpfoundry/kernel-abi'
import { AttrWriter } from './attr-writer.ts'
import type { Libc } from './native-memory.ts'

/** Insns, packets, BTF of one call; pages are only taken as they are used. */
const SCRATCH_BYTES = 64 << 20
const RETRIES = 5

/** bpf(2), and the descriptors that it gave. */
export class SystemCall {
  /** Of the last call that failed. */
  errno: number = 0
  private readonly libc: Libc
  private readonly attr: AttrWriter
  private readonly open: Set<number> = new Set()

  constructor(libc: Libc) {
    this.libc = libc
    this.attr = new AttrWriter(libc.allocate(SCRATCH_BYTES))
  }

  /**
   * One call with the attributes that `fill` sets. A signal may interrupt the verifier (EAGAIN): then it asks again.
   *
   * @returns the kernel's result, or -1 with {@link errno}
   */
  run(command: number, fill: (attr: AttrWriter) => void): number {
    for (let attempt = 1; ; attempt++) {
      this.attr.reset()
      fill(this.attr)
      const result = this.libc.bpf(command, this.attr.address, BPF_ATTR_BYTES)
      if (result >= 0) return result
      this.errno = this.libc.errno()
      if (this.errno !== ERRNO.EAGAIN || attempt === RETRIES) return -1
    }
  }

  /** What the kernel wrote back into the attributes of the last call. */
  get answer(): AttrWriter {
    return this.attr
  }

  /** Remembers a descriptor, to close it with the rest. */
  keep(fd: number): void {
    this.open.add(fd)
  }

  close(fd: number): void {
    if (this.open.delete(fd)) this.libc.close(fd)
  }

  closeAll(): void {
    for (const fd of this.open) this.libc.close(fd)
    this.open.clear()
  }

  get openDescriptors(): number {
    return this.open.size
  }
}
