import { ERRNO, errnoName, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { loadBtf } from './btf-load.ts'
import { KernelMaps, type OracleEntry, type OracleMap, type OracleMapSpec } from './kernel-maps.ts'
import { KernelTypes } from './kernel-types.ts'
import { bindLibc, type Libc } from './native-memory.ts'
import { type KernelProbe, probeKernel } from './probe.ts'
import { type ProgramInfo, programInfo } from './program-info.ts'
import { LOG_BYTES, type LoadAnswer, type OracleProgram, ProgramLoads } from './program-load.ts'
import { type RunAnswer, type TestRun, testRun } from './program-run.ts'
import { SystemCall } from './system-call.ts'

/** Options of {@link kernelOracle}. */
export interface OracleOptions {
  /** What a load or a run may take; a minute by default. */
  readonly timeLimitMs?: number
}

const DEFAULT_TIME_LIMIT_MS = 60_000

/**
 * The running kernel as a judge: it loads programs, keeps maps and test-runs packets. Nothing is attached, pinned or
 * sent, and what is open is closed by {@link close} or at the end of a `using` block. It belongs to the thread that made
 * it.
 */
export class KernelOracle {
  /** What kernel it is, and its settings. */
  readonly probe: KernelProbe
  private readonly call: SystemCall
  private readonly maps: KernelMaps
  private readonly loads: ProgramLoads
  private readonly types: KernelTypes = new KernelTypes()

  constructor(libc: Libc, { timeLimitMs = DEFAULT_TIME_LIMIT_MS }: OracleOptions = {}) {
    this.probe = probeKernel()
    this.call = new SystemCall(libc, timeLimitMs)
    this.maps = new KernelMaps(this.call, this.probe.possibleCpus)
    this.loads = new ProgramLoads(this.call, this.types, libc.allocate(LOG_BYTES))
  }

  /** `uname -r` */
  get release(): string {
    return this.probe.release
  }

  get possibleCpus(): number {
    return this.probe.possibleCpus
  }

  /** @throws OracleError ORACLE_MAP_CREATE with the kernel's errno */
  createMap(spec: OracleMapSpec): OracleMap {
    return this.maps.create(spec)
  }

  /** @returns 0 or the kernel's errno @throws OracleError ORACLE_ARGUMENT for wrong lengths */
  updateMap(map: OracleMap, key: Uint8Array, value: Uint8Array, flags: number = 0): number {
    return this.maps.update(map, key, value, flags)
  }

  /** @returns 0 or the kernel's errno */
  deleteFromMap(map: OracleMap, key: Uint8Array): number {
    return this.maps.delete(map, key)
  }

  /** The value, undefined when there is none (ENOENT). @throws OracleError ORACLE_MAP_ACCESS for any other errno */
  lookupMap(map: OracleMap, key: Uint8Array): Uint8Array | undefined {
    return this.maps.lookup(map, key)
  }

  /** The key after `key`, the first for undefined; undefined after the last. */
  nextKey(map: OracleMap, key?: Uint8Array): Uint8Array | undefined {
    return this.maps.nextKey(map, key)
  }

  /** All entries, in the kernel's order. */
  dumpMap(map: OracleMap): OracleEntry[] {
    return this.maps.dump(map)
  }

  /** @returns 0 or the kernel's errno */
  freezeMap(map: OracleMap): number {
    return this.maps.freeze(map)
  }

  /** A descriptor for {@link OracleProgram.btfFd} and {@link OracleMapSpec.btfFd}. @throws OracleError ORACLE_BTF_LOAD */
  loadBtf(btf: Uint8Array): number {
    return loadBtf(this.call, btf)
  }

  /** The verdict. A refused program is an answer, not an error. */
  loadProgram(program: OracleProgram): LoadAnswer {
    return this.loads.load(program)
  }

  /** Runs a loaded program on a packet of its own. */
  testRun(fd: number, run: TestRun): RunAnswer {
    return testRun(this.call, fd, run)
  }

  /** @param withCode also the machine code @throws OracleError ORACLE_ARGUMENT when `fd` is no program */
  programInfo(fd: number, withCode: boolean = false): ProgramInfo {
    return programInfo(this.call, fd, withCode)
  }

  /** The BTF id of a type of the kernel's own; undefined where it has none of that name. @param kind BTF_KIND of `btf` */
  kernelTypeId(name: string, kind: number): number | undefined {
    return this.types.find(name, kind)
  }

  /** The BTF id of what a program is bound to by {@link OracleProgram.attachTo}; undefined where there is no such symbol. */
  attachTargetId(symbol: string, expectedAttachType: number, programType?: number): number | undefined {
    return this.types.attachTarget(symbol, expectedAttachType, programType)
  }

  /** Closes one descriptor, or everything that is still open. */
  close(fd?: number): void {
    if (fd === undefined) this.call.closeAll()
    else this.call.close(fd)
  }

  /** Descriptors that are still open. */
  get openDescriptors(): number {
    return this.call.openDescriptors
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** Why the kernel can't be asked. */
export interface OracleUnavailable {
  /** One line, for a test's skip message. */
  readonly unavailable: string
}

/** r0 = 0; exit */
const SMALLEST_PROGRAM = Uint8Array.of(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0)

function tryToLoad(oracle: KernelOracle): OracleUnavailable | undefined {
  const answer = oracle.loadProgram({ type: PROG_TYPE.XDP, insns: SMALLEST_PROGRAM, logLevel: 0 })
  oracle.close()
  if (answer.ok) return undefined
  if (answer.errno === ERRNO.ENOSYS) return { unavailable: 'this kernel has no bpf(2)' }
  const who = 'needs root, or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN'
  return { unavailable: `bpf(2) answers ${errnoName(answer.errno)}: the kernel oracle ${who}` }
}

/** The running kernel, or why it can't be asked: another system, an architecture without a binding, no permission. */
export function kernelOracle(options: OracleOptions = {}): KernelOracle | OracleUnavailable {
  if (process.platform !== 'linux') return { unavailable: `the kernel oracle needs Linux, not ${process.platform}` }
  const libc = bindLibc(process.arch)
  if (typeof libc === 'string') return { unavailable: libc }
  const oracle = new KernelOracle(libc, options)
  return tryToLoad(oracle) ?? oracle
}
