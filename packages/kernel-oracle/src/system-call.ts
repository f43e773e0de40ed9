import { BPF_ATTR_BYTES, BPF_CMD, ERRNO } from '@bpfoundry/kernel-abi'
import { AttrWriter } from './attr-writer.ts'
import { Capabilities } from './capabilities.ts'
import type { Libc } from './native-memory.ts'
import { TimeLimit } from './time-limit.ts'

/** Insns, packets, BTF of one call; pages are only taken as they are used. */
const SCRATCH_BYTES = 64 << 20
const RETRIES = 5

/** Commands that may take long. */
const LIMITED: ReadonlySet<number> = new Set([BPF_CMD.PROG_LOAD, BPF_CMD.PROG_TEST_RUN])

/** bpf(2), and the descriptors that it gave. */
export class SystemCall {
  /** Of the last call that failed. */
  errno: number = 0
  /** Whether the time limit ended the last call. */
  timedOut: boolean = false
  /** Wall clock of the last call. */
  durationMs: number = 0
  private readonly libc: Libc
  private readonly attr: AttrWriter
  private readonly limit: TimeLimit
  private readonly capabilities: Capabilities
  private readonly open: Set<number> = new Set()

  constructor(libc: Libc, timeLimitMs: number) {
    this.libc = libc
    this.attr = new AttrWriter(libc.allocate(SCRATCH_BYTES))
    this.limit = new TimeLimit(libc, timeLimitMs)
    this.capabilities = new Capabilities(libc)
  }

  /**
   * One call with the attributes that `fill` sets. A signal may interrupt the verifier (EAGAIN): then it asks again.
   *
   * @param withoutCapabilities numbers of those that the thread lays down for the call
   * @returns the kernel's result, or -1 with {@link errno}
   */
  run(command: number, fill: (attr: AttrWriter) => void, withoutCapabilities: readonly number[] = []): number {
    return this.capabilities.without(withoutCapabilities, () => this.attempt(command, fill, 1))
  }

  private attempt(command: number, fill: (attr: AttrWriter) => void, attempt: number): number {
    this.attr.reset()
    fill(this.attr)
    const { address } = this.attr
    const started = performance.now()
    const call = (): number => this.libc.call('bpf', command, address, BPF_ATTR_BYTES)
    const { result, timedOut } = LIMITED.has(command) ? this.limit.run(call) : { result: call(), timedOut: false }
    this.durationMs = performance.now() - started
    this.timedOut = timedOut
    if (result >= 0) return result
    this.errno = -result
    if (this.errno !== ERRNO.EAGAIN || timedOut || attempt === RETRIES) return -1
    return this.attempt(command, fill, attempt + 1)
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
    this.limit.close()
  }

  get openDescriptors(): number {
    return this.open.size
  }
}
