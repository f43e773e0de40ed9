import { type KernelMap, undumpable } from '@bpfoundry/kernel'
import { MAP_TYPE, mapTypeName } from '@bpfoundry/kernel-abi'
import type { CommandIo } from '../command-io.ts'
import type { ChosenMap } from './chosen-maps.ts'

/** What no emulated map of these types holds. */
const NOT_EMULATED: ReadonlyMap<number, string> = new Map([
  [MAP_TYPE.ARRAY_OF_MAPS, 'maps in maps are not emulated'],
  [MAP_TYPE.HASH_OF_MAPS, 'maps in maps are not emulated'],
  [MAP_TYPE.SOCKMAP, 'sockets in maps are not emulated'],
  [MAP_TYPE.SOCKHASH, 'sockets in maps are not emulated'],
  [MAP_TYPE.REUSEPORT_SOCKARRAY, 'sockets in maps are not emulated'],
  [MAP_TYPE.STACK_TRACE, 'stack traces are not emulated'],
])

/** Tells of each map whose elements can't be told why that is. @returns how many there are */
export function sayUndumpable(maps: readonly ChosenMap[], io: CommandIo): number {
  const untold = maps.flatMap(({ name, map }) => {
    const reason = reasonOf(map)
    return reason === undefined ? [] : [`${mapTypeName(map.attributes.type)} map ${name} can't be dumped: ${reason}\n`]
  })
  for (const line of untold) io.err(line)
  return untold.length
}

function reasonOf({ attributes: { type } }: KernelMap): string | undefined {
  return undumpable(type)?.reason ?? NOT_EMULATED.get(type)
}
