import type { ProgramImage } from '@bpfoundry/engine'
import {
  BPF_ALU64_IMM,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JMP_IMM,
  BPF_LD_IMM64,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_XOR,
  encodeInsns,
  type Insn,
} from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { Kernel, type KernelOptions, seededKeys } from '../../src/index.ts'

const CHOSEN = [0x3c909090, 0x12345678, 0x0bad_c0de]
const INSNS: readonly Insn[] = [
  BPF_MOV64_IMM(0, CHOSEN[0] as number),
  BPF_ALU64_IMM(BPF_XOR, 0, CHOSEN[1] as number),
  BPF_ST_MEM(BPF_DW, 10, -8, CHOSEN[2] as number),
  ...BPF_LD_IMM64(3, 0x0bad_c0de_3c90_9090n),
  BPF_STX_MEM(BPF_DW, 10, 3, -16),
  BPF_JMP_IMM(BPF_JEQ, 0, CHOSEN[1] as number, 0),
  BPF_EMIT_CALL(5),
  BPF_MOV64_REG(1, 0),
  BPF_MOV64_IMM(0, 2),
  BPF_EXIT_INSN(),
]
const REQUEST = { name: 'p', type: PROG_TYPE.XDP, expectedAttachType: 0, insns: INSNS, license: 'GPL', flags: 0 }

function load(options: KernelOptions): ProgramImage {
  return Kernel.create(options).loadProgram(REQUEST).image
}

/** Which of the chosen numbers stand in the code, at any byte. */
function chosenIn(insns: readonly Insn[]): number[] {
  const bytes = Buffer.from(encodeInsns(insns))
  return CHOSEN.filter((number) => {
    const wanted = Buffer.alloc(4)
    wanted.writeUInt32LE(number)
    return bytes.includes(wanted)
  })
}

describe('bpf_jit_harden', () => {
  it.each([0, 1] as const)('%d leaves the programs of the privileged as they are', (harden) => {
    expect(chosenIn(load({ harden }).inlined?.insns ?? [])).toEqual(CHOSEN)
  })

  it('2 takes every number that the author chose out of what compiling engines see', () => {
    for (const inlineHelpers of [true, false]) {
      const { inlined } = load({ harden: 2, inlineHelpers })
      expect(chosenIn(inlined?.insns ?? INSNS)).toEqual([])
      expect(inlined?.weights).toHaveLength(inlined?.insns.length ?? 0)
    }
  })

  it('2 leaves what is dumped, interpreted or translated for a device as it was loaded', () => {
    expect(load({ harden: 2 }).insns).toEqual(load({}).insns)
  })

  it('2 draws fresh keys each load, and the same ones for the same seed', () => {
    const once = (options: KernelOptions): string => JSON.stringify(load({ harden: 2, ...options }).inlined?.insns)
    expect(once({})).not.toBe(once({}))
    expect(once({ blindingKeys: seededKeys(1) })).toBe(once({ blindingKeys: seededKeys(1) }))
    expect(once({ blindingKeys: seededKeys(1) })).not.toBe(once({ blindingKeys: seededKeys(2) }))
  })

  it('2 does not concern programs that a device takes: Linux compiles those without it', () => {
    const hooks = { prefix: '', insn: () => undefined, finalize: () => undefined }
    const device = { ifindex: 2, name: 'card', prepare: () => ({ hooks }) }
    const program = Kernel.create({ harden: 2 }).loadProgram(REQUEST, device)
    expect(program.image.inlined).toBeUndefined()
  })
})
