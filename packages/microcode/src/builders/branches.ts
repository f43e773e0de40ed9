/**
 * Branches. Behind each, `defer` words (0 to 3) still execute whether it is taken or not.
 *
 * @see nfp_asm.h OP_BR_*, OP_BR_BIT_*, OP_BBYTE_*, OP_BR_ALU_*
 */
import { composer } from '../compose.ts'
import { replace, take, type Word } from '../field.ts'
import { classOf, LAYOUTS } from '../layouts.ts'
import { MicrocodeError } from '../microcode-error.ts'
import { imm, NO_OPERAND, type Operand } from '../operand.ts'
import { BR_CONDITIONS, type BrCondition } from '../operations.ts'
import { placeRestricted, placeRestrictedWithByte } from '../restricted.ts'
import { placeUnrestricted } from '../unrestricted.ts'

const BR = composer('br')
const BR_BIT = composer('brBit')
const BR_BYTE = composer('brByte')
const BR_ALU = composer('brAlu')
const CTX_ARB = composer('ctxArb')

const [ADDR_LO_HIGH, ADDR_LO_LOW] = LAYOUTS.br.fields.addrLo
const ADDR_LO_LIMIT = 2 ** (ADDR_LO_HIGH - ADDR_LO_LOW + 1)
const ADDR_LIMIT = 2 * ADDR_LO_LIMIT
/** What the context and signal field holds in branches that do not look at it. */
const NO_STATE = 2

/**
 * Branch on condition codes, or always.
 *
 * ```
 *   40       34-22     21-20   17-14   9-8      4-0
 * | addr hi | addr lo | defer | state | ev pip | condition |
 * ```
 * @param address in words
 * @throws MicrocodeError MICROCODE_FIELD
 */
export function br(condition: BrCondition, address: number, defer = 0): Word {
  return (
    BR.base +
    BR.condition(BR_CONDITIONS[condition]) +
    BR.evPip(condition !== 'br') +
    BR.state(NO_STATE) +
    BR.defer(defer) +
    addressed(BR, address)
  )
}

/**
 * br_bset[src, bit, address] and br_bclr: branch on one bit. It is stored as the rotation that brings it to the top: bit + 1.
 *
 * ```
 *   42   40       34-22     21-20   18   17-10  7-0
 * | sx | addr hi | addr lo | defer | set |  B  | A |
 * ```
 * @throws MicrocodeError MICROCODE_OPERAND, MICROCODE_FIELD
 */
export function brBit(src: Operand, bit: number, set: boolean, address: number, defer = 0): Word {
  if (!Number.isInteger(bit) || bit < 0 || bit > 31) {
    throw new MicrocodeError({
      code: 'MICROCODE_FIELD',
      message: 'a register has no such bit',
      got: bit,
      expected: '0 to 31',
    })
  }
  const { a, b, srcLmExtn } = placeRestricted(NO_OPERAND, src, imm(bit + 1))
  return (
    BR_BIT.base +
    BR_BIT.a(a) +
    BR_BIT.b(b) +
    BR_BIT.set(set) +
    BR_BIT.defer(defer) +
    BR_BIT.srcLmExtn(srcLmExtn) +
    addressed(BR_BIT, address)
  )
}

/**
 * br=byte[src, byte, value, address] and br!=byte
 *
 * ```
 *   42   40       34-22     21-20   19      18   17-10  9-8    7-0
 * | sx | addr hi | addr lo | defer | equal | i8 |  B  | byte | A |
 * ```
 * @throws MicrocodeError MICROCODE_OPERAND, MICROCODE_FIELD
 */
