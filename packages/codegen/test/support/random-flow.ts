import {
  BPF_ADD,
  BPF_ALU64_REG,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JMP,
  BPF_JMP_A,
  BPF_JMP_REG,
  BPF_JMP32_A,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_RAW_INSN,
  BPF_TAIL_CALL,
  type Insn,
} from '@bpfoundry/isa'
import fc from 'fast-check'

const register = fc.nat({ max: 9 })

/** Instructions whose jumps lead anywhere in the program: any graph comes up, irreducible and unreachable parts, too. */
export function randomFlow(maxSlots = 24): fc.Arbitrary<readonly Insn[]> {
  return fc.integer({ min: 1, max: maxSlots }).chain((slots) => {
    const target = fc.nat({ max: slots })
    const insn: fc.Arbitrary<(pc: number) => Insn> = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.tuple(target, register, register).map(
          ([to, a, b]) =>
            (pc: number) =>
              BPF_JMP_REG(BPF_JEQ, a, b, to - pc - 1),
        ),
      },
      { weight: 1, arbitrary: target.map((to) => (pc: number) => BPF_JMP_A(to - pc - 1)) },
      { weight: 1, arbitrary: target.map((to) => (pc: number) => BPF_JMP32_A(to - pc - 1)) },
      {
        weight: 2,
        arbitrary: fc.tuple(register, register).map(
          ([a, b]) =>
            () =>
              BPF_MOV64_REG(a, b),
        ),
      },
      {
        weight: 2,
        arbitrary: fc.tuple(register, register).map(
          ([a, b]) =>
            () =>
              BPF_ALU64_REG(BPF_ADD, a, b),
        ),
      },
      { weight: 1, arbitrary: register.map((a) => () => BPF_MOV64_IMM(a, 1)) },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom(BPF_EXIT_INSN(), BPF_EMIT_CALL(1), BPF_RAW_INSN(BPF_JMP | BPF_TAIL_CALL, 0, 0, 0, 0))
          .map((insn) => () => insn),
      },
    )
    return fc
      .array(insn, { minLength: slots, maxLength: slots })
      .map((makers) => [...makers.map((make, pc) => make(pc)), BPF_EXIT_INSN()])
  })
}
