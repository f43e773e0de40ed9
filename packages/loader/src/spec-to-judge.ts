import { CollectionSpec, type MapSpec } from './collection-spec.ts'
import { LoaderError } from './loader-error.ts'

/**
 * What a kernel needs to judge one program of an object: it and the maps that it refers to. Of their contents what other
 * programs and maps are is left out, for no verdict rests on it; so neither can keep the program from its own.
 *
 * @throws {LoaderError} LOADER_PROGRAM_UNKNOWN
 */
export function specToJudge(spec: CollectionSpec, name: string): CollectionSpec {
  const program = spec.programs.get(name)
  if (program === undefined) {
    throw new LoaderError({ code: 'LOADER_PROGRAM_UNKNOWN', message: `no program '${name}'`, got: name })
  }
  const maps = new Map<string, MapSpec>()
  for (const { map: key } of program.mapRelocations) {
    const map = spec.maps.get(key)
    if (map === undefined) continue
    maps.set(key, { ...map, contents: map.contents.filter(({ value }) => value instanceof Uint8Array) })
  }
  const btf = spec.btf === undefined ? {} : { btf: spec.btf }
  return new CollectionSpec({ programs: new Map([[name, program]]), maps, ...btf, byteOrder: spec.byteOrder })
}
