import { assembleLlvm } from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { instructionStarts } from '../src/asm/instruction-length.ts'
import { countX86Insns, translateX86 } from '../src/index.ts'
import { createDisassembler } from './disassembler.ts'
import { GOLDEN_PROGRAMS } from './golden-programs.ts'
import { imageOf, PROG_ARRAY } from './harness.ts'

const disassemble = await createDisassembler()
const FEATURES = [{}, { bmi2: true, movbe: true }] as const

describe('instructions begin where capstone says', () => {
  const programs = GOLDEN_PROGRAMS.filter(({ internal }) => internal === undefined)
  it.each(programs.map((program) => [program.name, program] as const))('%s', (_, { source, options }) => {
    const image = imageOf(assembleLlvm(source.trim()).insns)
    for (const features of FEATURES) {
      const { bytes } = translateX86(image, { progArray: PROG_ARRAY, ...options, features })
      const expected = disassemble(bytes).map(({ offsetBytes }) => offsetBytes)
      // Capstone shows LOCK with its instruction, as the length decoder reads it.
      expect([...instructionStarts(bytes, 0, bytes.length)]).toEqual(expected)
    }
  })
})

describe('counts', () => {
  const counted = (source: string) =>
    countX86Insns(translateX86(imageOf(assembleLlvm(source).insns), { progArray: PROG_ARRAY, count: false }))

  it('are what a reader of the code counts', () => {
    // mov eax, 40 · add rax, 2 · (test rax; jne) · mov eax, 1 · the epilogue, which begins with the result's store
    const { bySlot } = counted('r0 = 40\nr0 += 2\nif r0 != 7 goto +1\nr0 = 1\nexit')
    expect([...bySlot.subarray(0, 4)]).toEqual([1, 1, 2, 1])
    expect(bySlot[4]).toBeGreaterThan(0)
  })

  it('are 0 for the second slot of a wide instruction', () => {
    expect([...counted('r0 = 0x123456789a ll\nexit').bySlot.subarray(0, 2)]).toEqual([1, 0])
  })
})
