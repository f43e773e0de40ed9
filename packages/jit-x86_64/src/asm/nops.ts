import type { Assembler } from './assembler.ts'
import { form } from './form.ts'
import { NONE, RAX } from './register.ts'

const NOP = form('NOP')
const LONG_NOP = form('NOP r/m32')
/** Displacements of one and of four bytes. */
const [SHORT, LONG] = [1, 128]

/** Ways to do nothing, the longest first. @see Intel SDM volume 2, NOP, table 4-12 */
const NOPS: readonly { readonly bytes: number; readonly write: (asm: Assembler) => void }[] = [
  { bytes: 8, write: (asm) => asm.m(LONG_NOP, RAX, RAX, LONG) },
  { bytes: 7, write: (asm) => asm.m(LONG_NOP, RAX, NONE, LONG) },
  { bytes: 5, write: (asm) => asm.m(LONG_NOP, RAX, RAX, SHORT) },
  { bytes: 4, write: (asm) => asm.m(LONG_NOP, RAX, NONE, SHORT) },
  { bytes: 3, write: (asm) => asm.m(LONG_NOP, RAX, NONE, 0) },
  { bytes: 1, write: (asm) => asm.none(NOP) },
]

/** Fills `count` bytes with as few instructions as may be. */
export function writeNops(asm: Assembler, count: number): void {
  let left = count
  for (const { bytes, write } of NOPS) {
    for (; left >= bytes; left -= bytes) write(asm)
  }
}
