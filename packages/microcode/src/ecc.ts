/**
 * Check bits: seven parities over the instruction, each over the bits of one mask.
 *
 * @see nfp_asm.c nfp_ustore_ecc_polynomials; the same masks give the check bits of binutils' nfp test files
 */
import { INSTRUCTION_BITS, INSTRUCTION_LIMIT, type Word } from './field.ts'
import { MicrocodeError } from './microcode-error.ts'

const MASKS = [
  0x0ff800007fff, 0x11f801ff801f, 0x1e387e0781e1, 0x17cb8e388e22, 0x1af5b2c93244, 0x1f56d5525488, 0x0daf69a46910,
]
const HALF = 2 ** 32
/** Low and high half of each mask. */
const HALVES = MASKS.map((mask) => [mask >>> 0, Math.floor(mask / HALF)] as const)
const WORD_LIMIT = 2 ** (INSTRUCTION_BITS + MASKS.length)

/** The seven check bits of an instruction. */
export function eccOf(instruction: Word): number {
  const low = instruction >>> 0
  const high = Math.floor(instruction / HALF)
  let ecc = 0
  HALVES.forEach(([lowMask, highMask], index) => {
    ecc |= parity((low & lowMask) ^ (high & highMask)) << index
  })
  return ecc
}

/** The word with check bits, as the control store has it. @throws MicrocodeError MICROCODE_WORD */
export function withEcc(instruction: Word): Word {
  if (!Number.isInteger(instruction) || instruction < 0 || instruction >= INSTRUCTION_LIMIT) {
    throw new MicrocodeError({
      code: 'MICROCODE_WORD',
      message: `an instruction has ${INSTRUCTION_BITS} bits`,
      got: instruction,
    })
  }
  return instruction + eccOf(instruction) * INSTRUCTION_LIMIT
}

/** The instruction of a word, without check bits. */
export const withoutEcc = (word: Word): Word => word % INSTRUCTION_LIMIT

/** Whether the check bits of a word belong to its instruction. */
export function checkEcc(word: Word): boolean {
  if (!Number.isInteger(word) || word < 0 || word >= WORD_LIMIT) return false
  return Math.floor(word / INSTRUCTION_LIMIT) === eccOf(withoutEcc(word))
}

function parity(value: number): number {
  let bits = value ^ (value >>> 16)
  bits ^= bits >>> 8
  bits ^= bits >>> 4
  return (0x6996 >>> (bits & 15)) & 1
}
