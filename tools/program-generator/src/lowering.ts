import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_AND,
  BPF_ATOMIC_OP,
  BPF_CALL_REL,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JGT,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JMP_REG,
  BPF_JMP32_A,
  BPF_JNE,
  BPF_LD_MAP_FD,
  BPF_LDX_MEM,
  BPF_MOV32_REG,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_PSEUDO_MAP_FD,
  BPF_REG_FP,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_W,
  BPF_XOR,
  type Insn,
  type InstructionName,
  type InstructionRow,
  instructionRow,
} from '@bpfoundry/isa'
import { MAP_TYPE, type MapAttributes } from '@bpfoundry/kernel-abi'
import { GENERATED_MAPS } from './maps.ts'
import {
  AREA_BYTES,
  CONTEXT_OFFSET,
  COUNTER,
  KEY_OFFSET,
  type MapUse,
  PACKET,
  PACKET_END,
  SCALARS,
  STACK_BYTES,
  type Statement,
  type StatementKind,
  type StatementOf,
  TEMPORARIES,
  VALUE_OFFSET,
} from './statement.ts'

/** Instructions made of statements. */
export interface LoweredProgram {
  readonly insns: readonly Insn[]
}

/** Where a statement stands. */
interface Place {
  /** In a loop's body the counter is not written, and no loop begins. */
  readonly inLoop: boolean
  /** Subprograms have no packet and call nothing. */
  readonly inSubprogram: boolean
  readonly subprograms: number
}

/** A call whose distance is known once everything has its place: `callee` counts subprograms. */
interface PendingCall extends Insn {
  readonly callee: number
}

type Code = (Insn | PendingCall)[]
type Lowering<Kind extends StatementKind> = (statement: StatementOf<Kind>, place: Place) => Code

const [POINTER, LIMIT] = TEMPORARIES
/** Where the packet gets the final registers and stack. */
const DUMP_OFFSET = AREA_BYTES
const DUMP_BYTES = 8 * SCALARS.length + STACK_BYTES
/** What the program checks against data_end: the area and the dump. */
const CHECKED_BYTES = AREA_BYTES + DUMP_BYTES
/** XDP_DROP: the answer on a packet that is too short. */
const TOO_SHORT = 1

/** A register that may be written here: in a loop not its counter. */
const target = (register: number, { inLoop }: Place): number => (inLoop && register === COUNTER ? 0 : register)

/** An instruction of a row with the fields that it has; the others as the row wants them. */
function insnOf(row: InstructionRow, dst: number, src: number, off: number, imm: number): Insn {
  const field = (role: InstructionRow['dst' | 'src' | 'off' | 'imm'], value: number): number =>
    typeof role === 'number' ? role : value
  return {
    opcode: row.opcode,
    dst: field(row.dst, dst),
    src: field(row.src, src),
    off: field(row.off, off),
    imm: field(row.imm, imm),
  }
}

/** The verifier refuses shifts past the width and divisions by an immediate of zero. */
function immFor(row: InstructionRow, imm: number): number {
  if (['lsh', 'rsh', 'arsh'].includes(row.operation)) return imm & (row.bits - 1)
  return ['div', 'mod', 'sdiv', 'smod'].includes(row.operation) && imm === 0 ? 1 : imm
}

const bytesOf = (row: InstructionRow): number => row.bits / 8

/** A load into, or a store from, `register` at `base` + `off`. */
function access(name: InstructionName, register: number, base: number, off: number, imm: number, place: Place): Insn {
  const row = instructionRow(name)
  return row.kind === 'load'
    ? insnOf(row, target(register, place), base, off, imm)
    : insnOf(row, base, register, off, imm)
}

/** Offset from r10 of the n-th piece of `bytes` bytes of the frame's area. */
const stackOffset = (slot: number, bytes: number): number => (slot % (STACK_BYTES / bytes)) * bytes - STACK_BYTES

