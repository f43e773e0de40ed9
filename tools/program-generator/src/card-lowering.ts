import {
  accessBytes,
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_AND,
  BPF_ARSH,
  BPF_ATOMIC_OP,
  BPF_B,
  BPF_CALL_REL,
  BPF_DIV,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_ENDIAN,
  BPF_EXIT_INSN,
  BPF_FROM_BE,
  BPF_H,
  BPF_JEQ,
  BPF_JLE,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JMP_REG,
  BPF_JMP32_IMM,
  BPF_JMP32_REG,
  BPF_LD_IMM64_RAW_FULL,
  BPF_LD_MAP_FD,
  BPF_LDX_MEM,
  BPF_LSH,
  BPF_MOV32_IMM,
  BPF_MOV32_REG,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_MUL,
  BPF_OR,
  BPF_REG_FP,
  BPF_RSH,
  BPF_STX_MEM,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { MAP_TYPE, type MapAttributes } from '@bpfoundry/kernel-abi'
import {
  CARD_AREA_BYTES,
  CARD_KEY_OFFSET,
  CARD_PACKET,
  CARD_SCALARS,
  CARD_STACK_BYTES,
  type CardAccess,
  type CardStatement,
  type CardStatementKind,
  type CardStatementOf,
} from './card-statement.ts'

/** Values have numbers in front, which programs read, and counters behind, which they add to. */
const NUMBER_WORDS = 2
const COUNTER_WORDS = 2
const KEYS = 4

const card = { keySizeBytes: 4, valueSizeBytes: 8 * (NUMBER_WORDS + COUNTER_WORDS), maxEntries: KEYS, flags: 0 }
/** The maps of such programs, in the order of their numbers; keys 0 to 3 are meant to exist. */
export const CARD_MAPS: readonly MapAttributes[] = [
  { ...card, name: 'card_hash', type: MAP_TYPE.HASH },
  { ...card, name: 'card_array', type: MAP_TYPE.ARRAY },
]

/** Where the program leaves its registers and stack. */
const DUMP_OFFSET = CARD_AREA_BYTES
const DUMP_BYTES = 8 * CARD_SCALARS.length + CARD_STACK_BYTES
/** Bytes that a packet needs; on shorter ones the program drops. */
export const CARD_PACKET_BYTES: number = DUMP_OFFSET + DUMP_BYTES
const TOO_SHORT = 1
const MAP_LOOKUP = 1

interface Place {
  readonly inSubprogram: boolean
  readonly subprograms: number
}

/** A call whose distance is known once everything has its place. */
interface PendingCall extends Insn {
  readonly callee: number
}

type Code = (Insn | PendingCall)[]
type Lowering<Kind extends CardStatementKind> = (statement: CardStatementOf<Kind>, place: Place) => Code

const SHIFTS: ReadonlySet<number> = new Set([BPF_LSH, BPF_RSH, BPF_ARSH])

/** Cuts a scalar to its low 32 bits, so that the verifier sees it. */
const cut = (register: number): Insn => BPF_MOV32_REG(register, register)

/**
 * A number of the packet, of which the verifier knows no more than its size; in subprograms a constant. What it knows of
 * one path only must not matter: it may take others for the same, and the driver then goes by the one.
 */
function unknown(register: number, size: number, at: number, { inSubprogram }: Place): Insn[] {
  if (inSubprogram) return [BPF_MOV64_IMM(register, at & 31)]
  return [BPF_LDX_MEM(size, register, CARD_PACKET, within(at >>> 0, CARD_AREA_BYTES, accessBytes(size)))]
}

function access({ size, loads, register }: CardAccess, base: number, off: number): Insn {
  return loads ? BPF_LDX_MEM(size, register, base, off) : BPF_STX_MEM(size, base, register, off)
}

/** An offset within an area, for so many bytes. */
const within = (at: number, areaBytes: number, bytes: number): number => at % (areaBytes - bytes + 1)

const LOWERINGS: { readonly [Kind in CardStatementKind]: Lowering<Kind> } = {
  alu: ({ op, wide, dst, byRegister, src, imm }, place) => {
    const [withRegister, withImm] = wide ? [BPF_ALU64_REG, BPF_ALU64_IMM] : [BPF_ALU32_REG, BPF_ALU32_IMM]
    const shifts = SHIFTS.has(op)
    if (!byRegister) return [withImm(op, dst, shifts ? imm & (wide ? 63 : 31) : imm)]
    if (!shifts) return [withRegister(op, dst, src)]
    // The driver's words make the sign of an arithmetic shift of an amount's high bits, and shift left by 0 wrongly.
    const amount = [
      BPF_ALU64_IMM(BPF_AND, src, wide ? 63 : 31),
      ...(op === BPF_LSH ? [BPF_ALU64_IMM(BPF_OR, src, 1)] : []),
    ]
    return [...unknown(src, BPF_B, imm, place), ...amount, withRegister(op, dst, src)]
  },
  multiply: ({ wide, short, dst, byRegister, src, imm }, place) => {
    if (place.inSubprogram) return []
    const [withRegister, withImm] = wide ? [BPF_ALU64_REG, BPF_ALU64_IMM] : [BPF_ALU32_REG, BPF_ALU32_IMM]
    // A 32-bit product of 16-bit factors would keep the upper half that dst had.
    const size = short && wide ? BPF_H : BPF_W
    const left = unknown(dst, size, imm, place)
    if (!byRegister) return [...left, withImm(BPF_MUL, dst, short ? imm & 0xffff : imm & 0x7fffffff)]
    return [...left, ...unknown(src, size, imm >>> 8, place), withRegister(BPF_MUL, dst, src)]
  },
  divide: ({ wide, dst, by, src, byRegister }) => {
    const [withRegister, withImm] = wide ? [BPF_ALU64_REG, BPF_ALU64_IMM] : [BPF_ALU32_REG, BPF_ALU32_IMM]
    if (!byRegister && by <= 0x7fffffff) return [cut(dst), withImm(BPF_DIV, dst, by)]
    const other = src === dst ? (dst === 0 ? 1 : 0) : src
    return [cut(dst), BPF_MOV32_IMM(other, by | 0), withRegister(BPF_DIV, dst, other)]
  },
  swap: ({ dst, bits }) => [BPF_ENDIAN(BPF_FROM_BE, dst, bits)],
  imm64: ({ dst, lo, hi }) => [...BPF_LD_IMM64_RAW_FULL(dst, 0, 0, 0, lo, hi)],
  stack: (statement) => {
    // The stack has to be accessed aligned, the packet has not.
    const bytes = accessBytes(statement.size)
    const off = bytes * (statement.at % (CARD_STACK_BYTES / bytes)) - CARD_STACK_BYTES
    return [access(statement, BPF_REG_FP, off)]
  },
  packet: (statement, { inSubprogram }) => {
    if (inSubprogram) return []
    return [access(statement, CARD_PACKET, within(statement.at, CARD_AREA_BYTES, accessBytes(statement.size)))]
  },
  copy: (statement, { inSubprogram }) => (inSubprogram ? [] : lowerCopy(statement)),
  branch: ({ op, wide, dst, byRegister, src, imm, taken, untaken }, place) => {
    const yes = lowerBlock(taken, place)
    const no = lowerBlock(untaken, place)
    const over = yes.length > 0 ? [BPF_JMP_A(yes.length)] : []
    const [withRegister, withImm] = wide ? [BPF_JMP_REG, BPF_JMP_IMM] : [BPF_JMP32_REG, BPF_JMP32_IMM]
    const off = no.length + over.length
    return [byRegister ? withRegister(op, dst, src, off) : withImm(op, dst, imm, off), ...no, ...over, ...yes]
  },
  lookup: (statement, { inSubprogram }) => (inSubprogram ? [] : lowerLookup(statement)),
  call: ({ callee, imm }, { inSubprogram, subprograms }) => {
    if (inSubprogram || subprograms === 0) return []
    return [{ ...BPF_CALL_REL(0), callee: callee % subprograms }, ...afterCall(imm)]
  },
}

/**
 * The value register ends as a constant, and distances are whole steps: else the driver's words do not do what the program
 * does, see docs/parity/jit-nfp.md.
 */
function lowerCopy({ size, count, value, from, to, descending, imm }: CardStatementOf<'copy'>): Insn[] {
  const bytes = accessBytes(size)
  const length = Math.min(count, CARD_AREA_BYTES / 2 / bytes)
  const start = (at: number): number => bytes * (at % (CARD_AREA_BYTES / bytes - length + 1))
  const steps = Array.from({ length }, (_, n) => bytes * (descending ? length - 1 - n : n))
  return [
    ...steps.flatMap((at) => [
      BPF_LDX_MEM(size, value, CARD_PACKET, start(from) + at),
      BPF_STX_MEM(size, CARD_PACKET, value, start(to) + at),
    ]),
    BPF_MOV64_IMM(value, imm),
  ]
}

/** A call leaves r1..r5 unreadable: they become scalars again. */
const afterCall = (imm: number): Insn[] => [
  ...[1, 2, 3].map((register) => BPF_MOV64_REG(register, 0)),
  BPF_MOV64_IMM(4, imm),
  BPF_MOV64_REG(5, 6),
]

/** Lookups stand in the main program only. */
const MAIN: Place = { inSubprogram: false, subprograms: 0 }

function lowerLookup({ use, key, register, wide, slot, short, imm }: CardStatementOf<'lookup'>): Insn[] {
  const size = wide ? BPF_DW : BPF_W
  const step = wide ? 8 : 4
  const kept = register === 9 ? 9 : 6
  const words = { read: NUMBER_WORDS, add: COUNTER_WORDS }[use]
  const off = (use === 'add' ? 8 * NUMBER_WORDS : 0) + step * (slot % ((8 * words) / step))
  // Words of a counter have one width, since both widths at once overlap: 64 bits in the hash, 32 in the array.
  const touch =
    use === 'read'
      ? [BPF_LDX_MEM(size, kept, 0, off)]
      : [...unknown(kept, short ? BPF_H : BPF_W, imm, MAIN), BPF_ATOMIC_OP(size, BPF_ADD, 0, kept, off)]
  return [
    BPF_MOV64_REG(1, key),
    BPF_ALU64_IMM(BPF_AND, 1, 2 * KEYS - 1),
    BPF_STX_MEM(BPF_W, BPF_REG_FP, 1, CARD_KEY_OFFSET),
    ...BPF_LD_MAP_FD(1, wide ? 0 : 1),
    BPF_MOV64_REG(2, BPF_REG_FP),
    BPF_ALU64_IMM(BPF_ADD, 2, CARD_KEY_OFFSET),
    BPF_EMIT_CALL(MAP_LOOKUP),
    BPF_JMP_IMM(BPF_JEQ, 0, 0, touch.length + 1),
    ...touch,
    BPF_MOV64_IMM(0, 1),
    ...afterCall(imm),
  ]
}

function lowerBlock(block: readonly CardStatement[], place: Place): Code {
  return block.flatMap((statement) => (LOWERINGS[statement.kind] as Lowering<CardStatementKind>)(statement, place))
}

/** Zeroes the frame's area, so that all of it may be read. Cards store registers only. */
const clearStack = (): Insn[] => [
  BPF_MOV64_IMM(0, 0),
  ...Array.from({ length: CARD_STACK_BYTES / 8 }, (_, word) =>
    BPF_STX_MEM(BPF_DW, BPF_REG_FP, 0, 8 * word - CARD_STACK_BYTES),
  ),
]

function prologue(initial: readonly number[]): Insn[] {
  return [
    BPF_LDX_MEM(BPF_W, CARD_PACKET, 1, 0),
    BPF_LDX_MEM(BPF_W, 3, 1, 4),
    BPF_MOV64_REG(2, CARD_PACKET),
    BPF_ALU64_IMM(BPF_ADD, 2, CARD_PACKET_BYTES),
    BPF_JMP_REG(BPF_JLE, 2, 3, 2),
    BPF_MOV64_IMM(0, TOO_SHORT),
    BPF_EXIT_INSN(),
    ...clearStack(),
    ...CARD_SCALARS.map((register, at) => BPF_MOV64_IMM(register, initial[at] ?? at)),
  ]
}

/** Stores all scalars and the stack into the packet; r0 becomes a verdict. */
function epilogue(): Insn[] {
  const registers = CARD_SCALARS.map((register, at) => BPF_STX_MEM(BPF_DW, CARD_PACKET, register, DUMP_OFFSET + 8 * at))
  const stack = Array.from({ length: CARD_STACK_BYTES / 8 }, (_, word) => [
    BPF_LDX_MEM(BPF_DW, 1, BPF_REG_FP, 8 * word - CARD_STACK_BYTES),
    BPF_STX_MEM(BPF_DW, CARD_PACKET, 1, DUMP_OFFSET + 8 * (CARD_SCALARS.length + word)),
  ]).flat()
  return [...registers, ...stack, BPF_ALU64_IMM(BPF_AND, 0, 3), BPF_EXIT_INSN()]
}

/** A subprogram: r1..r5 are scalars already; r0, r6 and r9 are its own. */
function lowerSubprogram(body: readonly CardStatement[]): Code {
  const own = [0, 6, 9].map((register) => BPF_MOV64_IMM(register, register))
  return [...clearStack(), ...own, ...lowerBlock(body, { inSubprogram: true, subprograms: 0 }), BPF_EXIT_INSN()]
}

/** Gives calls their distance. Subprograms lie after the main program, in order. */
function resolve(main: Code, subprograms: readonly Code[]): Insn[] {
  let end = main.length
  const starts = subprograms.map((code) => {
    end += code.length
    return end - code.length
  })
  return [main, ...subprograms].flat().map((insn, at) => {
    if (!('callee' in insn)) return insn
    const { callee, ...call } = insn
    return { ...call, imm: (starts[callee] as number) - at - 1 }
  })
}

/** A whole program of statements; maps go by their numbers in {@link CARD_MAPS} until `withMapFds` puts fds there. */
export function lowerCardProgram(
  initial: readonly number[],
  main: readonly CardStatement[],
  subprograms: readonly (readonly CardStatement[])[],
): Insn[] {
  const place = { inSubprogram: false, subprograms: subprograms.length }
  const body: Code = [...prologue(initial), ...lowerBlock(main, place), ...epilogue()]
  const called = new Set(body.flatMap((insn) => ('callee' in insn ? [insn.callee] : [])))
  const kept = subprograms.map((_, index) => index).filter((index) => called.has(index))
  const renumbered = body.map((insn) => ('callee' in insn ? { ...insn, callee: kept.indexOf(insn.callee) } : insn))
  return resolve(
    renumbered,
    kept.map((index) => lowerSubprogram(subprograms[index] ?? [])),
  )
}
