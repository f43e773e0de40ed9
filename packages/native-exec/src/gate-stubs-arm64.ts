/** The stubs in A64 code. @see Procedure Call Standard for the Arm 64-bit Architecture, 6.1.1 */
import { GATE } from './gate-layout.ts'
import { type ListingRow, littleEndian, type StubListings, word } from './stub-listing.ts'

/** x19 to x30, saved in pairs; v8 to v15 are callee-saved, too, but no back end uses them. */
const SAVED_PAIRS: readonly number[] = [19, 21, 23, 25, 27, 29]
const SP = 31

/** LDR (literal) of x9: `| 01 011 0 00 | imm19 | Rt |`, the offset in words from instruction `at`. */
const gateToX9 = (at: number, literalAt: number): ListingRow =>
  word(`ldr x9, #0x${literalAt.toString(16)}`, 0x58000009 | (((literalAt - 4 * at) / 4) << 5))

/** STP, pre-index -16, and LDP, post-index 16, with sp: `| opc | imm7 | Rt2 | Rn | Rt |`. */
const push = (rt: number): ListingRow =>
  word(`stp x${rt}, x${rt + 1}, [sp, #-0x10]!`, 0xa9bf0000 | ((rt + 1) << 10) | (SP << 5) | rt)
const pop = (rt: number): ListingRow =>
  word(`ldp x${rt}, x${rt + 1}, [sp], #0x10`, 0xa8c10000 | ((rt + 1) << 10) | (SP << 5) | rt)
const pushAll = SAVED_PAIRS.map(push)
const popAll = SAVED_PAIRS.toReversed().map(pop)

/** LDR, STR (unsigned offset) with x9 as base: `| size 111 0 01 opc | imm12 | Rn | Rt |`, imm12 in units of the access. */
function field(mnemonic: 'ldr' | 'str', register: string, encoding: number, offsetBytes: number): ListingRow {
  const unit = register.startsWith('x') ? 8 : 4
  const offset = offsetBytes < 10 ? `#${offsetBytes}` : `#0x${offsetBytes.toString(16)}`
  const place = offsetBytes === 0 ? '[x9]' : `[x9, ${offset}]`
  return word(`${mnemonic} ${register}, ${place}`, encoding | ((offsetBytes / unit) << 10))
}
const storeSp = (at: number): ListingRow[] => [word('mov x10, sp', 0x910003ea), field('str', 'x10', 0xf900012a, at)]
const loadSp = (at: number): ListingRow[] => [field('ldr', 'x10', 0xf940012a, at), word('mov sp, x10', 0x9100015f)]
const RET = word('ret', 0xd65f03c0)

/** Back to who called enter or resume. */
const leave = (): ListingRow[] => [...loadSp(GATE.hostStack), ...popAll, RET]

export function arm64Stubs(gate: number): StubListings {
  return {
    enter: withLiteral(gate, enter),
    callHelper: withLiteral(gate, callHelper),
    resume: withLiteral(gate, resume),
  }
}

/** Rows with the gate's address behind them as a literal, padded to 8 bytes. */
function withLiteral(gate: number, rows: (literalAt: number) => readonly ListingRow[]): ListingRow[] {
  const count = rows(0).length
  const literalAt = 4 * (count + (count % 2))
  const padding: ListingRow[] = count % 2 === 0 ? [] : [word('udf #0', 0)]
  return [...rows(literalAt), ...padding, ['GATE', ...littleEndian(gate, 8)]]
}

/** Instructions of `enter` before x9 is loaded again. */
const ENTER_PART = 6 + 1 + 4 + 4

const enter = (literalAt: number): readonly ListingRow[] => [
  ...pushAll,
  gateToX9(pushAll.length, literalAt),
  ...storeSp(GATE.hostStack),
  ...loadSp(GATE.stack),
  field('ldr', 'x0', 0xf9400120, GATE.context),
  field('ldr', 'w1', 0xb9400121, GATE.argument),
  field('ldr', 'x9', 0xf9400129, GATE.entry),
  word('blr x9', 0xd63f0120),
  gateToX9(ENTER_PART, literalAt),
  field('str', 'wzr', 0xb900013f, GATE.waiting),
  ...leave(),
]

const callHelper = (literalAt: number): readonly ListingRow[] => [
  gateToX9(0, literalAt),
  field('str', 'w0', 0xb9000120, GATE.helper),
  field('str', 'x30', 0xf900013e, GATE.helperReturn),
  word('mov w10, #1', 0x5280002a),
  field('str', 'w10', 0xb900012a, GATE.waiting),
  ...pushAll,
  ...storeSp(GATE.machineStack),
  ...leave(),
]

const resume = (literalAt: number): readonly ListingRow[] => [
  ...pushAll,
  gateToX9(pushAll.length, literalAt),
  ...storeSp(GATE.hostStack),
  ...loadSp(GATE.machineStack),
  ...popAll,
  RET,
]