const LOWERINGS: { readonly [Kind in StatementKind]: Lowering<Kind> } = {
  alu: ({ row: name, dst, src, imm }, place) => {
    const row = instructionRow(name)
    return [insnOf(row, target(dst, place), src, 0, immFor(row, imm))]
  },
  imm64: ({ dst, lo, hi }, place) => [
    { opcode: instructionRow('LD_IMM64').opcode, dst: target(dst, place), src: 0, off: 0, imm: lo },
    { opcode: 0, dst: 0, src: 0, off: 0, imm: hi },
  ],
  stack: ({ row, register, slot, imm }, place) => [
    access(row, register, BPF_REG_FP, stackOffset(slot, bytesOf(instructionRow(row))), imm, place),
  ],
  'indexed-stack': ({ row, register, index, imm }, place) => [
    BPF_MOV64_REG(LIMIT, index),
    BPF_ALU64_IMM(BPF_AND, LIMIT, STACK_BYTES - 8),
    BPF_MOV64_REG(POINTER, BPF_REG_FP),
    BPF_ALU64_REG(BPF_ADD, POINTER, LIMIT),
    access(row, register === POINTER ? LIMIT : register, POINTER, -STACK_BYTES, imm, place),
    BPF_MOV64_IMM(POINTER, imm),
  ],
  atomic: ({ row: name, src, slot, imm }, place) => {
    const row = instructionRow(name)
    const off = stackOffset(slot, bytesOf(row))
    if (row.kind === 'load_acq') return [insnOf(row, target(src, place), BPF_REG_FP, off, 0)]
    const register = row.src === 'rw' ? target(src, place) : src
    const atomic = insnOf(row, BPF_REG_FP, register, off, 0)
    if (row.src !== 'rw' && row.operation !== 'cmpxchg') return [atomic]
    // Linux 6.18 loses track of precision where an atomic gives back a stack slot's old value: it may
    // then take a branch for dead that is not. So the slot gets a value that it can't know, out of the packet.
    if (place.inSubprogram) return []
    const word = target(register, place)
    return [
      BPF_LDX_MEM(BPF_DW, word, PACKET, (slot * 8) % AREA_BYTES),
      BPF_STX_MEM(BPF_DW, BPF_REG_FP, word, off & -8),
      // Half of the exchanges by comparison succeed.
      ...((slot & 1) === 0 ? [BPF_MOV64_REG(0, word)] : []),
      BPF_ALU64_IMM(BPF_XOR, word, imm),
      { ...atomic, src: word },
      // Nor does it always see that an exchange by comparison of 32 bits must clear the upper half of r0 (x86-64's
      // instruction leaves it alone when it succeeds), where a path joins one that is known.
      ...(name === 'ATOMIC32_CMPXCHG' ? [BPF_MOV32_REG(0, 0)] : []),
    ]
  },
  packet: ({ row, register, offset, imm }, place) => {
    if (place.inSubprogram) return []
    return [access(row, register, PACKET, offset % (AREA_BYTES - 7), imm, place)]
  },
  'indexed-packet': ({ row, register, index, imm }, place) => {
    if (place.inSubprogram) return []
    const value = register === POINTER || register === LIMIT ? 0 : register
    return [
      BPF_MOV64_REG(POINTER, index),
      BPF_ALU64_IMM(BPF_AND, POINTER, AREA_BYTES - 8),
      BPF_ALU64_REG(BPF_ADD, POINTER, PACKET),
      BPF_MOV64_REG(LIMIT, POINTER),
      BPF_ALU64_IMM(BPF_ADD, LIMIT, 8),
      BPF_JMP_REG(BPF_JGT, LIMIT, PACKET_END, 1),
      access(row, value, POINTER, 0, imm, place),
      BPF_MOV64_IMM(POINTER, imm),
      BPF_MOV64_REG(LIMIT, 0),
    ]
  },
  branch: ({ row, dst, src, imm, long, taken, untaken }, place) => {
    const yes = lowerBlock(taken, place)
    const no = lowerBlock(untaken, place)
    // A jump to the next slot is a branch that goes the same way twice; the verifier takes it.
    const over = yes.length > 0 ? [long ? BPF_JMP32_A(yes.length) : BPF_JMP_A(yes.length)] : []
    return [insnOf(instructionRow(row), dst, src, no.length + over.length, imm), ...no, ...over, ...yes]
  },
  loop: ({ turns, guarded, body }, place) => {
    const inner = lowerBlock(body, { ...place, inLoop: true })
    if (place.inLoop) return inner
    const guard = guarded ? [insnOf(instructionRow('MAY_GOTO'), 0, 0, inner.length + 2, 0)] : []
    const back = -(guard.length + inner.length + 2)
    return [
      BPF_MOV64_IMM(COUNTER, turns),
      ...guard,
      ...inner,
      BPF_ALU64_IMM(BPF_ADD, COUNTER, -1),
      BPF_JMP_IMM(BPF_JNE, COUNTER, 0, back),
    ]
  },
  map: (statement, place) => [
    ...mapKey(statement.map, statement.key),
    ...MAP_USES[statement.use](statement, place),
    ...afterCall(statement.imm),
  ],
  helper: ({ helper, imm }) => [
    BPF_EMIT_CALL(PLAIN_HELPERS[helper % PLAIN_HELPERS.length] as number),
    ...afterCall(imm),
  ],
  'tail-call': ({ index, imm }, place) => {
    if (place.inSubprogram) return []
    return [
      BPF_LDX_MEM(BPF_DW, 1, BPF_REG_FP, CONTEXT_OFFSET),
      ...loadMap(2, GENERATED_MAPS.length),
      BPF_MOV64_IMM(3, index),
      BPF_EMIT_CALL(HELPER.tailCall),
      // A tail call makes packet pointers invalid; r0 is not for programs to know when it falls through.
      BPF_LDX_MEM(BPF_DW, 1, BPF_REG_FP, CONTEXT_OFFSET),
      ...packetPointers(),
      BPF_MOV64_IMM(0, imm),
      ...afterCall(imm),
    ]
  },
  call: ({ callee, imm }, place) => {
    if (place.inSubprogram || place.subprograms === 0) return []
    return [{ ...BPF_CALL_REL(0), callee: callee % place.subprograms }, ...afterCall(imm)]
  },
}

