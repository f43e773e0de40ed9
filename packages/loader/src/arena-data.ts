/** Global variables that lie in an arena: clang puts them into a section of their own, libbpf at the arena's start. */
import { SHT_NOBITS } from '@bpfoundry/elf'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { DataMap } from './data-maps.ts'
import { LoaderError } from './loader-error.ts'
import { type ObjectFile, placeIn } from './object-file.ts'

const SECTION = '.addr_space.1'
const PAGE_BYTES = 4096

/** Where an arena that says nothing lies in user space; libbpf maps it wherever there is room. */
export const ARENA_ADDRESS: number = 2 ** 44

/**
 * The arena of the object as the place of its variables, whose values become its contents; undefined where there are none.
 *
 * @throws {LoaderError} LOADER_SECTION for variables without an arena, or of which it has no room
 */
export function readArenaData(object: ObjectFile, declared: readonly DataMap[]): DataMap | undefined {
  const section = object.elf.section(SECTION)
  if (section === undefined || section.sizeBytes === 0) return undefined
  const [arena, ...others] = declared.filter(({ spec }) => spec.type === MAP_TYPE.ARENA)
  const problem = (message: string, got: string, expected: string): LoaderError =>
    new LoaderError({ code: 'LOADER_SECTION', message, where: placeIn(object, { section: SECTION }), got, expected })
  if (arena === undefined || others.length > 0) {
    const found = arena === undefined ? 'none' : `${others.length + 1}`
    throw problem('global variables of an arena, of which there must be one', found, 'one map of type arena')
  }
  const { key, spec } = arena
  const roomBytes = spec.maxEntries * PAGE_BYTES
  if (section.sizeBytes > roomBytes) {
    throw problem('the arena is too small for its global variables', `${section.sizeBytes} bytes`, `${roomBytes} bytes`)
  }
  const value = section.type === SHT_NOBITS ? new Uint8Array(section.sizeBytes) : object.elf.data(section).slice()
  spec.contents = [{ key: new Uint8Array(), value }]
  return { key, spec, sectionIndex: section.index }
}
