import {
  ANCILLARY,
  BPF_JUMP,
  BPF_STMT,
  CbpfError,
  type ClassicInsn,
  ClassicMachine,
  checkAttach,
  checkClassic,
  decodeClassic,
  disassembleClassic,
  encodeClassic,
  formatDecimal,
  frameBuffer,
  GUEST_CONTEXT,
  readDecimal,
  SK_BUFF_CONTEXT,
  toEbpf,
} from '../src/index.ts'

export const name = 'cbpf-program'

export function seeds(): Uint8Array[] {
  const programs = [
    [BPF_STMT(0x28, 12), BPF_JUMP(0x15, 0x800, 0, 2), BPF_STMT(0xb1, 14), BPF_STMT(0x48, 16), BPF_STMT(0x16, 0)],
    [BPF_STMT(0x80, 0), BPF_STMT(0x02, 3), BPF_STMT(0x61, 3), BPF_STMT(0x3c, 0), BPF_STMT(0x06, 0xffff)],
    ANCILLARY.map(({ k }) => BPF_STMT(0x20, k)).concat(BPF_STMT(0x16, 0)),
  ]
  return programs.map((insns) => encodeClassic(insns))
}

/** A mutated program is seldom one: numbers are brought closer to what instructions are made of. */
const LIKELY_CODES = [0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0xb1, 0x15, 0x25, 0x45, 0x02, 0x60, 0x07, 0x0c, 0x3c, 0x06]

/** Any bytes as a program: they come back, the checker answers, and what it accepts runs on the bytes and translates. */
export function fuzzOnce(input: Uint8Array): void {
  try {
    const insns = decodeClassic(input)
    comesBack(insns, input)
    exercise(insns, input)
    exercise(insns.map(likely).concat({ code: 0x16, jt: 0, jf: 0, k: 0 }), input)
  } catch (error) {
    if (!(error instanceof CbpfError)) throw error
  }
}

function comesBack(insns: readonly ClassicInsn[], input: Uint8Array): void {
  if (encodeClassic(insns).some((byte, index) => byte !== input[index])) throw new Error('encoding changed the bytes')
  const big = decodeClassic(encodeClassic(insns, 'big'), 'big')
  if (JSON.stringify(big) !== JSON.stringify(insns)) throw new Error('big endian changed the program')
  if (insns.length <= 0xffff && JSON.stringify(readDecimal(formatDecimal(insns))) !== JSON.stringify(insns)) {
    throw new Error('the decimal text is another program')
  }
}

function exercise(insns: readonly ClassicInsn[], packet: Uint8Array): void {
  disassembleClassic(insns)
  if (checkClassic(insns) !== undefined) return
  const { executed, result } = new ClassicMachine(insns).run(frameBuffer(packet))
  if (executed > insns.length) throw new Error('an instruction was executed twice')
  if (!(Number.isInteger(result) && result >= 0 && result <= 0xffffffff)) throw new Error(`returned ${result}`)
  if (checkAttach(insns) === undefined) toEbpf(insns, GUEST_CONTEXT)
  toEbpf(insns, SK_BUFF_CONTEXT)
}

function likely({ code, jt, jf, k }: ClassicInsn): ClassicInsn {
  return { code: LIKELY_CODES[code % LIKELY_CODES.length] as number, jt: jt % 4, jf: jf % 4, k: k % 32 }
}
