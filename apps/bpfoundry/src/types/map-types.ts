import { BTF_KIND, type Btf, btfMapDefinitions } from '@bpfoundry/btf'
import { nearestNames } from '@bpfoundry/diagnostics'
import { UsageError } from '../exit-code.ts'
import type { DumpRequest, MapPart } from './dump-words.ts'

/** Types of a map that is declared in the file, or of a data section, which has none of keys. */
interface MapTypes {
  readonly key: number
  readonly value: number
}

const ROOTS: Readonly<Record<MapPart, (types: MapTypes) => readonly number[] | undefined>> = {
  key: ({ key }) => [key],
  value: ({ value }) => [value],
  kv: ({ key, value }) => [key, value],
  all: () => undefined,
}

/** The request with the types of its map, where it names one, as roots. @throws UsageError CLI_BTF_MAP */
export function withMapTypes(btf: Btf, request: DumpRequest): DumpRequest {
  if (request.map === undefined) return request
  const { name, part } = request.map
  const known = typesOfMaps(btf)
  const types = known.get(name)
  if (types === undefined) throw noSuchMap(request.file, name, [...known.keys()])
  const rootIds = ROOTS[part](types)
  return rootIds === undefined ? request : { ...request, rootIds }
}

function typesOfMaps(btf: Btf): ReadonlyMap<string, MapTypes> {
  const declared = btfMapDefinitions(btf).map(
    ({ name, keyTypeId, valueTypeId }) => [name, { key: keyTypeId, value: valueTypeId }] as const,
  )
  const sections = btf.types.filter(({ kind, name }) => kind === BTF_KIND.DATASEC && /^\.(data|rodata|bss)/.test(name))
  return new Map([...declared, ...sections.map(({ name, id }) => [name, { key: 0, value: id }] as const)])
}

function noSuchMap(file: string, name: string, names: readonly string[]): UsageError {
  return new UsageError({
    code: 'CLI_BTF_MAP',
    message: `no such map: ${name}`,
    where: { input: file },
    got: name,
    expected: names.join(', '),
    hint: nearestNames(name, names),
  })
}
