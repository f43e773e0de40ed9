import type { SourceSpan } from '@bpfoundry/diagnostics'
import type { CMember, CRecord, CType } from '../c-type.ts'
import { alignOf, bare, sizeOf } from './type-queries.ts'

/** A member as it is declared. */
export interface DeclaredMember {
  readonly name: string
  readonly type: CType
  readonly widthBits?: number
  /** `packed` of the member itself. */
  readonly packed: boolean
  /** `aligned` of the member itself. */
  readonly alignmentBytes?: number
  readonly span: SourceSpan
}

export interface RecordAttributes {
  readonly packed: boolean
  readonly alignmentBytes?: number
}

/**
 * Places members as the System V ABI and clang's bpf target do, and completes the record.
 *
 * @throws CSourceError C_NAME for a member of a type that is only declared
 */
export function layOut(record: CRecord, declared: readonly DeclaredMember[], attributes: RecordAttributes): void {
  const layout = new Layout(record.kind === 'union', attributes.packed)
  const members = declared.map((member) => layout.place(member))
  const alignment = Math.max(layout.alignmentBytes, attributes.alignmentBytes ?? 1)
  record.alignmentBytes = alignment
  record.sizeBytes = roundUp(Math.ceil(layout.endBits / 8), alignment)
  record.members = members
}

class Layout {
  readonly #union: boolean
  readonly #packed: boolean
  alignmentBytes = 1
  endBits = 0
  /** Where the next member may begin. */
  #nextBits = 0

  constructor(union: boolean, packed: boolean) {
    this.#union = union
    this.#packed = packed
  }

  place(member: DeclaredMember): CMember {
    const { name, type, widthBits } = member
    const offsetBits = widthBits === undefined ? this.#placeWhole(member) : this.#placeBits(member, widthBits)
    return widthBits === undefined ? { name, type, offsetBits } : { name, type, offsetBits, widthBits }
  }

  #placeWhole(member: DeclaredMember): number {
    const alignment = this.#alignment(member)
    const offsetBits = roundUp(this.#nextBits, 8 * alignment)
    this.#align(alignment)
    return this.#take(offsetBits, 8 * memberSize(member))
  }

  /**
   * A bit-field goes into what is left of a unit of its type, or else into the next one; packed, it starts at the next
   * bit. Where it is aligned explicitly, that counts for one that would have stayed, even if it then crosses units: so
   * does clang. One without a name does not align the record.
   */
  #placeBits(member: DeclaredMember, widthBits: number): number {
    const { type, span, alignmentBytes, name } = member
    const packed = (this.#packed || member.packed) && widthBits !== 0
    const natural = packed ? 1 : 8 * alignOf(type, span)
    const alignment = Math.max(natural, 8 * (alignmentBytes ?? 0))
    const next = this.#nextBits
    const moves = widthBits === 0 || (next % alignment) + widthBits > 8 * sizeOf(type, span)
    const explicit = 8 * (alignmentBytes ?? 0) || 1
    if (name !== '') this.#align(Math.max(1, alignment / 8))
    return this.#take(roundUp(next, moves ? alignment : explicit), widthBits)
  }

  #alignment({ type, packed, alignmentBytes, span }: DeclaredMember): number {
    const natural = this.#packed || packed ? 1 : alignOf(type, span)
    return Math.max(natural, alignmentBytes ?? 1)
  }

  #align(alignment: number): void {
    this.alignmentBytes = Math.max(this.alignmentBytes, alignment)
  }

  #take(offsetBits: number, widthBits: number): number {
    this.endBits = Math.max(this.endBits, offsetBits + widthBits)
    if (!this.#union) this.#nextBits = offsetBits + widthBits
    return offsetBits
  }
}

/** A flexible array at the end takes no place. */
function memberSize({ type, span }: DeclaredMember): number {
  const plain = bare(type)
  return plain.kind === 'array' && plain.length === undefined ? 0 : sizeOf(type, span)
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit
}
