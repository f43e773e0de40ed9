/** The log of 6.12 against what kernels of its time printed, in messages to the list and in the notes of its own tests. */
import { assembleLlvm, type Insn } from '@bpfoundry/isa'
import { MAP_TYPE, PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { type VerifierMap, type VerifierProgram, verify } from '../src/index.ts'
import { describeFunctions } from './support/functions.ts'

function map(name: string, type: number, valueSizeBytes: number): VerifierMap {
  return { id: 1, name, type, keySizeBytes: 4, valueSizeBytes, maxEntries: 1, flags: 0 }
}

const MAP_FD = 1

/** Instructions of LLVM assembly; `map ll` loads the map, `value ll` the address of its value. */
function assemble(asm: string): readonly Insn[] {
  const { insns } = assembleLlvm(asm.replaceAll('map ll', '0x11110000 ll').replaceAll('value ll', '0x22220000 ll'))
  return insns.map((insn) => {
    if (insn.opcode !== 0x18 || (insn.imm !== 0x11110000 && insn.imm !== 0x22220000)) return insn
    return { ...insn, src: insn.imm === 0x11110000 ? 1 : 2, imm: MAP_FD }
  })
}

interface Logged {
  readonly asm: string
  readonly type?: number
  readonly map?: VerifierMap
  readonly flags?: number
  /** Static functions, all taking the context. */
  readonly functions?: readonly string[]
}

function logOf({ asm, type, map: used, flags = 0, functions }: Logged, profile = '6.12', logLevel = 2): string {
  const insns = assemble(asm)
  const described = functions?.map((name) => ({ name, linkage: 'static' as const, args: ['void *' as const] }))
  const program: VerifierProgram = {
    ...{ name: 'p', type: type ?? PROG_TYPE.RAW_TRACEPOINT, expectedAttachType: 0, gplCompatible: true, insns, flags },
    ...(described === undefined ? {} : describeFunctions(insns, described)),
    maps: new Map(used === undefined ? [] : [[MAP_FD, used]]),
  }
  return verify(program, { profile }, { logLevel }).log
}

/** Without the lines on precision, which the messages leave out. */
function withoutPrecision(log: string): string {
  return log
    .split('\n')
    .filter((line) => !line.startsWith('mark_precise: '))
    .join('\n')
}

/** https://lore.kernel.org/bpf/CABWLsesztKnQosM+bkBq-H5yPvFNc02uh5hrEgwRBAz6ja9Q4g@mail.gmail.com/ */
const COVERED = `
  r6 = r10
  call 7
  r3 = r0
  r8 = r0
  if w0 & w3 goto read
  *(u32 *)(r6 - 196) = r3
  r7 = 0x19 ll
  read:
  r7 = *(u32 *)(r6 - 200)
  exit`
const COVERED_COUNTS =
  'processed 10 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 1\n'

describe('logs of whole programs, as messages to the list show them', () => {
  it('a path covered by one that reads the stack', () => {
    expect(logOf({ asm: COVERED })).toBe(`func#0 @0
0: R1=ctx() R10=fp0
0: (bf) r6 = r10                      ; R6_w=fp0 R10=fp0
1: (85) call bpf_get_prandom_u32#7    ; R0_w=scalar()
2: (bf) r3 = r0                       ; R0_w=scalar(id=1) R3_w=scalar(id=1)
3: (bf) r8 = r0                       ; R0_w=scalar(id=1) R8_w=scalar(id=1)
4: (4e) if w0 & w3 goto pc+3          ; R0_w=scalar(id=1) R3_w=scalar(id=1)
5: (63) *(u32 *)(r6 -196) = r3        ; R3_w=scalar(id=1) R6_w=fp0 fp-200=mmmm????
6: (18) r7 = 0x19                     ; R7=25
8: (61) r7 = *(u32 *)(r6 -200)        ; R6=fp0 R7_w=scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff)) fp-200=mmmm????
9: (95) exit

from 4 to 8: safe
${COVERED_COUNTS}`)
  })

  // https://lore.kernel.org/bpf/20241212210748.1305855-1-afabre@cloudflare.com/
  const caller = 'call callee\nw1 = w0\nw0 = 2\nif w1 == 0x17 goto +1\nw0 = 1\nexit\ncallee:\n'

  it('a call', () => {
    const log = logOf({ type: PROG_TYPE.XDP, asm: `${caller}r0 = 23\nexit` })
    expect(withoutPrecision(log)).toBe(`func#0 @0
func#1 @6
0: R1=ctx() R10=fp0
0: (85) call pc+5
caller:
 R10=fp0
callee:
 frame1: R1=ctx() R10=fp0
6: frame1: R1=ctx() R10=fp0
6: (b7) r0 = 23                       ; frame1: R0_w=23
7: (95) exit
returning from callee:
 frame1: R0_w=23 R1=ctx() R10=fp0
to caller at 1:
 R0_w=23 R10=fp0

from 7 to 1: R0_w=23 R10=fp0
1: (bc) w1 = w0                       ; R0_w=23 R1_w=23
2: (b4) w0 = 2                        ; R0_w=2
3: (16) if w1 == 0x17 goto pc+1
3: R1_w=23
5: (95) exit
processed 7 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`)
  })

  it('a call of a function with a tail call, until it returned', () => {
    const asm = `${caller}r2 = map ll\nw3 = 0\ncall 12\nr0 = 23\nexit`
    const used = map('tail_call_map', MAP_TYPE.PROG_ARRAY, 4)
    const log = logOf({ type: PROG_TYPE.XDP, asm, map: used, functions: ['caller', 'callee'] })
    expect(withoutPrecision(log.replace('r2 = 0x0               ', 'r2 = 0xffff8a9c82a75800'))).toContain(`func#1 @6
0: R1=ctx() R10=fp0
0: (85) call pc+5
caller:
 R10=fp0
callee:
 frame1: R1=ctx() R10=fp0
6: frame1: R1=ctx() R10=fp0
6: (18) r2 = 0xffff8a9c82a75800       ; frame1: R2_w=map_ptr(map=tail_call_map,ks=4,vs=4)
8: (b4) w3 = 0                        ; frame1: R3_w=0
9: (85) call bpf_tail_call#12
10: frame1:
10: (b7) r0 = 23                      ; frame1: R0_w=23
11: (95) exit
returning from callee:
 frame1: R0_w=23 R10=fp0
to caller at 1:
 R0_w=23 R10=fp0

from 11 to 1: R0_w=23 R10=fp0
1: (bc) w1 = w0                       ; R0_w=23 R1_w=23
2: (b4) w0 = 2                        ; R0=2
3: (16) if w1 == 0x17 goto pc+1
3: R1=23
5: (95) exit
`)
  })
})

describe('lines that the tests of 6.12 want', () => {
  it('a slot written whole and read by a later state', () => {
    // progs/verifier_spill_fill.c, stack_load_preserves_const_precision
    const asm = `
      r6 = value ll
      goto +0
      *(u64 *)(r10 - 8) = 1
      r0 = 1
      *(u64 *)(r10 - 16) = r0
      goto +0
      r1 = r6
      r2 = *(u64 *)(r10 - 8)
      r1 += r2
      *(u8 *)(r1 + 0) = r2
      r1 = r6
      r2 = *(u64 *)(r10 - 16)
      r1 += r2
      *(u8 *)(r1 + 0) = r2
      r0 = 0
      exit`
    const log = logOf({ asm, map: map('.data.two_byte_', MAP_TYPE.ARRAY, 2), flags: PROG_FLAG.TEST_STATE_FREQ })
    const state = 'R0_w=1 R1=ctx() R6_r=map_value(map=.data.two_byte_,ks=4,vs=2) R10=fp0 fp-8_rw=P1'
    for (const line of [
      '3: (7a) *(u64 *)(r10 -8) = 1          ; R10=fp0 fp-8_w=1',
      '8: (79) r2 = *(u64 *)(r10 -8)         ; R2_w=1 R10=fp0 fp-8=1',
      `mark_precise: frame0: parent state regs= stack=-8:  ${state} fp-16_w=1`,
      `mark_precise: frame0: parent state regs= stack=-16:  ${state} fp-16_rw=P1`,
    ]) {
      expect(log).toContain(`${line}\n`)
    }
  })

  it('a slot written in part screens off nothing', () => {
    // progs/verifier_spill_fill.c, stack_load_preserves_const_precision_subreg
    const asm = `
      r6 = value ll
      goto +0
      *(u32 *)(r10 - 8) = 1
      r0 = 1
      *(u32 *)(r10 - 16) = r0
      goto +0
      r1 = r6
      r2 = *(u32 *)(r10 - 8)
      r1 += r2
      *(u8 *)(r1 + 0) = r2
      r0 = 0
      exit`
    const log = logOf({ asm, map: map('.data.two_byte_', MAP_TYPE.ARRAY, 2), flags: PROG_FLAG.TEST_STATE_FREQ })
    const state = 'R0_w=1 R1=ctx() R6_r=map_value(map=.data.two_byte_,ks=4,vs=2) R10=fp0 fp-8_r=????P1 fp-16=????1'
    expect(log).toContain(`mark_precise: frame0: parent state regs= stack=-8:  ${state}\n`)
  })

  it('what a callee wrote to its caller', () => {
    // progs/verifier_subprog_precision.c, subprog_spill_into_parent_stack_slot_precise
    const asm = `
      r8 = value ll
      r6 = 1
      r1 = r10
      r1 += -8
      r2 = r6
      call spills
      r7 = *(u64 *)(r10 - 8)
      r7 *= 4
      r1 = r8
      r1 += r7
      r0 = *(u32 *)(r1 + 0)
      exit
      spills:
      *(u64 *)(r1 + 0) = r2
      *(u64 *)(r10 - 16) = r2
      r0 = *(u64 *)(r10 - 16)
      r2 = *(u64 *)(r1 + 0)
      r0 += r2
      exit`
    const log = logOf({ asm, map: map('.data.vals', MAP_TYPE.ARRAY, 16) })
    const state = 'R0_w=2 R6_w=1 R8_rw=map_value(map=.data.vals,ks=4,vs=16) R10=fp0 fp-8_rw=P1'
    expect(log).toContain(`mark_precise: frame0: parent state regs= stack=-8:  ${state}\n`)
  })

  it('a loop that reads and writes a register', () => {
    // progs/verifier_precision.c, state_loop_first_last_equal
    const asm = 'r0 = 0\nagain:\nr0 += 1\nr0 += 1\nif r0 >= 10 goto +1\ngoto again\nexit'
    const log = logOf({ asm, flags: PROG_FLAG.TEST_STATE_FREQ })
    expect(log).toContain('mark_precise: frame0: parent state regs= stack=:  R0_rw=P4')
  })

  it('links are followed to registers that nothing reads any more', () => {
    // progs/verifier_scalar_ids.c, linked_regs_bpf_k
    const asm = `
      call 5
      r0 &= 0xff
      r1 = r0
      r2 = r0
      if r1 > 7 goto +0
      r3 = r10
      r3 += r0
      r0 = 0
      exit`
    const log = logOf({ asm, type: PROG_TYPE.SOCKET_FILTER, flags: PROG_FLAG.TEST_STATE_FREQ })
    expect(log).toContain('frame0: parent state regs=r0,r1,r2 stack=:')
  })
})

describe('what is asked for across a comparison', () => {
  // progs/verifier_precision.c, bpf_cond_op_not_r10
  const asm = 'r0 = 0\nr2 = 0x201e080800000038 ll\nr3 = r10\nif r3 <= r2 goto +1\nif r2 <= 8 goto +2\nr0 = 2 ll\nexit'
  it.each(['6.12', '6.18'])('%s: a pointer to the stack is no number', (profile) => {
    const log = logOf({ asm }, profile)
    expect(log).toContain('mark_precise: frame0: regs=r2 stack= before 4: (bd) if r3 <= r2 goto pc+1\n')
    expect(log).toContain('mark_precise: frame0: regs=r2 stack= before 3: (bf) r3 = r10\n')
  })
})

it.each([1, 4])('level %i, which shows no path, counts the same', (level) => {
  expect(logOf({ asm: COVERED }, '6.12', level)).toContain(COVERED_COUNTS)
})

it('6.18 has no marks', () => {
  const asm = 'r6 = r1\nr0 = *(u32 *)(r6 + 0)\nif r0 == 1 goto +1\nr0 = 2\nexit'
  const log = logOf({ asm, type: PROG_TYPE.XDP, flags: PROG_FLAG.TEST_STATE_FREQ }, '6.18')
  expect(log).not.toMatch(/[R\d]_[rw]/)
  expect(log).toContain('mark_read 0')
})
