/** Sequences that become one instruction, with the registers that they leave behind read later or not. */
import {
  assembleLlvm,
  BPF_ALU64_REG,
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_LD_IMM64,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_OR,
  BPF_REG_AX,
  BPF_STX_MEM,
  type Insn,
} from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { translateX86 } from '../src/index.ts'
import { createDisassembler } from './disassembler.ts'
import { type Bench, CANNOT_RUN, createBenches, imageOf, type Outcome, PROG_ARRAY, runImage } from './harness.ts'

/** What is translated, and a mnemonic that must then be there: without one, that nothing was fused wrongly. */
// biome-ignore format: table
const SEQUENCES: readonly (readonly [source: string, expected: string | undefined])[] = [
  ['r2 = r10\nr2 += -8',                                'lea'],
  ['r2 = r3\nr2 -= 100000',                             'lea'],
  ['r2 = r3\nr2 -= -2147483648',                        undefined],
  ['r2 = r3\nr2 += r4',                                 'lea'],
  ['r2 = r3\nr2 += r2',                                 undefined],
  ['w2 = w3\nw2 += 7',                                  'lea'],
  ['w2 = w3\nw2 += w4',                                 'lea'],
  ['w2 = w3\nr2 += 7',                                  undefined],
  ['r2 = r3\nw2 += 7',                                  undefined],
  ['r2 = r3\nr2 *= 10',                                 'imul'],
  ['r2 = r3\nr2 *= 5',                                  'lea'],
  ['w2 = w3\nw2 *= 31',                                 'shl'],
  ['w2 = w3\nw2 *= 1',                                  undefined],
  ['r2 = r3\nr2 *= 64',                                 'shl'],
  ['r2 = r3\nw2 *= 10',                                 'imul'],
  ['r2 = r3\nr2 &= 255',                                'movzx'],
  ['w2 = w3\nr2 &= 65535',                              'movzx'],
  ['r2 = r3\nr2 &= 65534',                              'and'],
  ['r2 = r3\nr2 <<= r4',                                'shl'],
  ['r2 = r3\nr2 s>>= r4',                               'sar'],
  ['w2 = w3\nw2 >>= w4',                                'shr'],
  ['r2 = r3\nr2 <<= r2',                                'shl'],
  ['r2 <<= 3\nr2 += r4',                                'lea'],
  ['r2 <<= 4\nr2 += r4',                                undefined],
  ['r2 <<= 1\nr2 += r2',                                undefined],
  ['w3 = w2\nw3 <<= 13\nw2 >>= 19\nw2 |= w3',           'rol'],
  ['w3 = w2\nw3 >>= 13\nw2 <<= 19\nw2 |= w3',           'rol'],
  ['w3 = w2\nw2 <<= 13\nw3 >>= 19\nw3 |= w2',           'ro'],
  ['r3 = r2\nr3 <<= 1\nr2 >>= 63\nr2 |= r3',            'rol'],
  ['r3 = r2\nr2 >>= 1\nr3 <<= 63\nr3 |= r2',            'ro'],
  ['r3 = r2\nr3 <<= 1\nr2 >>= 62\nr2 |= r3',            undefined],
  ['r3 = r2\nr3 <<= 1\nr2 s>>= 63\nr2 |= r3',           undefined],
  ['r3 = r2\nw3 <<= 13\nw2 >>= 19\nw2 |= w3',           undefined],
  ['r2 = *(u16 *)(r1 + 1)\nr2 = be16 r2',               'rol'],
  ['r2 = *(u32 *)(r1 + 1)\nr2 = be32 r2',               'b'],
  ['r2 = *(u64 *)(r1 + 1)\nr2 = bswap64 r2',            'b'],
  ['r2 = *(u32 *)(r1 + 1)\nr2 = be64 r2',               'bswap'],
  ['r2 = *(u32 *)(r1 + 1)\nr3 = be32 r3',               'bswap'],
  ['r2 &= 1\nif r2 == 0 goto +1\nr3 += 1',              undefined],
  ['r2 -= r4\nif r2 != 0 goto +1\nr3 += 1',             undefined],
  ['r2 -= r4\nif w2 != 0 goto +1\nr3 += 1',             'test'],
  ['w2 -= w4\nif r2 != 0 goto +1\nr3 += 1',             undefined],
  ['r2 <<= r4\nif r2 != 0 goto +1\nr3 += 1',            'test'],
  ['r2 >>= 5\nif r3 == 0 goto +1\nr3 += 1',             'test'],
  ['r2 /= r4\nif r2 == 0 goto +1\nr3 += 1',             'test'],
  ['w2 s/= w4\nif w2 != 0 goto +1\nr3 += 1',           'test'],
  ['r2 *= 12\nif r2 == 0 goto +1\nr3 += 1',             'test'],
]

