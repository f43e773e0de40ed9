/** Types that fill gaps, widest first. */
const fillers = (pointerBytes: number): readonly (readonly [name: string, bits: number])[] => [
  ['long', pointerBytes * 8],
  ['int', 32],
  ['short', 16],
  ['char', 8],
]

/** A gap in a struct. Offsets count from the struct's start. */
export interface Gap {
  /** Where the member before ends. */
  readonly fromBits: number
  /** Where the next member begins, or the struct ends. */
  readonly toBits: number
  /** Of what comes next, or of the struct. */
  readonly alignmentBytes: number
  /** It lies between two bit-fields. */
  readonly inBitfield: boolean
}

const roundUp = (bits: number, unitBits: number): number => (unitBits === 0 ? 0 : Math.ceil(bits / unitBits) * unitBits)

/** Lines that {@link paddingFields} gives at most for a gap. */
export function paddingCount({ fromBits, toBits }: Gap): number {
  return toBits <= fromBits ? 0 : Math.ceil((toBits - fromBits) / 32) + 2
}

/**
 * Unnamed bit-fields that make a compiler leave the gap: `long: 0`, which moves to the next boundary of its type, and as many
 * `long: 64` as fit, then one of what remains in the narrowest type. The boundary is left to the compiler where it would go
 * there anyway: because what comes next is aligned so, or because the first whole field does not fit before it.
 */
export function paddingFields(gap: Gap, pointerBytes: number): readonly string[] {
  const { fromBits, toBits, inBitfield } = gap
  if (fromBits >= toBits) return []
  const types = fillers(pointerBytes)
  const widest = types.find(([, bits]) => roundUp(fromBits, bits) <= toBits) ?? (['char', 8] as const)
  const [name, unitBits] = widest
  const boundary = roundUp(fromBits, unitBits)
  const fields: string[] = []
  let at = fromBits
  if (boundary > fromBits && boundary <= toBits) {
    if (needsMark(gap, boundary)) fields.push(`${name}: ${inBitfield ? boundary - fromBits : 0}`)
    at = boundary
  }
  for (; toBits - at >= unitBits; at += unitBits) fields.push(`${name}: ${unitBits}`)
  if (at < toBits) {
    const rest = toBits - at
    const [narrowest] = types.findLast(([, bits]) => bits >= rest) ?? widest
    fields.push(`${narrowest}: ${rest}`)
  }
  return fields
}

/** Whether the compiler has to be told to go to the boundary. */
function needsMark({ fromBits, toBits, alignmentBytes, inBitfield }: Gap, boundary: number): boolean {
  if (inBitfield) return true
  if (boundary === toBits) return roundUp(fromBits, alignmentBytes * 8) !== boundary
  return toBits - boundary <= boundary - fromBits
}
