import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import { ERRNO, errnoName, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { KernelMaps, type OracleEntry, type OracleMap, type OracleMapSpec } from './kernel-maps.ts'
import {
  KernelPrograms,
  type LoadAnswer,
  type OracleProgram,
  type ProgramInfo,
  type RunAnswer,
  type TestRun,
} from './kernel-programs.ts'
import { bindLibc, type Libc } from './native-memory.ts'
import { SystemCall } from './system-call.ts'

/**
 * The running kernel as a judge: it loads programs, keeps maps and test-runs packets. Nothing is attached, pinned or
 * sent, and what is open is closed by {@link close} or at the end of a `using` block.
 */
export class KernelOracle {
  /** `uname -r` */
  readonly release: string = release()
  readonly possibleCpus: number
  private readonly call: SystemCall
  private readonly maps: KernelMaps
  private readonly programs: KernelPrograms

  constructor(libc: Libc) {
    this.possibleCpus = countPossibleCpus()
    this.call = new SystemCall(libc)
    this.maps = new KernelMaps(this.call, this.possibleCpus)
    this.programs = new KernelPrograms(this.call, libc)
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
    return this.programs.loadBtf(btf)
  }

  /** The verdict. A refused program is an answer, not an error. */
  loadProgram(program: OracleProgram): LoadAnswer {
    return this.programs.load(program)
  }

  /** Runs a loaded program on a packet of its own. */
  testRun(fd: number, run: TestRun): RunAnswer {
    return this.programs.testRun(fd, run)
  }

  /** @throws OracleError ORACLE_ARGUMENT when `fd` is no program */
  programInfo(fd: number): ProgramInfo {
    return this.programs.info(fd)
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

/** The highest number in /sys/devices/system/cpu/possible ("0-1", "0,2-3"), plus one: per-CPU values are that many. */
function countPossibleCpus(): number {
  const list = readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim()
  return Number(list.split(/[,-]/).at(-1)) + 1
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
export function kernelOracle(): KernelOracle | OracleUnavailable {
  if (process.platform !== 'linux') return { unavailable: `the kernel oracle needs Linux, not ${process.platform}` }
  const libc = bindLibc(process.arch)
  if (libc === undefined) return { unavailable: `the kernel oracle has no bpf(2) number for ${process.arch}` }
  const oracle = new KernelOracle(libc)
  return tryToLoad(oracle) ?? oracle
}