const VALUES = [0n, 1n, 0x80000000n, 0xffffffffn, 0x1122334455667788n, 0x8000000000000001n, 0xffffffffffffffffn]

/** r2, r3, r4 set; the sequence; then r2 and r3, or one of them alone, in r0 and on the stack. */
function programs(source: string, value: bigint): readonly (readonly Insn[])[] {
  const setup = [...BPF_LD_IMM64(2, value), ...BPF_LD_IMM64(3, value ^ 0x55n), BPF_MOV64_IMM(4, 33)]
  const ends = [
    [BPF_STX_MEM(BPF_DW, 10, 2, -8), BPF_STX_MEM(BPF_DW, 10, 3, -16), BPF_MOV64_REG(0, 2), BPF_ALU64_REG(BPF_OR, 0, 3)],
    [BPF_MOV64_REG(0, 2)],
    [BPF_MOV64_REG(0, 3)],
  ]
  return ends.map((end) => [...setup, ...assembleLlvm(source).insns, ...end, BPF_EXIT_INSN()])
}

const disassemble = await createDisassembler()

describe('sequences', () => {
  it.each(SEQUENCES.filter(([, expected]) => expected !== undefined))('%s holds %s', (source, expected) => {
    const options = { progArray: PROG_ARRAY, count: false }
    const code = translateX86(
      imageOf([...assembleLlvm(`${source}\nr0 = r2\nr0 += r3`).insns, BPF_EXIT_INSN()]),
      options,
    )
    expect(disassemble(code.bytes).some(({ mnemonic }) => mnemonic.startsWith(expected as string))).toBe(true)
  })

  it.each(SEQUENCES)('%s does what it does one by one', (source) => {
    if (CANNOT_RUN !== undefined) return console.log(`not run: ${CANNOT_RUN}`)
    const { interpreter, natives } = benches
    for (const value of VALUES) {
      for (const insns of programs(source, value)) {
        const expected = runOn(interpreter, insns)
        for (const [name, bench] of natives)
          expect({ name, outcome: runOn(bench, insns) }).toEqual({ name, outcome: expected })
      }
    }
  })
})

/** What blinding makes of additions, r5 standing for AX, and how often `lea` must then be there. */
// biome-ignore format: table
const BLINDED: readonly (readonly [source: string, leas: number])[] = [
  ['r2 = r3\nr2 += r5\nr2 += -100000',        1],
  ['w2 = w3\nw2 += w5\nw2 += 2147483647',     1],
  ['r2 += r5\nr2 += 7',                        1],
  ['w2 += w5\nw2 += -2147483648',              1],
  ['r2 = r3\nr2 += r5\nw2 += 7',              1],
  ['r2 = r3\nw2 += w5\nw2 += 7',              1],
  ['r2 = r3\nr2 += r5\nr3 += 7',              1],
  ['r2 = r5\nr2 += r5\nr2 += 7',              1],
  ['r5 += r5\nr5 += 7\nr2 += r5',             0],
  ['r2 += r4\nr2 += 7',                        0],
  ['r2 = r3\nif r2 == 0 goto +1\nr2 += r5\nr2 += 7', 0],
  ['r2 += r5\nif r2 == 0 goto +0\nr2 += 7',   0],
]

describe('numbers from AX', () => {
  const withAx = (insns: readonly Insn[]): readonly Insn[] =>
    insns.map((insn) => ({
      ...insn,
      dst: insn.dst === 5 ? BPF_REG_AX : insn.dst,
      src: insn.src === 5 ? BPF_REG_AX : insn.src,
    }))
  const blinded = (source: string): string => `r5 = 305419896\n${source}`

  it.each(BLINDED)('%s holds %i lea', (source, leas) => {
    const insns = withAx(assembleLlvm(`${blinded(source)}\nr0 = r2\nr0 |= r3`).insns)
    const code = translateX86(imageOf([...insns, BPF_EXIT_INSN()]), { progArray: PROG_ARRAY, count: false })
    expect(disassemble(code.bytes).filter(({ mnemonic }) => mnemonic === 'lea').length).toBe(leas)
  })

  it.each(BLINDED)('%s does what it does one by one', (source) => {
    if (CANNOT_RUN !== undefined) return console.log(`not run: ${CANNOT_RUN}`)
    for (const value of VALUES) {
      for (const insns of programs(blinded(source), value).map(withAx)) {
        const expected = runOn(benches.interpreter, insns)
        for (const [name, bench] of benches.natives)
          expect({ name, outcome: runOn(bench, insns) }).toEqual({ name, outcome: expected })
      }
    }
  })
})

const benches = createBenches()

function runOn(bench: Bench, insns: readonly Insn[]): Outcome {
  bench.memory.u8.fill(0x9a, bench.buffer, bench.buffer + 64)
  return runImage(bench, imageOf(insns))
}
