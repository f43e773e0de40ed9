import { type ElfSection, SHF_EXECINSTR, SHT_NOBITS } from '@bpfoundry/elf'
import { linkError } from './link-error.ts'
import type { SourceObject } from './source-object.ts'

/** A section of the result: the sections of its name, one after the other. */
export interface LinkedSection {
  readonly name: string
  readonly type: number
  readonly flags: number
  readonly entryBytes: number
  alignmentBytes: number
  sizeBytes: number
  /** Empty for SHT_NOBITS. */
  readonly parts: { readonly offsetBytes: number; readonly data: Uint8Array }[]
  /** Symbols are told apart once all are known. */
  readonly relocations: { readonly offsetBytes: number; readonly type: number; readonly symbol: object }[]
}

/** Where a section of an object went. */
export interface Placement {
  readonly section: LinkedSection
  readonly offsetBytes: number
  /** It is there already: licenses. */
  readonly isRepeated: boolean
}

/** Sections that all objects have, with one content. */
const SHARED: ReadonlySet<string> = new Set(['license', 'version'])

/** Largest section of the result. */
const MAX_SECTION_BYTES = 2 ** 30

/** The sections of the result, in the order in which they were met. */
export class LinkedSections {
  readonly #sections = new Map<string, LinkedSection>()

  get all(): readonly LinkedSection[] {
    return [...this.#sections.values()]
  }

  find(name: string): LinkedSection | undefined {
    return this.#sections.get(name)
  }

  /** Appends an object's sections. @returns where each went, by its index @throws {LoaderError} LOADER_LINK */
  add(object: SourceObject): ReadonlyMap<number, Placement> {
    const placements = new Map<number, Placement>()
    for (const section of object.sections) placements.set(section.index, this.#place(object, section))
    return placements
  }

  #place(object: SourceObject, section: ElfSection): Placement {
    const { name, alignmentBytes } = section
    const linked = this.#sectionFor(object, section)
    const data = object.elf.data(section)
    if (SHARED.has(name) && linked.sizeBytes > 0) {
      if (equal(linked.parts[0]?.data ?? new Uint8Array(), data)) {
        return { section: linked, offsetBytes: 0, isRepeated: true }
      }
      throw linkError(`section '${name}' differs between objects`, object.name, text(data), text(linked.parts[0]?.data))
    }
    const alignment = Math.max(1, linked.alignmentBytes, alignmentBytes)
    if ((alignment & (alignment - 1)) !== 0 || alignment > MAX_SECTION_BYTES) {
      throw linkError(`section '${name}' has an alignment that is none`, object.name, `${alignmentBytes}`)
    }
    const offsetBytes = Math.ceil(linked.sizeBytes / alignment) * alignment
    linked.alignmentBytes = alignment
    linked.sizeBytes = offsetBytes + section.sizeBytes
    if (linked.sizeBytes > MAX_SECTION_BYTES) {
      throw linkError(`section '${name}' becomes too large`, object.name, `${linked.sizeBytes} bytes`)
    }
    if (section.type !== SHT_NOBITS) linked.parts.push({ offsetBytes, data: data.slice() })
    return { section: linked, offsetBytes, isRepeated: false }
  }

  #sectionFor(object: SourceObject, { name, type, flags, entryBytes }: ElfSection): LinkedSection {
    const known = this.#sections.get(name)
    if (known !== undefined) {
      const [is, was] = [facts({ type, flags, entryBytes }), facts(known)]
      if (is === was) return known
      throw linkError(`sections '${name}' of the objects are of other kinds`, object.name, is, was)
    }
    if (!Number.isSafeInteger(entryBytes)) {
      throw linkError(`section '${name}' has entries of no size`, object.name, `${entryBytes} bytes`)
    }
    const sizes = { alignmentBytes: 1, sizeBytes: 0 }
    const made: LinkedSection = { name, type, flags, entryBytes, ...sizes, parts: [], relocations: [] }
    this.#sections.set(name, made)
    return made
  }
}

/** The bytes of a section; none for SHT_NOBITS. */
export function sectionData({ type, sizeBytes, parts }: LinkedSection): Uint8Array {
  const bytes = new Uint8Array(type === SHT_NOBITS ? 0 : sizeBytes)
  for (const { offsetBytes, data } of parts) bytes.set(data, offsetBytes)
  return bytes
}

export function isCode({ flags }: { readonly flags: number }): boolean {
  return (flags & SHF_EXECINSTR) !== 0
}

function facts(section: { readonly type: number; readonly flags: number; readonly entryBytes: number }): string {
  return `type ${section.type}, flags 0x${section.flags.toString(16)}, entries of ${section.entryBytes} bytes`
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

function text(data: Uint8Array = new Uint8Array()): string {
  return JSON.stringify(new TextDecoder().decode(data.slice(0, 40)))
}
