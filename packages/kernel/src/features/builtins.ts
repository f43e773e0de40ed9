import { ATTACH_TYPE, HELPERS, LINK_TYPES, MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'

const lowerCase = (numbers: Readonly<Record<string, number>>): readonly string[] =>
  Object.keys(numbers).map((name) => name.toLowerCase())

/** A group of {@link builtinNames}. */
export type BuiltinGroup = 'prog_types' | 'map_types' | 'attach_types' | 'link_types' | 'helpers'

/** What is known by name, whatever release has it, by number. */
const BUILTINS: Readonly<Record<BuiltinGroup, () => readonly string[]>> = {
  prog_types: () => lowerCase(PROG_TYPE),
  map_types: () => lowerCase(MAP_TYPE),
  attach_types: () => lowerCase(ATTACH_TYPE),
  link_types: () => LINK_TYPES,
  helpers: () => HELPERS.map((helper) => helper?.name ?? 'bpf_unspec'),
}

/** What `bpftool feature list_builtins` lists. */
export function builtinNames(group: BuiltinGroup): readonly string[] {
  return BUILTINS[group]()
}
