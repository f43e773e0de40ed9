import { PASS, type VerifierCase } from '../support/case.ts'

export const REGISTER_CASES: readonly VerifierCase[] = [
  { name: 'a register without a value is not read', asm: 'r0 = r2\nexit' },
  { name: 'r0 needs a value at exit', asm: 'exit' },
  { name: 'r10 is read only', asm: 'r10 = 0\nexit' },
  { name: 'r10 is read only for arithmetic', asm: `r10 += 8\n${PASS}` },
  { name: 'register 11 is none', hex: 'b70b000000000000 9500000000000000' },
  { name: 'source register 15 is none', hex: 'bff0000000000000 9500000000000000' },
  { name: 'arguments are lost across a call', asm: 'r1 = 1\ncall 7\nr0 = r1\nexit' },
  { name: 'r6 to r9 survive a call', asm: 'r6 = 1\ncall 7\nr0 = r6\nexit' },
  { name: 'a pointer may be returned', asm: 'r0 = r10\nexit' },
  { name: 'one way leaves r0 without a value', asm: 'r2 = *(u32 *)(r1 + 16)\nif r2 == 0 goto out\nr0 = 1\nout:\nexit' },
  { name: 'both ways give r0 a value', asm: 'r2 = *(u32 *)(r1 + 16)\nr0 = 0\nif r2 == 0 goto out\nr0 = 1\nout:\nexit' },
  { name: 'half of a pointer is a number', asm: `w2 = w1\nr3 = *(u8 *)(r2 + 0)\n${PASS}` },
  {
    name: 'a copied number stays linked',
    asm: `r6 = *(u32 *)(r1 + 16)\nr7 = r6\nif r6 > 7 goto out\nr2 = r10\nr2 += -8\nr2 += r7\nr3 = *(u8 *)(r2 + 0)\nout:${PASS}`,
  },
  {
    name: 'a copy at a distance stays linked',
    asm: `r6 = *(u32 *)(r1 + 16)\nr7 = r6\nr7 += 2\nif r6 > 5 goto out\nr2 = r10\nr2 += -8\nr2 += r7\nr3 = *(u8 *)(r2 + 0)\nout:${PASS}`,
  },
  {
    name: 'a half copied register is linked when it fits',
    asm: `r6 = *(u32 *)(r1 + 16)\nw7 = w6\nif w7 > 7 goto out\nr2 = r10\nr2 += -8\nr2 += r6\nr3 = *(u8 *)(r2 + 0)\nout:${PASS}`,
  },
  {
    name: 'a half copied register is not linked when it does not fit',
    asm: `call 5\nr6 = r0\nw7 = w6\nif w7 > 7 goto out\nr2 = r10\nr2 += -8\nr2 += r6\nr3 = *(u8 *)(r2 + 0)\nout:${PASS}`,
  },
]

/** The form of instructions. Most can only be written as bytes. */
export const FORM_CASES: readonly VerifierCase[] = [
  { name: 'mov with a source register and an immediate', hex: 'b710000000000000 9500000000000000' },
  { name: 'mov with an offset', hex: 'b700010000000000 9500000000000000' },
  { name: 'movsx of 12 bits', hex: 'bf110c0000000000 9500000000000000' },
  { name: 'add with an offset', hex: 'b700000000000000 0700010001000000 9500000000000000' },
  { name: 'add of registers with an immediate', hex: 'b700000000000000 0f00000001000000 9500000000000000' },
  { name: 'neg with an immediate', hex: 'b700000000000000 8700000001000000 9500000000000000' },
  { name: 'byte swap of 24 bits', hex: 'b700000000000000 dc00000018000000 9500000000000000' },
  { name: 'exit with an offset', hex: 'b700000000000000 9500010000000000' },
  { name: 'exit with a register', hex: 'b700000000000000 9501000000000000' },
  { name: 'exit with an immediate', hex: 'b700000000000000 9500000001000000' },
  { name: 'goto with a register', hex: 'b700000000000000 0501000000000000 9500000000000000' },
  { name: 'a comparison of nothing with a register and an immediate', hex: '1503000000000000 9500000000000000' },
  { name: 'a comparison with a number and a register', hex: 'b700000000000000 1510000000000000 9500000000000000' },
  { name: 'call with an offset', hex: '8500010007000000 9500000000000000' },
  { name: 'call with a destination', hex: '8501000007000000 9500000000000000' },
  { name: 'call of an unknown sort', hex: '8530000007000000 9500000000000000' },
  { name: 'jump on an immediate with a source register', hex: 'b700000000000000 1510000000000000 9500000000000000' },
  { name: 'jump on registers with an immediate', hex: 'b700000000000000 1d00000001000000 9500000000000000' },
  { name: 'store of an immediate with a source register', hex: 'b700000000000000 7a1af8ff00000000 9500000000000000' },
  { name: 'store of a register with an immediate', hex: 'b700000000000000 7b0af8ff01000000 9500000000000000' },
  { name: 'load with an immediate', hex: '61100000 01000000 9500000000000000' },
  { name: 'load of an unknown mode', hex: 'f910000000000000 9500000000000000' },
  { name: 'opcode 0xff', hex: 'ff00000000000000 9500000000000000' },
  { name: 'half of a 64-bit immediate', hex: '1800000001000000' },
  { name: 'a 64-bit immediate with a bad second half', hex: '1800000001000000 b700000000000000 9500000000000000' },
  { name: 'a 64-bit immediate of an unknown sort', hex: '1870000001000000 0000000000000000 9500000000000000' },
  { name: 'a 64-bit immediate with an offset', hex: '1800010001000000 0000000000000000 9500000000000000' },
  {
    name: 'an atomic operation that there is not',
    hex: 'b700000000000000 7b0af8ff00000000 db0af8ff77000000 9500000000000000',
  },
]
