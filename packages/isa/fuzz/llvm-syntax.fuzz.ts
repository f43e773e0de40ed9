import { assembleLlvm, disassembleLlvm, encodeInsns, IsaError } from '../src/index.ts'

export const name = 'isa-llvm-syntax'

const MOST_INSNS = 4096

/** Any text: it assembles to what its disassembly assembles to, or is refused. */
export function fuzzOnce(input: Uint8Array): void {
  try {
    const { insns } = assembleLlvm(new TextDecoder().decode(input), { externals: true })
    if (insns.length > MOST_INSNS) return
    const bytes = encodeInsns(insns)
    const again = encodeInsns(assembleLlvm(disassembleLlvm(insns)).insns)
    if (bytes.toString() !== again.toString()) throw new Error(`another program: ${disassembleLlvm(insns)}`)
  } catch (error) {
    if (!(error instanceof IsaError)) throw error
  }
}

const TEXTS = [
  'start: r0 = 0 # comment\n1: if r0 == 5 goto 1f; r0 += 1\ngoto 1b\n1: gotol start\nexit // end\n',
  'r1 = map + 4 ll\ncall f\nr2 = 0x1122334455667788 ll\nr3 = f ll\ncall 5\nexit\nf: exit\n',
  '/* a\n b */ w1 = *(u32*)(r10 - 4 + 2); *(u8 *)(r1 + 0) = -1\nr2 = atomic_fetch_or((u64 *)(r1 + 0), r2)\n',
  'r0 = cmpxchg_64(r1 + 0, r0, r2)\nw2 = xchg32_32(r1 + 0, w2)\nlock *(u64 *)(r1 - 8) ^= r2\ncallx r1\n',
  '.text\n.file "a;b"\n.byte 0xe5; .byte 0; .short -3; .long 0\n.rept 3; r0 += 1 << 2 | 3; .endr\n.8byte 0x95\n',
  'r1 = be16 r1\nr1 = (s8)r2\nr0 = *(u8 *)skb[r2]\nif w1 s<= w2 goto +0x10 <f+0x8>\nld_pseudo r1, 2, 5\nmay_goto +1\n',
]

export const seeds = (): Uint8Array[] => TEXTS.map((text) => new TextEncoder().encode(text))
