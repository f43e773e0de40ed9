/**
 * Programs after the fix-ups, beside what the running kernel makes of them: divisions, decided branches, dead code. A call
 * of a helper is its address in the kernel's dump, and left out of the comparison.
 */
import {
  BPF_CALL,
  BPF_EMIT_CALL,
  BPF_JMP,
  BPF_MOV64_REG,
  decodeInsns,
  disassembleKernel,
  type Insn,
} from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { kernelOracle } from '@bpfoundry/kernel-oracle'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { fixUp, verify } from '../../src/index.ts'

const PROGRAMS = Number(process.env['PROGRAMS'] ?? 300)
const oracle = kernelOracle()
afterAll(() => {
  if (!('unavailable' in oracle)) oracle.close()
})

const insn = (opcode: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ opcode, dst, src, off, imm })
const register = fc.integer({ min: 6, max: 9 })
const small = fc.constantFrom(-7, -1, 1, 2, 1000)
const DIVISIONS = [0x37, 0x34, 0x97, 0x94] as const
const FROM_REGISTER = 0x08

const divided = fc
  .record({
    opcode: fc.constantFrom(...DIVISIONS),
    dst: register,
    src: register,
    byRegister: fc.boolean(),
    off: fc.constantFrom(0, 1),
    imm: small,
  })
  .map(({ opcode, dst, src, byRegister, off, imm }) =>
    byRegister ? insn(opcode | FROM_REGISTER, dst, src, off) : insn(opcode, dst, 0, off, imm),
  )
/** Jumps over a few, of which some are decided: a register is compared with itself, or after it was set. */
const jump = fc
  .record({
    opcode: fc.constantFrom(0x15, 0x55, 0x25, 0x16, 0xa5),
    dst: register,
    off: fc.integer({ min: 0, max: 3 }),
    imm: small,
  })
  .map(({ opcode, dst, off, imm }) => insn(opcode, dst, 0, off, imm))
const set = fc.record({ dst: register, imm: small }).map(({ dst, imm }) => insn(0xb7, dst, 0, 0, imm))
const body = fc.array(fc.oneof({ weight: 3, arbitrary: divided }, jump, set), { minLength: 1, maxLength: 12 })

/** r6 to r9 are any numbers; jumps stay in the program. */
function program(steps: readonly Insn[]): Insn[] {
  const numbers = [6, 7, 8, 9].flatMap((number) => [BPF_EMIT_CALL(7), BPF_MOV64_REG(number, 0)])
  const end = [BPF_MOV64_REG(0, 6), insn(0x95)]
  const within = steps.map((step, index) =>
    (step.opcode & 0x07) === 0x05 || (step.opcode & 0x07) === 0x06
      ? { ...step, off: Math.min(step.off, steps.length - index - 1) }
      : step,
  )
  return [...numbers, ...within, ...end]
}

/** Without the places of functions. */
function comparable(insns: readonly Insn[]): string {
  const plain = insns.map((one) => (one.opcode === (BPF_JMP | BPF_CALL) && one.src === 0 ? { ...one, imm: 0 } : one))
  return disassembleKernel(plain)
}

it('is what the running kernel makes of it', (ctx) => {
  if ('unavailable' in oracle) return ctx.skip(oracle.unavailable)
  let compared = 0
  const property = fc.property(body, (steps) => {
    const type = PROG_TYPE.SOCKET_FILTER
    const insns = program(steps)
    const request = { name: 'p', type, expectedAttachType: 0, insns, gplCompatible: true, maps: new Map() }
    const result = verify(request, { profile: '6.18' })
    const { fd } = oracle.loadProgram({ type, insns, logLevel: 0, expectedAttachType: 0, flags: 0, license: 'GPL' })
    expect(result.ok).toBe(fd >= 0)
    if (!result.ok) return
    const { xlated } = oracle.programInfo(fd)
    oracle.close(fd)
    const ours = fixUp(result.verified, { mapAddress: () => 0, mapValueAddress: () => 0 }).insns
    compared++
    expect(comparable(ours)).toBe(comparable(decodeInsns(xlated)))
  })
  fc.assert(property, { numRuns: PROGRAMS })
  expect(compared).toBeGreaterThan(PROGRAMS / 2)
})
