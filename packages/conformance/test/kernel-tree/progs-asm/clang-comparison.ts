import type { MapSpec } from '@bpfoundry/loader'
import type { AnnotatedObject } from '../../../src/kernel-tree/progs/annotated-object.ts'
import { describeMap, describeProgram } from './spec-comparison.ts'

/** Everything about the assembled functions of an object, and about the maps that it declares or they refer to. */
export function assembledPart(object: AnnotatedObject, assembled: ReadonlySet<string>): object {
  const { spec, functions } = object
  const programs = [...spec.programs.values()].filter(({ name }) => assembled.has(name))
  const referred = new Set(programs.flatMap(({ mapRelocations }) => mapRelocations.map(({ map }) => map)))
  const maps = [...spec.maps].filter(([name, { section }]) => referred.has(name) || section === '.maps')
  return {
    functions: functions
      .filter(({ name }) => assembled.has(name))
      .map(({ name, line, section, tags }) => ({ name, line, section, tags: tags.map(plainTag) })),
    programs: Object.fromEntries(programs.map((program) => [program.name, describeProgram(spec, program)])),
    maps: Object.fromEntries(maps.map(([name, map]) => [name, describeMap(spec, withProgramsOf(map, assembled))])),
  }
}

/** The number that keeps equal tags apart counts what the headers of either way use it for, too. */
const plainTag = (tag: string): string => tag.replace(/^(comment:test_\w+=)\d+=/, '$1')

/** Slots of a prog array whose programs take a compiler are empty without one. */
function withProgramsOf(map: MapSpec, assembled: ReadonlySet<string>): MapSpec {
  const contents = map.contents.filter(({ value }) => !('program' in value) || assembled.has(value.program))
  return { ...map, contents }
}

export function assembledNames({ functions }: AnnotatedObject): Set<string> {
  return new Set(functions.filter(({ how }) => how === 'assembled').map(({ name }) => name))
}
