import {
  Collection,
  type LoadedMap,
  type LoadedProgram,
  type LoaderKernel,
  loadCollectionSpec,
  type MapRequest,
  type ProgramRequest,
} from '@bpfoundry/loader'
import { mapFields, type VerifierMap, verify } from '@bpfoundry/verifier'

/** What the verifier said of a program. */
export interface Finding {
  readonly program: string
  readonly accepted: boolean
  readonly insnsProcessed: number
  /** At level 2. */
  readonly log: string
}

/** A kernel that only verifies. */
class VerifyingKernel implements LoaderKernel {
  readonly findings: Finding[] = []
  readonly #maps = new Map<number, VerifierMap>()

  createMap({ btf, btfValueTypeId = 0, inner, ...attributes }: MapRequest<LoadedMap>): LoadedMap {
    const fd = 3 + this.#maps.size
    const fields = btf === undefined ? [] : mapFields(btf, btfValueTypeId, attributes.valueSizeBytes)
    const innerMap = inner === undefined ? undefined : this.#maps.get(inner.fd)
    const map = { ...attributes, id: fd, fields, ...(innerMap === undefined ? {} : { inner: innerMap }) }
    this.#maps.set(fd, map)
    let content = new Uint8Array()
    return {
      id: fd,
      fd,
      attributes,
      update: (_key, value) => {
        content = value.slice()
      },
      freeze: () => void this.#maps.set(fd, { ...map, constantValue: content }),
      close: () => {},
    }
  }

  loadProgram({ license, ...request }: ProgramRequest): LoadedProgram {
    const program = { ...request, gplCompatible: license === 'GPL', maps: this.#maps }
    const { ok, stats, log } = verify(program, {}, { logLevel: 2 })
    this.findings.push({ program: request.name, accepted: ok, insnsProcessed: stats.insnsProcessed, log })
    return { id: 1, fd: 1, name: request.name, close: () => {} }
  }
}

/** Loads every program of an object file into a kernel that only verifies. */
export function verifyObject(bytes: Uint8Array): readonly Finding[] {
  const kernel = new VerifyingKernel()
  Collection.create(loadCollectionSpec(bytes), { kernel }).close()
  return kernel.findings
}
