import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_CALL_REL,
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_JGT,
  BPF_JLT,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_STX_MEM,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { type RefusedPath, type Rejection, type VerifierMap, type VerifierProgram, verify } from '../../src/index.ts'
import { randomProgram } from '../support/random-program.ts'

const [R0, R1, R2, R3, R6, FP] = [0, 1, 2, 3, 6, 10]

function programOf(insns: readonly Insn[], maps: VerifierProgram['maps'] = new Map()): VerifierProgram {
  return { name: 'refused', type: PROG_TYPE.SOCKET_FILTER, expectedAttachType: 0, insns, gplCompatible: true, maps }
}

function refused(program: VerifierProgram): { readonly rejection: Rejection; readonly found: RefusedPath | undefined } {
  const result = verify(program)
  if (result.ok) throw new Error('accepted')
  return { rejection: result.rejection, found: result.refusedPath() }
}

/** What a branch decides on: some number. */
const LOAD_LENGTH = BPF_LDX_MEM(BPF_W, R6, R1, 0)
const MIDDLE: readonly Insn[] = Array.from({ length: 5 }, () => BPF_ALU64_IMM(BPF_ADD, R6, 1))
/** r3 was never written. */
const READ_R3: readonly Insn[] = [BPF_MOV64_REG(R0, R3), BPF_EXIT_INSN()]

describe('the shortest path to a refusal', () => {
  it('is the jump past what the first refused path went through', () => {
    const insns = [LOAD_LENGTH, BPF_JMP_IMM(BPF_JGT, R6, 7, MIDDLE.length), ...MIDDLE, ...READ_R3]
    const { rejection, found } = refused(programOf(insns))
    expect(rejection.path).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(found).toMatchObject({ path: [0, 1, 7], isCut: false })
  })

  it('skips the loop that the first one went round', () => {
    const round = [BPF_ALU64_IMM(BPF_ADD, R2, 1), BPF_JMP_IMM(BPF_JLT, R2, 20, -2)]
    const insns = [...[LOAD_LENGTH, BPF_JMP_IMM(BPF_JGT, R6, 7, 3), BPF_MOV64_IMM(R2, 0), ...round], ...READ_R3]
    const { rejection, found } = refused(programOf(insns))
    expect(rejection.path?.length).toBeGreaterThan(40)
    expect(found?.path).toEqual([0, 1, 5])
  })

  it('is told though another instruction is refused sooner on another path', () => {
    const sooner = [BPF_MOV64_REG(R0, R2), BPF_EXIT_INSN()]
    const insns = [LOAD_LENGTH, BPF_JMP_IMM(BPF_JGT, R6, 7, 7), ...MIDDLE, ...READ_R3, ...sooner]
    const { rejection, found } = refused(programOf(insns))
    expect([rejection.pc, found?.path?.at(-1)]).toEqual([7, 7])
  })

  it('is none for a loop without end, and before anything was explored', () => {
    expect(refused(programOf([BPF_MOV64_IMM(R0, 0), BPF_JMP_A(-1), BPF_EXIT_INSN()])).found).toBeUndefined()
    expect(refused(programOf([BPF_JMP_A(5), BPF_EXIT_INSN()])).found).toBeUndefined()
  })
})

describe('values on the way', () => {
  const read = (at: number): Insn[] => [BPF_LDX_MEM(BPF_W, R0, FP, at), BPF_EXIT_INSN()]

  it('are those that the refused instruction depends on, through registers and the stack', () => {
    const insns = [
      LOAD_LENGTH,
      BPF_JMP_IMM(BPF_JGT, R6, 7, 4),
      BPF_MOV64_IMM(R2, 4),
      BPF_STX_MEM(BPF_DW, FP, R6, -8),
      BPF_LDX_MEM(BPF_DW, R3, FP, -8),
      BPF_LDX_MEM(BPF_W, R0, R3, 0),
      BPF_MOV64_IMM(R0, 0),
      BPF_EXIT_INSN(),
    ]
    const { rejection, found } = refused(programOf(insns))
    expect(rejection.pc).toBe(5)
    expect(found?.values.map(({ pc, place }) => [pc, place])).toEqual([
      [0, 'r6'],
      [1, 'r6'],
      [3, 'fp-8'],
      [4, 'r3'],
    ])
    expect(found?.values[1]?.value).toContain('umax32=7')
  })

  it('come back out of functions', () => {
    const insns = [
      ...[BPF_MOV64_IMM(R1, 3), BPF_CALL_REL(2), BPF_LDX_MEM(BPF_W, R0, R0, 0), BPF_EXIT_INSN()],
      ...[BPF_MOV64_REG(R0, R1), BPF_ALU64_IMM(BPF_ADD, R0, 1), BPF_EXIT_INSN()],
    ]
    const { found } = refused(programOf(insns))
    expect(found?.path).toEqual([0, 1, 4, 5, 6, 2])
    expect(found?.values).toEqual([
      { pc: 0, place: 'r1', value: '3' },
      { pc: 4, place: 'r0', value: '3' },
      { pc: 5, place: 'r0', value: '4' },
    ])
  })

  it('are none where nothing but the frame pointer is read', () => {
    expect(refused(programOf(read(8))).found?.values).toEqual([])
  })
})

const common = { keySizeBytes: 4, maxEntries: 4, flags: 0 }
const ARRAY = { ...common, name: 'array', type: MAP_TYPE.ARRAY, valueSizeBytes: 64, id: 1 }
const HASH = { ...common, name: 'hash', type: MAP_TYPE.HASH, valueSizeBytes: 16, id: 2 }

test('of random programs it is a path through the program, ends at the refusal, and is no longer than the first', () => {
  const maps = new Map<number, VerifierMap>([
    [3, ARRAY],
    [4, HASH],
  ])
  let compared = 0
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const insns = randomProgram(seed, { array: 3, hash: 4 })
      const result = verify({ ...programOf(insns, maps), type: PROG_TYPE.XDP }, { complexityLimit: 20_000 })
      if (result.ok) return
      const { path, isCut } = result.refusedPath() ?? {}
      if (path === undefined) {
        // No instruction of the program, a loop, or too many paths.
        const { pc, code } = result.rejection
        expect(pc === undefined || isCut !== false ? 'no path' : code).toMatch(/^no path$|TOO_COMPLEX|INFINITE_LOOP/)
        return
      }
      compared++
      expect([path[0], path.at(-1)]).toEqual([0, result.rejection.pc])
      const first = (result.rejection.path ?? []).filter((pc) => insns[pc]?.opcode !== 0)
      expect(path.length).toBeLessThanOrEqual(first.length)
    }),
    { numRuns: 150 },
  )
  expect(compared).toBeGreaterThan(40)
})
