/** Random words of every class that a core executes, as arbitraries: for tests that hold two ways of execution together. */
import {
  ALU_OPS,
  type AluOp,
  alu,
  type BrCondition,
  br,
  branchTarget,
  brBit,
  brByte,
  cmd,
  ctxArb,
  doubleShiftRight,
  gprA,
  gprB,
  gprBoth,
  imm,
  immed,
  isBranch,
  ldField,
  ldFieldClear,
  local,
  localCsrRead,
  localCsrWrite,
  localIncrement,
  mulStep,
  NO_OPERAND,
  NO_SHIFT,
  neighbour,
  nop,
  type Operand,
  rotateRight,
  rtn,
  type ShfOp,
  type Shift,
  setBranchTarget,
  shf,
  shiftLeft,
  shiftRight,
  type Word,
  xfer,
} from '@bpfoundry/microcode'
import fc from 'fast-check'

/** Where random programs begin, and how many words they have at most. */
export const PROGRAM_START = 16
export const PROGRAM_WORDS = 60

const small = fc.integer({ min: 0, max: 7 })
const register: fc.Arbitrary<Operand> = fc.oneof(small.map(gprA), small.map(gprB))
const memory: fc.Arbitrary<Operand> = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 3 }), small).map(([index, offset]) => local(index, offset)),
  fc.integer({ min: 0, max: 3 }).map((n) => xfer(n)),
)
const unrestricted = fc.oneof(
  { weight: 6, arbitrary: register },
  { weight: 2, arbitrary: memory },
  { weight: 1, arbitrary: fc.integer({ min: 2, max: 3 }).map((index) => localIncrement(index)) },
  { weight: 1, arbitrary: small.map(neighbour) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 255 }).map(imm) },
  { weight: 1, arbitrary: fc.constant(NO_OPERAND) },
)
const restricted = fc.oneof(
  { weight: 6, arbitrary: register },
  { weight: 2, arbitrary: memory },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 255 }).map(imm) },
  { weight: 1, arbitrary: fc.constant(NO_OPERAND) },
)
const destination = fc.oneof(
  { weight: 6, arbitrary: fc.oneof(register, small.map(gprBoth)) },
  { weight: 2, arbitrary: memory },
  { weight: 1, arbitrary: fc.constant(NO_OPERAND) },
)

const amount = fc.oneof(fc.integer({ min: 1, max: 31 }), fc.constant('indirect' as const))
const shift: fc.Arbitrary<Shift> = fc.oneof(
  fc.constant(NO_SHIFT),
  fc.integer({ min: 1, max: 31 }).map(rotateRight),
  amount.map(shiftRight),
  amount.map(shiftLeft),
)

const UNSUPPORTED = /cam|CRC|pop|ffs/
const aluOps = (Object.keys(ALU_OPS) as AluOp[]).filter((op) => !UNSUPPORTED.test(op))
const shfOps: ShfOp[] = ['B', '~B', 'AND', '~AND', 'AND~', 'OR']
const conditions: BrCondition[] = [
  'beq',
  'bne',
  'bmi',
  'bpl',
  'bcs',
  'bcc',
  'bvs',
  'bvc',
  'bge',
  'blt',
  'ble',
  'bgt',
  'br',
]

/** The word, or a `nop` where operands do not go together. */
function attempt(build: () => Word): Word {
  try {
    return build()
  } catch {
    return nop()
  }
}

