import { assembleKernel, disassembleKernel, encodeInsns, IsaError } from '../src/index.ts'

export const name = 'isa-kernel-syntax'

/** Any text: it assembles to what its disassembly assembles to, or is refused. */
export function fuzzOnce(input: Uint8Array): void {
  try {
    const { insns } = assembleKernel(new TextDecoder().decode(input))
    const bytes = encodeInsns(insns)
    const again = encodeInsns(assembleKernel(disassembleKernel(insns)).insns)
    if (bytes.toString() !== again.toString()) throw new Error(`another program: ${disassembleKernel(insns)}`)
  } catch (error) {
    if (!(error instanceof IsaError)) throw error
  }
}

const TEXTS = [
  '0: (b7) r1 = 3 ; R1=3\n1: (95) exit\n',
  '(18) r1 = map[id:691][0]+4\n(18) r2 = subprog[+5]\n(18) r3 = btf[id:3]+0\nr4 = 0x1122334455667788\n',
  'if r1 s> 0xfffffff0 goto pc-2\nif w1 & w2 goto pc+3\ngoto pc+1\ngotol pc-7\nmay_goto pc+1\ncall pc+4\n',
  'lock *(u64 *)(r1 +0) += r2\nr0 = atomic64_cmpxchg((u64 *)(r1 -8), r0, r2)\nr2 = atomic_xchg((u32 *)(r1 +0), r2)\n',
  'r1 = load_acquire((u8 *)(r2 +4))\nstore_release((u64 *)(r1 +0), r2)\nr1 = addr_space_cast(r2, 0, 1)\n',
  'call bpf_map_lookup_elem#1\ncall kernel-function#7\nr0 = *(u16 *)skb[12]\nr0 = *(u8 *)skb[r1 + -5]\n',
  'r1 = (s8)r2\nw1 = -w1\nr1 = be16 r1\nr1 s>>= 3\n*(u32 *)(r10 -4) = -1\nr2 = *(s16 *)(r10 -4)\n',
]

export const seeds = (): Uint8Array[] => TEXTS.map((text) => new TextEncoder().encode(text))