/** Helper numbers. @see include/uapi/linux/bpf.h */
const HELPER = { lookup: 1, update: 2, delete: 3, tailCall: 12 } as const
/** ktime_get_ns, get_prandom_u32, get_smp_processor_id, jiffies64, ktime_get_boot_ns */
const PLAIN_HELPERS = [5, 7, 8, 118, 125] as const
/** Bytes of the longest prefix that an LPM key of 4 address bytes has. */
const LPM_BITS = 32

/** A call leaves r1..r5 unreadable: they become scalars again, out of what it kept. */
const afterCall = (imm: number): Insn[] => [
  BPF_MOV64_REG(1, 0),
  BPF_MOV64_REG(2, 6),
  BPF_MOV64_REG(3, COUNTER),
  BPF_MOV64_IMM(4, imm),
  BPF_MOV64_REG(5, 0),
]

/** Map number `map`: LD_IMM64 whose imm is the number, until {@link withMapFds} puts the fd there. */
const loadMap = (register: number, map: number): Insn[] => [...BPF_LD_MAP_FD(register, map)]

const setPointer = (register: number, offset: number): Insn[] => [
  BPF_MOV64_REG(register, BPF_REG_FP),
  BPF_ALU64_IMM(BPF_ADD, register, offset),
]

function mapKey(map: number, key: number): Insn[] {
  const { keySizeBytes, type, maxEntries } = mapOf(map)
  const trie = type === MAP_TYPE.LPM_TRIE
  const word = (offset: number): Insn => BPF_STX_MEM(BPF_W, BPF_REG_FP, LIMIT, KEY_OFFSET + offset)
  return [
    BPF_MOV64_REG(LIMIT, key),
    BPF_ALU64_IMM(BPF_AND, LIMIT, 2 * maxEntries - 1),
    ...(trie ? [BPF_ST_MEM(BPF_W, BPF_REG_FP, KEY_OFFSET, LPM_BITS - 8 * (key & 3)), word(4)] : [word(0)]),
    ...(!trie && keySizeBytes === 8 ? [BPF_ST_MEM(BPF_W, BPF_REG_FP, KEY_OFFSET + 4, 0)] : []),
  ]
}