export function brByte(src: Operand, byte: number, value: number, equal: boolean, address: number, defer = 0): Word {
  const { a, b, i8, srcLmExtn } = placeRestrictedWithByte(NO_OPERAND, src, imm(value))
  return (
    BR_BYTE.base +
    BR_BYTE.a(a) +
    BR_BYTE.byte(byte) +
    BR_BYTE.b(b) +
    BR_BYTE.i8(i8) +
    BR_BYTE.equal(equal) +
    BR_BYTE.defer(defer) +
    BR_BYTE.srcLmExtn(srcLmExtn) +
    addressed(BR_BYTE, address)
  )
}

/**
 * rtn[src]: branch to the address in a register; jump[src, .offset] with an offset behind it.
 *
 * ```
 *   43   42   30-22    21-20   19-10  9-0
 * | dx | sx | imm hi | defer |  B   | A |
 * ```
 * @throws MicrocodeError MICROCODE_OPERAND, MICROCODE_FIELD
 */
export function rtn(src: Operand, defer = 0, offset = 0): Word {
  const { a, b, srcLmExtn } = placeUnrestricted(NO_OPERAND, src, imm(offset & 0xff))
  return (
    BR_ALU.base +
    BR_ALU.a(a) +
    BR_ALU.b(b) +
    BR_ALU.defer(defer) +
    BR_ALU.immHi(offset >>> 8) +
    BR_ALU.srcLmExtn(srcLmExtn)
  )
}

/** A context waits for signals. */
export interface ContextWait {
  /** Bit n: signal n. Bit 0: a voluntary swap; no bit: the context ends. */
  readonly events: number
  /** One of the signals suffices. */
  readonly any?: boolean
  /** Where the context goes on, if not behind this word. */
  readonly resumeAt?: number
  readonly defer?: number
}

/**
 * ctx_arb[signals]: gives the core to another context.
 *
 * ```
 *   40       34-22     21-20   19       18       17    16    15-0
 * | addr hi | addr lo | defer | no load | resume | bpt | any | events |
 * ```
 * @throws MicrocodeError MICROCODE_FIELD
 */
export function ctxArb(wait: ContextWait): Word {
  return (
    CTX_ARB.base +
    CTX_ARB.events(wait.events) +
    CTX_ARB.any(wait.any ?? false) +
    CTX_ARB.resume(wait.resumeAt !== undefined) +
    CTX_ARB.defer(wait.defer ?? 0) +
    addressed(CTX_ARB, wait.resumeAt ?? 0)
  )
}

/** Whether a word is a branch that has its target as address: `br` or `brBit`. */
export function isBranch(word: Word): boolean {
  const cls = classOf(word)
  return cls === 'br' || cls === 'brBit'
}

/** The target of a branch, in words. */
export function branchTarget(word: Word): number {
  const { addrHi, addrLo } = LAYOUTS.br.fields
  return take(word, addrHi) * ADDR_LO_LIMIT + take(word, addrLo)
}

/** A branch with another target. @throws MicrocodeError MICROCODE_FIELD */
export function setBranchTarget(word: Word, address: number): Word {
  const { addrHi, addrLo } = addressFields(address)
  const { fields } = LAYOUTS.br
  return replace('br.addrHi', replace('br.addrLo', word, fields.addrLo, addrLo), fields.addrHi, addrHi)
}

/** A target in the words of a class that has one. @throws MicrocodeError MICROCODE_FIELD */
function addressed({ addrLo, addrHi }: Pick<typeof BR, 'addrLo' | 'addrHi'>, address: number): number {
  const target = addressFields(address)
  return addrLo(target.addrLo) + addrHi(target.addrHi)
}

function addressFields(address: number): { readonly addrLo: number; readonly addrHi: boolean } {
  if (!Number.isInteger(address) || address < 0 || address >= ADDR_LIMIT) {
    throw new MicrocodeError({
      code: 'MICROCODE_FIELD',
      message: 'the branch target does not fit',
      got: address,
      expected: `0 to ${ADDR_LIMIT - 1}`,
    })
  }
  return { addrLo: address % ADDR_LO_LIMIT, addrHi: address >= ADDR_LO_LIMIT }
}
