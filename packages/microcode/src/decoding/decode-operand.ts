/** Operands from their encodings; the other way round is in unrestricted.ts and restricted.ts. */
import { type LocalMode, NO_OPERAND, type Operand, type OperandKind } from '../operand.ts'

/** What an operand's meaning depends on besides its own bits. */
export interface OperandPlace {
  readonly bank: 'A' | 'B'
  readonly contexts: 4 | 8
  /** Whether local memory is reached through index registers 2 and 3. */
  readonly extended: boolean
  /** The eighth bit of an immediate. */
  readonly byteBit: boolean
}

interface Row {
  readonly mask: number
  readonly is: number
  readonly decode: (bits: number, place: OperandPlace) => Operand
}

const MODES: readonly LocalMode[] = ['offset', 'increment', 'decrement', 'offset']

const make = (kind: OperandKind, value: number, index = 0, mode: LocalMode = 'offset'): Operand => ({
  kind,
  value,
  index,
  mode,
})

const relative = (bits: number, place: OperandPlace): number => bits & (place.contexts === 8 ? 0xf : 0x1f)
const upper = (place: OperandPlace): number => (place.contexts === 8 ? 16 : 32)
const gpr = (bits: number, place: OperandPlace): Operand => make(place.bank === 'A' ? 'a' : 'b', relative(bits, place))
const absolute = (bits: number, place: OperandPlace): Operand =>
  make(place.bank === 'A' ? 'absoluteA' : 'absoluteB', bits & 0x7f)
const indexed = (kind: OperandKind, bits: number): Operand => make(kind, 0, 0, MODES[(bits >>> 1) & 3] ?? 'offset')
const neighbourIndexed = (bits: number): Operand =>
  make('neighbourIndex', 0, 0, (bits & 2) === 0 ? 'offset' : 'increment')
const lmIndex = (bit: number, place: OperandPlace): number => bit + (place.extended ? 2 : 0)

// biome-ignore format: an encoding a line
const UNRESTRICTED: readonly Row[] = [
  { mask: 0x3c0, is: 0x000, decode: gpr },
  { mask: 0x380, is: 0x080, decode: absolute },
  { mask: 0x380, is: 0x100, decode: (bits) => indexed('xferIndex', bits) },
  { mask: 0x380, is: 0x180, decode: (bits, place) => make('xfer', relative(bits, place) + ((bits >>> 6) & 1) * upper(place)) },
  { mask: 0x3d0, is: 0x200, decode: (bits, place) => make('local', bits & 0xf, lmIndex((bits >>> 5) & 1, place)) },
  { mask: 0x3d0, is: 0x210, decode: (bits, place) => make('local', 0, lmIndex((bits >>> 5) & 1, place), (bits & 1) === 1 ? 'decrement' : 'increment') },
  { mask: 0x3c0, is: 0x240, decode: neighbourIndexed },
  { mask: 0x3c0, is: 0x280, decode: (bits, place) => make('neighbour', relative(bits, place)) },
  { mask: 0x300, is: 0x300, decode: (bits) => make('immediate', bits & 0xff) },
]

// biome-ignore format: an encoding a line
const RESTRICTED: readonly Row[] = [
  { mask: 0xe0, is: 0x00, decode: gpr },
  { mask: 0xe0, is: 0x80, decode: (bits, place) => make('xfer', relative(bits, place)) },
  { mask: 0xe0, is: 0xc0, decode: (bits, place) => make('xfer', relative(bits, place) + upper(place)) },
  { mask: 0xf1, is: 0x40, decode: (bits) => indexed('xferIndex', bits) },
  { mask: 0xf1, is: 0x41, decode: neighbourIndexed },
  { mask: 0xf0, is: 0x50, decode: (bits, place) => make('local', bits & 7, lmIndex((bits >>> 3) & 1, place)) },
  { mask: 0x20, is: 0x20, decode: (bits, place) => make('immediate', (place.byteBit ? 0x80 : 0) | ((bits & 0xc0) >> 1) | (bits & 0x1f)) },
]

/** Reads one operand; `undefined`: the bits are none. */
export type OperandDecoder = (bits: number, place: OperandPlace) => Operand | undefined

const decoder =
  (rows: readonly Row[]): OperandDecoder =>
  (bits, place) =>
    rows.find(({ mask, is }) => (bits & mask) === is)?.decode(bits, place)

/** A source of 10 bits. */
export const decodeUnrestricted: OperandDecoder = decoder(UNRESTRICTED)
/** A source of 8 bits. */
export const decodeRestricted: OperandDecoder = decoder(RESTRICTED)

const BOTH: Partial<Record<OperandKind, OperandKind>> = {
  a: 'both',
  b: 'both',
  absoluteA: 'absoluteBoth',
  absoluteB: 'absoluteBoth',
}

/** A destination from what its bits would be as a source: an immediate is none; `wrBoth` is for general purpose registers. */
export function asDestination(operand: Operand | undefined, wrBoth: boolean): Operand | undefined {
  if (operand?.kind === 'immediate') return NO_OPERAND
  const kind = operand === undefined || !wrBoth ? undefined : BOTH[operand.kind]
  return operand === undefined || kind === undefined ? operand : { ...operand, kind }
}