const mapOf = (map: number): MapAttributes => GENERATED_MAPS[map % GENERATED_MAPS.length] as MapAttributes

/** Loads from, stores to, or adds to the value that r0 points at; r0 is a scalar in the end. */
function touchValue(use: MapUse, register: number, offset: number, place: Place): Insn[] {
  const kept = register === 6 || register === COUNTER ? register : 6
  const touch = {
    load: BPF_LDX_MEM(BPF_DW, target(kept, place), 0, offset),
    store: BPF_STX_MEM(BPF_DW, 0, kept, offset),
    add: BPF_ATOMIC_OP(BPF_DW, BPF_ADD, 0, kept, offset),
  }[use as 'load' | 'store' | 'add']
  return [BPF_JMP_IMM(BPF_JEQ, 0, 0, 2), touch, BPF_MOV64_IMM(0, 1)]
}

const MAP_USES: Readonly<Record<MapUse, (statement: StatementOf<'map'>, place: Place) => Insn[]>> = {
  load: lookupAndTouch,
  store: lookupAndTouch,
  add: lookupAndTouch,
  update: ({ map, register, flags, imm }) => {
    const words = Math.ceil(mapOf(map).valueSizeBytes / 8)
    return [
      BPF_STX_MEM(BPF_DW, BPF_REG_FP, register === POINTER || register === LIMIT ? 6 : register, VALUE_OFFSET),
      ...Array.from({ length: words - 1 }, (_, at) => BPF_ST_MEM(BPF_DW, BPF_REG_FP, VALUE_OFFSET + 8 * (at + 1), imm)),
      ...loadMap(1, map % GENERATED_MAPS.length),
      ...setPointer(2, KEY_OFFSET),
      ...setPointer(3, VALUE_OFFSET),
      BPF_MOV64_IMM(4, flags),
      BPF_EMIT_CALL(HELPER.update),
    ]
  },
  delete: ({ map }) => [
    ...loadMap(1, map % GENERATED_MAPS.length),
    ...setPointer(2, KEY_OFFSET),
    BPF_EMIT_CALL(HELPER.delete),
  ],
}

function lookupAndTouch({ map, use, register, slot }: StatementOf<'map'>, place: Place): Insn[] {
  const number = map % GENERATED_MAPS.length
  const words = mapOf(map).valueSizeBytes >> 3
  return [
    ...loadMap(1, number),
    ...setPointer(2, KEY_OFFSET),
    BPF_EMIT_CALL(HELPER.lookup),
    ...touchValue(use, register, 8 * (slot % words), place),
  ]
}

function lowerBlock(block: readonly Statement[], place: Place): Code {
  return block.flatMap((statement) => (LOWERINGS[statement.kind] as Lowering<StatementKind>)(statement, place))
}

/** Zeroes the frame's area, so that all of it may be read. */
const clearStack = (): Insn[] =>
  Array.from({ length: STACK_BYTES / 8 }, (_, word) => BPF_ST_MEM(BPF_DW, BPF_REG_FP, 8 * word - STACK_BYTES, 0))

/** Start and end of the packet of the context in r1, checked. */
function packetPointers(): Insn[] {
  return [
    BPF_LDX_MEM(BPF_W, PACKET, 1, 0),
    BPF_LDX_MEM(BPF_W, PACKET_END, 1, 4),
    BPF_MOV64_REG(2, PACKET),
    BPF_ALU64_IMM(BPF_ADD, 2, CHECKED_BYTES),
    BPF_JMP_REG(BPF_JGT, 2, PACKET_END, 1),
    BPF_JMP_A(2),
    BPF_MOV64_IMM(0, TOO_SHORT),
    BPF_EXIT_INSN(),
  ]
}