/** A word that only calculates. */
const dataWord: fc.Arbitrary<Word> = fc.oneof(
  fc
    .tuple(destination, unrestricted, fc.constantFrom(...aluOps), unrestricted)
    .map(([dst, left, op, right]) => attempt(() => alu(dst, left, op, right))),
  fc
    .tuple(destination, restricted, fc.constantFrom(...shfOps), restricted, shift)
    .map(([dst, left, op, right, by]) => attempt(() => shf(dst, left, op, right, by))),
  fc
    .tuple(destination, restricted, restricted, amount)
    .map(([dst, left, right, by]) => attempt(() => shf(dst, left, 'B', right, doubleShiftRight(by)))),
  fc
    .tuple(destination, restricted, amount)
    .map(([dst, right, by]) => attempt(() => shf(dst, NO_OPERAND, 'asr', right, shiftRight(by)))),
  fc
    .tuple(destination, fc.integer({ min: 0, max: 15 }), restricted, shift, fc.boolean())
    .map(([dst, mask, src, by, clear]) => attempt(() => (clear ? ldFieldClear : ldField)(dst, mask, src, by))),
  fc
    .tuple(
      destination,
      fc.integer({ min: 0, max: 0xffff }),
      fc.constantFrom('all', 'byte', 'word'),
      fc.boolean(),
      fc.constantFrom(0, 1, 2),
    )
    .map(([dst, value, width, invert, shiftBytes]) => attempt(() => immed(dst, value, { width, invert, shiftBytes }))),
  fc
    .tuple(
      register,
      register,
      fc.constantFrom('start', '16x16', '32x32', '24x8'),
      fc.constantFrom('step1', 'last', 'last2'),
    )
    .map(([left, right, type, step]) =>
      attempt(() => mulStep(left, type, step, step === 'step1' ? right : NO_OPERAND)),
    ),
  fc
    .tuple(fc.constantFrom(0x64, 0x6c, 0x94, 0x9c), unrestricted)
    .map(([csr, src]) => attempt(() => localCsrWrite(csr, src))),
  fc.constant(localCsrRead(0x148)),
  fc.constant(localCsrRead(0xc0)),
)

/** The register that keeps commands' addresses small: no random word writes it. */
export const ADDRESS_REGISTER = 15

/** Commands to small addresses: one operand is a register that only tests set, the other an immediate. */
const command: fc.Arbitrary<Word> = fc
  .record({
    command: fc.constantFrom('read32_swap', 'read8', 'write8_swap', 'write32_swap', 'add', 'add_imm', 'read32'),
    mode: fc.constantFrom('32', '40-ba', '40-ab'),
    xfer: fc.integer({ min: 0, max: 7 }),
    left: fc.constant(gprA(ADDRESS_REGISTER)),
    right: fc.integer({ min: 0, max: 127 }).map(imm),
    count: fc.integer({ min: 0, max: 7 }),
    swap: fc.constantFrom('swap', 'swap-defer1', 'swap-defer2', 'no-swap'),
    indirect: fc.boolean(),
  })
  .map((fields) => attempt(() => cmd(fields)))

const target = fc.integer({ min: PROGRAM_START, max: PROGRAM_START + PROGRAM_WORDS })
const defer = fc.integer({ min: 0, max: 3 })
const targeted: fc.Arbitrary<Word> = fc.oneof(
  fc.tuple(fc.constantFrom(...conditions), target, defer).map(([condition, to, shadow]) => br(condition, to, shadow)),
  fc
    .tuple(register, fc.integer({ min: 0, max: 31 }), fc.boolean(), target, defer)
    .map(([src, bit, set, to, shadow]) => brBit(src, bit, set, to, shadow)),
  fc
    .tuple(register, fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 255 }), fc.boolean(), target, defer)
    .map(([src, byte, value, equal, to, shadow]) => brByte(src, byte, value, equal, to, shadow)),
)

const branch: fc.Arbitrary<Word> = fc.oneof(
  { weight: 12, arbitrary: targeted },
  { weight: 1, arbitrary: fc.tuple(register, defer).map(([src, shadow]) => rtn(src, shadow)) },
  { weight: 1, arbitrary: fc.constant(ctxArb({ events: 1 })) },
)

const anyWord = fc.oneof(
  { weight: 12, arbitrary: dataWord },
  { weight: 2, arbitrary: command },
  { weight: 2, arbitrary: branch },
)

/** Most backward branches lead forward instead, so that programs come to an end. */
function forward(words: readonly Word[]): Word[] {
  return words.map((word, index) => {
    const here = PROGRAM_START + index
    const to = branchTarget(word)
    return isBranch(word) && to <= here && to % 4 !== 0 ? setBranchTarget(word, here + 2 + (to % 5)) : word
  })
}

/** A program: words that calculate, between them branches and commands. */
export const randomProgram: fc.Arbitrary<Word[]> = fc
  .array(anyWord, { minLength: 8, maxLength: PROGRAM_WORDS })
  .map(forward)
