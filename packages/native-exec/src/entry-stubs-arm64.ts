/** The stubs in A64 code. @see Procedure Call Standard for the Arm 64-bit Architecture, 6.1.1 */
import { HOST_CONTEXT, savedAt } from './context-layout.ts'
import { type ListingRow, littleEndian, type StubListings, word } from './stub-listing.ts'

/** x19 to x30 in pairs; v8 to v15 are callee-saved, too, but no back end uses them. The stack pointer follows. */
const SAVED_PAIRS = [19, 21, 23, 25, 27, 29] as const
const SAVED_SP = savedAt(2 * SAVED_PAIRS.length)

const hex = (value: number): string => `#0x${value.toString(16)}`
const x = (register: number): string => `x${register}`

/** `| imm19 | Rt |`: LDR (literal), `bytes` ahead. */
const ldrLiteral = (rt: number, at: number, target: number): ListingRow =>
  word(`ldr ${x(rt)}, ${hex(target)}`, 0x58000000 | (((target - at) / 4) << 5) | rt)

/** `| imm12 | Rn | Rt |`, the offset in units of the access: LDR, STR (immediate, unsigned offset). */
const unsignedOffset = (mnemonic: string, rt: string, encoding: number, offset: number, unit: number): ListingRow => {
  const rn = (encoding >>> 5) & 31
  return word(`${mnemonic} ${rt}, [${x(rn)}, ${hex(offset)}]`, encoding | ((offset / unit) << 10))
}

/** `| imm7 | Rt2 | Rn | Rt |`, the offset in units of 8: LDP, STP (signed offset). */
const pair = (mnemonic: string, encoding: number, rt: number, rn: number, offset: number): ListingRow =>
  word(
    `${mnemonic} ${x(rt)}, ${x(rt + 1)}, [${x(rn)}, ${hex(offset)}]`,
    encoding | ((offset / 8) << 15) | ((rt + 1) << 10) | (rn << 5) | rt,
  )

/** Rows with the context's address behind them as a literal, padded to 8 bytes. */
function withLiteral(context: number, rows: (literalAt: number) => readonly ListingRow[]): ListingRow[] {
  const count = rows(0).length
  const literalAt = 4 * (count + (count % 2))
  const padding: ListingRow[] = count % 2 === 0 ? [] : [word('udf #0', 0)]
  return [...rows(literalAt), ...padding, ['CONTEXT', ...littleEndian(context, 8)]]
}

export function arm64Stubs(context: number): StubListings {
  return { enter: withLiteral(context, enter), callHelper: withLiteral(context, callHelper) }
}

const enter = (literalAt: number): readonly ListingRow[] => [
  ldrLiteral(0, 0, literalAt),
  unsignedOffset('ldr', 'w1', 0xb9400001, HOST_CONTEXT.argument, 4),
  ...SAVED_PAIRS.map((rt, index) => pair('stp', 0xa9000000, rt, 0, savedAt(2 * index))),
  word('mov x9, sp', 0x910003e9),
  unsignedOffset('str', 'x9', 0xf9000009, SAVED_SP, 8),
  unsignedOffset('ldr', 'x9', 0xf9400009, HOST_CONTEXT.entry, 8),
  word('br x9', 0xd61f0120),
]

const callHelper = (literalAt: number): readonly ListingRow[] => [
  ldrLiteral(9, 0, literalAt),
  unsignedOffset('str', 'w0', 0xb9000120, HOST_CONTEXT.helper, 4),
  unsignedOffset('str', 'x30', 0xf900013e, HOST_CONTEXT.helperReturn, 8),
  word('mov w10, #1', 0x5280002a),
  unsignedOffset('str', 'w10', 0xb900012a, HOST_CONTEXT.abandoned, 4),
  word('stp x29, x30, [sp, #-0x10]!', 0xa9bf7bfd),
  unsignedOffset('ldr', 'x9', 0xf9400129, HOST_CONTEXT.callback, 8),
  word('blr x9', 0xd63f0120),
  word('ldp x29, x30, [sp], #0x10', 0xa8c17bfd),
  ldrLiteral(9, 36, literalAt),
  unsignedOffset('ldr', 'w10', 0xb940012a, HOST_CONTEXT.abandoned, 4),
  // Over the next instruction.
  word('cbnz w10, #0x34', 0x3500004a),
  word('ret', 0xd65f03c0),
  ...SAVED_PAIRS.map((rt, index) => pair('ldp', 0xa9400000, rt, 9, savedAt(2 * index))),
  unsignedOffset('ldr', 'x10', 0xf940012a, SAVED_SP, 8),
  word('mov sp, x10', 0x9100015f),
  word('ret', 0xd65f03c0),
]