/** Packet pointers, a stack of zeros, all scalars set. */
function prologue(initial: readonly number[]): Insn[] {
  return [
    ...packetPointers(),
    ...clearStack(),
    BPF_STX_MEM(BPF_DW, BPF_REG_FP, 1, CONTEXT_OFFSET),
    ...SCALARS.map((register, at) => BPF_MOV64_IMM(register, initial[at] ?? at)),
  ]
}

/** Stores all scalars and the stack into the packet; r0 is the xor of all scalars. */
function epilogue(): Insn[] {
  const registers = SCALARS.map((register, at) => BPF_STX_MEM(BPF_DW, PACKET, register, DUMP_OFFSET + 8 * at))
  const stack = Array.from({ length: STACK_BYTES / 8 }, (_, word) => [
    BPF_LDX_MEM(BPF_DW, 1, BPF_REG_FP, 8 * word - STACK_BYTES),
    BPF_STX_MEM(BPF_DW, PACKET, 1, DUMP_OFFSET + 8 * (SCALARS.length + word)),
  ]).flat()
  const fold = SCALARS.slice(1).map((register) => BPF_ALU64_REG(BPF_XOR, 0, register))
  return [...registers, ...fold, ...stack, BPF_EXIT_INSN()]
}

/** The program with fds in place of the numbers of {@link GENERATED_MAPS} and, last, the program array. */
export function withMapFds(insns: readonly Insn[], fds: readonly number[]): Insn[] {
  return insns.map((insn, pc) => {
    const names = insn.opcode === LD_IMM64 && insn.src === BPF_PSEUDO_MAP_FD && insns[pc + 1]?.opcode === 0
    return names ? { ...insn, imm: fds[insn.imm] as number } : insn
  })
}

const LD_IMM64 = instructionRow('LD_IMM64').opcode

/** A subprogram: r1..r5 are scalars already; r0, r6 and r9 are its own. */
function lowerSubprogram(body: readonly Statement[]): Code {
  const place = { inLoop: false, inSubprogram: true, subprograms: 0 }
  const own = [0, 6, COUNTER].map((register) => BPF_MOV64_IMM(register, register))
  return [...clearStack(), ...own, ...lowerBlock(body, place), BPF_EXIT_INSN()]
}

/** Gives calls their distance. Subprograms lie after the main program, in order. */
function resolve(main: Code, subprograms: readonly Code[]): Insn[] {
  const starts: number[] = []
  let end = main.length
  for (const code of subprograms) {
    starts.push(end)
    end += code.length
  }
  return [main, ...subprograms].flat().map((insn, at) => {
    if (!('callee' in insn)) return insn
    const { callee, ...call } = insn
    return { ...call, imm: starts[callee]! - at - 1 }
  })
}

/**
 * A whole program of statements.
 *
 * @param initial the scalars' first values, in the order of {@link SCALARS}
 */
export function lowerProgram(
  initial: readonly number[],
  main: readonly Statement[],
  subprograms: readonly (readonly Statement[])[],
): LoweredProgram {
  // The verifier refuses a subprogram that nothing calls.
  const called = new Set<number>()
  const place = { inLoop: false, inSubprogram: false, subprograms: subprograms.length }
  const body: Code = [...prologue(initial), ...lowerBlock(main, place), ...epilogue()]
  for (const insn of body) if ('callee' in insn) called.add(insn.callee)
  const kept = subprograms.map((_, index) => index).filter((index) => called.has(index))
  const renumbered = body.map((insn) => ('callee' in insn ? { ...insn, callee: kept.indexOf(insn.callee) } : insn))
  return {
    insns: resolve(
      renumbered,
      kept.map((index) => lowerSubprogram(subprograms[index]!)),
    ),
  }
}
