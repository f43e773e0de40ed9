import { describe, expect, it } from 'vitest'
import { type NfpProgram, translateNfp } from '../src/index.ts'
import { programOf } from './golden-programs.ts'
import { REFUSED_PROGRAMS } from './refused-programs.ts'

const EINVAL = 22

describe("what the driver refuses, with its lines of the kernel's log", () => {
  it.each(REFUSED_PROGRAMS)('$name', ({ program, error, translated, lines = [] }) => {
    const message = `Translation failed with error -${error} (translated: ${translated})`
    const { refusal } = translateNfp(program)
    expect(refusal).toMatchObject({ errno: EINVAL, message, log: [...lines, message] })
  })

  it('names the slot that could not be translated', () => {
    expect(translateNfp(programOf({ source: 'r0 = 2\nr0 %= 3\nexit' })).refusal?.pc).toBe(1)
  })

  it('takes a program that just fits, its eight nops included', () => {
    const program = programOf({ source: 'r0 = 2\nexit' })
    const words = translateNfp(program).translation?.words.length as number
    expect(translateNfp({ ...program, target: { maxWords: words } }).refusal).toBeUndefined()
    expect(translateNfp({ ...program, target: { maxWords: words - 1 } }).refusal).toBeDefined()
  })
})

const plain = programOf({ source: 'r0 = 2\nexit' })
const insnsOf = (source: string): Partial<NfpProgram> => ({ insns: programOf({ source }).insns })

/** Input that no verifier lets through. */
// biome-ignore format: table
const BAD_INPUT = [
  { code: 'JIT_NFP_TYPE',      change: { type: 1 } },
  { code: 'JIT_NFP_JUMP',      change: insnsOf('r0 = 2\ngoto +7\nexit') },
  { code: 'JIT_NFP_JUMP',      change: insnsOf('goto -2\nexit') },
  { code: 'JIT_NFP_JUMP',      change: { facts: [undefined, { jumpTarget: 99 }] } },
  { code: 'JIT_NFP_FUNCTIONS', change: { stackDepths: [0, 0] } },
  { code: 'JIT_NFP_FUNCTIONS', change: insnsOf('call one\nexit\none: exit') },
  { code: 'JIT_NFP_FUNCTIONS', change: { ...insnsOf('call one\nexit\none: call one\nexit'), stackDepths: [0, 0] } },
  { code: 'JIT_NFP_LD_IMM64',  change: { insns: [{ opcode: 0x18, dst: 1, src: 0, off: 0, imm: 0 }] } },
] satisfies { code: string; change: Partial<NfpProgram> }[]

describe('input that is no verified program', () => {
  it.each(BAD_INPUT)('$code', ({ code, change }) => {
    expect(() => translateNfp({ ...plain, ...change })).toThrow(expect.objectContaining({ code }))
  })

  it('an empty program has no words of its own', () => {
    const { translation } = translateNfp({ ...plain, insns: [], facts: [] })
    expect(translation).toMatchObject({ insnStarts: [], stackBytes: 0 })
  })
})
