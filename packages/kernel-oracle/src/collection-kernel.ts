import type { Btf } from '@bpfoundry/btf'
import { type ErrnoName, errnoName, type MapAttributes } from '@bpfoundry/kernel-abi'
import type { LoadedMap, LoadedProgram, LoaderKernel, MapRequest, ProgramRequest } from '@bpfoundry/loader'
import type { OracleEntry, OracleMap } from './kernel-maps.ts'
import type { KernelOracle } from './kernel-oracle.ts'
import { OracleError, systemCallError } from './oracle-error.ts'
import type { LoadAnswer } from './program-load.ts'
import type { RunAnswer, TestRun } from './program-run.ts'

/** A map of a collection in the running kernel. */
export class OracleLoadedMap implements LoadedMap {
  readonly attributes: MapAttributes
  readonly map: OracleMap
  private readonly oracle: KernelOracle

  constructor(oracle: KernelOracle, map: OracleMap, attributes: MapAttributes) {
    this.oracle = oracle
    this.map = map
    this.attributes = attributes
  }

  /** Descriptors serve as ids: ids of the real kernel would tell the two apart for nothing. */
  get id(): number {
    return this.map.fd
  }

  get fd(): number {
    return this.map.fd
  }

  /** @throws OracleError ORACLE_MAP_ACCESS with the kernel's errno */
  update(key: Uint8Array, value: Uint8Array, flags: number = 0): void {
    const errno = this.oracle.updateMap(this.map, key, value, flags)
    if (errno !== 0) throw systemCallError('ORACLE_MAP_ACCESS', 'the kernel does not update the map', errno)
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    return this.oracle.lookupMap(this.map, key)
  }

  dump(): OracleEntry[] {
    return this.oracle.dumpMap(this.map)
  }

  freeze(): void {
    const errno = this.oracle.freezeMap(this.map)
    if (errno !== 0) throw systemCallError('ORACLE_MAP_ACCESS', 'the kernel does not freeze the map', errno)
  }

  close(): void {
    this.oracle.close(this.map.fd)
  }
}

/** A program of a collection in the running kernel. */
export class OracleLoadedProgram implements LoadedProgram {
  readonly name: string
  readonly answer: LoadAnswer
  private readonly oracle: KernelOracle

  constructor(oracle: KernelOracle, name: string, answer: LoadAnswer) {
    this.oracle = oracle
    this.name = name
    this.answer = answer
  }

  get id(): number {
    return this.answer.fd
  }

  get fd(): number {
    return this.answer.fd
  }

  testRun(run: TestRun): RunAnswer {
    return this.oracle.testRun(this.fd, run)
  }

  close(): void {
    this.oracle.close(this.fd)
  }
}

/** The kernel refused a program of a collection. */
export class ProgramRefused extends OracleError {
  readonly answer: LoadAnswer

  constructor(program: string, answer: LoadAnswer) {
    const [line = ''] = answer.log.split('\n')
    super(
      {
        code: 'ORACLE_PROGRAM_REFUSED',
        message: `the kernel refuses the program: ${errnoName(answer.errno)}`,
        where: { program },
        got: line,
      },
      answer.errno,
    )
    this.answer = answer
  }

  /** `EACCES` */
  get errnoName(): ErrnoName | string {
    return errnoName(this.errno)
  }
}

/** Loads collections into the running kernel: `Collection.create(spec, { kernel: new CollectionKernel(oracle) })`. */
export class CollectionKernel implements LoaderKernel<OracleLoadedMap, OracleLoadedProgram> {
  private readonly oracle: KernelOracle
  private readonly btfs: Map<Btf, number> = new Map()

  constructor(oracle: KernelOracle) {
    this.oracle = oracle
  }

  get possibleCpus(): number {
    return this.oracle.possibleCpus
  }

  /** @throws OracleError ORACLE_MAP_CREATE, ORACLE_BTF_LOAD */
  createMap({ btf, inner, ...request }: MapRequest<OracleLoadedMap>): OracleLoadedMap {
    const spec = {
      ...request,
      ...(btf === undefined ? {} : { btfFd: this.btfDescriptor(btf) }),
      ...(inner === undefined ? {} : { inner: inner.map }),
    }
    return new OracleLoadedMap(this.oracle, this.oracle.createMap(spec), request)
  }

  /** @throws ProgramRefused with the verdict; OracleError ORACLE_BTF_LOAD */
  loadProgram(request: ProgramRequest): OracleLoadedProgram {
    const { name, type, expectedAttachType, insns, license, flags, btf, functionInfo, attachBtfId } = request
    const answer = this.oracle.loadProgram({
      ...{ name, type, expectedAttachType, insns, license, flags },
      ...(attachBtfId === undefined ? {} : { attachBtfId }),
      ...(btf === undefined ? {} : { btfFd: this.btfDescriptor(btf), functionInfo }),
    })
    if (!answer.ok) throw new ProgramRefused(request.name, answer)
    return new OracleLoadedProgram(this.oracle, request.name, answer)
  }

  private btfDescriptor(btf: Btf): number {
    const known = this.btfs.get(btf)
    if (known !== undefined) return known
    const fd = this.oracle.loadBtf(btf.encode())
    this.btfs.set(btf, fd)
    return fd
  }

  /** Closes the type information that maps and programs were made with; those stay. */
  close(): void {
    for (const fd of this.btfs.values()) this.oracle.close(fd)
    this.btfs.clear()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
