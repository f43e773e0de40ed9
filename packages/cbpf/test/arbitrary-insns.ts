import fc from 'fast-check'
import {
  ANCILLARY,
  type AncillaryName,
  CLASSIC_INSTRUCTIONS,
  type ClassicInsn,
  type ClassicInstructionRow,
} from '../src/index.ts'

/** Any four fields. */
export const anyInsn: fc.Arbitrary<ClassicInsn> = fc.record({
  code: fc.oneof(fc.constantFrom(...CLASSIC_INSTRUCTIONS.map(({ code }) => code)), fc.nat(0xffff)),
  jt: fc.nat(0xff),
  jf: fc.nat(0xff),
  k: fc.oneof(fc.nat(40), fc.nat(0xffffffff)),
})

/** What {@link arrange} makes an instruction of: a row, and numbers for whatever it needs. */
interface Draw {
  readonly row: ClassicInstructionRow
  readonly k: number
  readonly small: number
  readonly near: readonly [number, number]
}

const SKF_NET_OFF = 0xfff00000
const SKF_LL_OFF = 0xffe00000

/** Offsets: mostly in a packet; at the edge of what a load's displacement holds; relative to headers; anything. */
const offset = fc.oneof(
  { weight: 30, arbitrary: fc.nat(30) },
  { weight: 6, arbitrary: fc.nat(90) },
  { weight: 2, arbitrary: fc.integer({ min: 0x7ffc, max: 0x8003 }) },
  { weight: 2, arbitrary: fc.nat(40).map((at) => SKF_NET_OFF + at) },
  { weight: 2, arbitrary: fc.constantFrom(SKF_NET_OFF, SKF_LL_OFF, SKF_NET_OFF - 1, SKF_LL_OFF - 1) },
  { weight: 2, arbitrary: fc.nat(40).map((at) => SKF_LL_OFF + at) },
  { weight: 1, arbitrary: fc.nat(0xffffefff) },
)
const number = fc.oneof(
  fc.nat(40),
  fc.constantFrom(0x7fffffff, 0x80000000, 0xffffffff, 0xffff, 0x800),
  fc.nat(0xffffffff),
)
function drawOf(row: ClassicInstructionRow, names: readonly AncillaryName[]): fc.Arbitrary<Draw> {
  const ancillary = fc.constantFrom(...ANCILLARY.filter(({ name }) => names.includes(name)).map(({ k }) => k))
  const packet =
    row.operand === 'packet' ? fc.oneof({ weight: 3, arbitrary: offset }, { weight: 1, arbitrary: ancillary }) : offset
  return fc.record({
    row: fc.constant(row),
    k: row.bytes > 0 ? packet : number,
    small: fc.nat(15),
    near: fc.tuple(fc.nat(6), fc.nat(6)),
  })
}

/** Rows in the middle of a program: what ends it is rarer. */
function drawIn(names: readonly AncillaryName[]): fc.Arbitrary<Draw> {
  return fc.oneof(
    ...CLASSIC_INSTRUCTIONS.map((row) => ({
      weight: row.kind === 'return' ? 1 : row.operand === 'packet' || row.operand === 'cell' ? 9 : 4,
      arbitrary: drawOf(row, names),
    })),
  )
}

const EVERY_NAME = ANCILLARY.map(({ name }) => name)

/**
 * Programs that the checker accepts, of all opcodes.
 *
 * @param most instructions before the last, which is a return
 * @param names ancillary data that they may load
 */
export function checkedPrograms(
  most: number,
  names: readonly AncillaryName[] = EVERY_NAME,
): fc.Arbitrary<ClassicInsn[]> {
  const returns = CLASSIC_INSTRUCTIONS.filter(({ kind }) => kind === 'return')
  const last = fc.constantFrom(...returns).chain((row) => drawOf(row, names))
  const draws = fc.array(drawIn(names), { maxLength: most, size: 'max' })
  return fc.tuple(draws, last).map(([middle, end]) => arrange([...middle, end]))
}

const ALL = 0xffff

/** Makes draws fit the place where they stand: jumps stay within the program, only written cells are read. */
function arrange(draws: readonly Draw[]): ClassicInsn[] {
  const writtenAt = new Uint16Array(draws.length).fill(ALL)
  let written = 0
  return draws.map((one, pc) => {
    written &= writtenAt[pc] as number
    const insn = fit(one, draws.length - pc - 2, written)
    const { kind } = one.row
    if (kind === 'store') written |= 1 << insn.k
    for (const skipped of kind === 'goto' ? [insn.k] : kind === 'jump' ? [insn.jt, insn.jf] : []) {
      writtenAt[pc + 1 + skipped] = (writtenAt[pc + 1 + skipped] as number) & written
    }
    if (kind === 'goto' || kind === 'jump') written = ALL
    return insn
  })
}

/** @param room instructions that a jump may skip */
function fit({ row, k, small, near }: Draw, room: number, written: number): ClassicInsn {
  const skip = (wanted: number): number => Math.min(wanted, room)
  const { code } = row
  const jumps = row.kind === 'jump' ? { jt: skip(near[0]), jf: skip(near[1]) } : { jt: 0, jf: 0 }
  if (row.rule === 'target') return { code, ...jumps, k: skip(near[0]) }
  if (row.rule === 'shift') return { code, ...jumps, k: k % 32 }
  if (row.rule === 'nonzero') return { code, ...jumps, k: k === 0 ? 7 : k }
  if (row.rule === 'cell') return { code, ...jumps, k: small }
  if (row.rule === 'written') return writtenCell(code, small, written)
  return { code, ...jumps, k }
}

/** A load of M[k] where some cell was written, of the constant k where none was. */
function writtenCell(code: number, wanted: number, written: number): ClassicInsn {
  const cells = Array.from({ length: 16 }, (_, cell) => cell).filter((cell) => (written & (1 << cell)) !== 0)
  const cell = cells[wanted % cells.length]
  return cell === undefined ? { code: code & 0x7, jt: 0, jf: 0, k: wanted } : { code, jt: 0, jf: 0, k: cell }
}
