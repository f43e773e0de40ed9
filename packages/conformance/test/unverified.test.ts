/** Programs as fix-ups leave them, on every engine, and put to a kernel that verifies. */
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_JA,
  BPF_JMP_IMM,
  BPF_LD_IMM64,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_RAW_INSN,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_TAIL_CALL,
  BPF_W,
  BPF_ZEXT_REG,
  type Insn,
} from '@bpfoundry/isa'
import { ENGINE_NAMES, engineByName } from '@bpfoundry/testbench'
import { afterAll, describe, expect, it } from 'vitest'
import {
  askInternal,
  askInternalOf,
  askTailCalls,
  askTailCallsOf,
  createBareMachine,
  createEmulatedKernel,
  type InternalCase,
  type InternalContext,
  type TailCallCase,
} from '../src/index.ts'

const internal = (insns: readonly Insn[], result: number, context: InternalContext = 'none'): InternalCase => ({
  id: 'case',
  name: 'case',
  insns,
  context,
  runs: [{ dataBytes: 24, result }],
})

const EXIT = BPF_EXIT_INSN()
/** Counts in the last double word of 24 bytes. */
const COUNT_AT_END = [BPF_LDX_MEM(BPF_DW, 0, 1, 16), BPF_ALU64_IMM(BPF_ADD, 0, 3), BPF_STX_MEM(BPF_DW, 1, 0, 16), EXIT]

// biome-ignore format: one row a line
const PASSING: readonly (readonly [title: string, one: InternalCase])[] = [
  ['32 bits of r0 count',           internal([...BPF_LD_IMM64(0, 0x7_ffff_ffffn), EXIT], 0xffff_ffff)],
  ['r1 is 0 without data',          internal([BPF_MOV64_REG(0, 1), EXIT], 0)],
  ['memory is as large as told',    internal(COUNT_AT_END, 3, 'memory')],
  ['memory is zero at each run',    { ...internal(COUNT_AT_END, 3, 'memory'), runs: [{ dataBytes: 24, result: 3 }, { dataBytes: 32, result: 3 }] }],
  ['a socket buffer is zeros',      internal(COUNT_AT_END, 3, 'socket-buffer')],
  ['explicit zero extension',       internal([BPF_MOV64_IMM(0, -1), BPF_ZEXT_REG(0), BPF_RAW_INSN(0x77, 0, 0, 0, 32), EXIT], 0)],
  ['dead code may run off the end', internal([BPF_MOV64_IMM(0, 5), EXIT, BPF_MOV64_IMM(0, 6)], 5)],
]

const MARKER = 0x7a11_ca11
const tailCall = (off: number): readonly Insn[] => [
  ...BPF_LD_IMM64(2, MARKER),
  BPF_RAW_INSN(0xb4, 3, 0, off, MARKER),
  BPF_JMP_IMM(BPF_TAIL_CALL, 0, 0, 0),
]
const COUNT = [BPF_LDX_MEM(BPF_W, 2, 1, 0), BPF_ALU64_IMM(BPF_ADD, 2, 1), BPF_STX_MEM(BPF_W, 1, 2, 0)]
/** A call of a kernel function, as the kernel's runner finds it. */
const CALL = BPF_RAW_INSN(0x85, 0, 1, 0, 5)

const PROGRAMS = [
  [BPF_MOV64_REG(0, 1), BPF_ALU64_IMM(BPF_ADD, 0, 1), EXIT],
  [BPF_ALU64_IMM(BPF_ADD, 1, 2), ...tailCall(-1), BPF_MOV64_IMM(0, -1), EXIT],
  [...COUNT, ...tailCall(0), EXIT],
  [BPF_MOV64_REG(6, 1), CALL, BPF_MOV64_REG(1, 6), ...COUNT, ...tailCall(0x7fff), BPF_MOV64_IMM(0, 7), EXIT],
  [BPF_MOV64_IMM(0, 8), ...tailCall(0x7ffe), EXIT],
]

const tailCalls = (index: number, result: number, state: 'none' | 'needed' | 'result'): TailCallCase => ({
  id: 'case',
  name: 'case',
  programs: PROGRAMS,
  index,
  needsState: state !== 'none',
  resultInState: state === 'result',
  times: 3,
  result,
})

// biome-ignore format: one row a line
const TAIL_CALLS: readonly (readonly [title: string, one: TailCallCase])[] = [
  ['to the program before',                    tailCalls(1, 3, 'none')],
  ['to itself, 33 times in each of three runs', tailCalls(2, 34 * 3, 'result')],
  ['to an empty slot, after a call',           tailCalls(3, 7, 'needed')],
  ['to an index out of range',                 tailCalls(4, 8, 'none')],
]

describe.each(ENGINE_NAMES.filter((name) => name !== 'auto'))('%s', (name) => {
  const machine = createBareMachine(engineByName(name))
  afterAll(() => machine.close())

  it.each(PASSING)('%s', async (_, one) => {
    expect(await askInternal(machine, one)).toMatchObject({ engine: name, load_ok: true, pass: true })
  })

  it.each(TAIL_CALLS)('a tail call %s', async (_, one) => {
    expect(await askTailCalls(machine, one)).toMatchObject({ load_ok: true, retval: one.result, pass: true })
  })

  it('another result is told', async () => {
    const answer = await askInternal(machine, internal([BPF_MOV64_IMM(0, 5), EXIT], 6))
    expect(answer).toMatchObject({ pass: false, reasons: [{ kind: 'result', text: 'retval: 5, expected 6' }] })
  })

  it('control flow that leaves the program is refused', async () => {
    const answer = await askInternal(machine, internal([BPF_MOV64_IMM(0, 0), BPF_JMP_IMM(BPF_JA, 0, 0, 5), EXIT], 0))
    expect(answer).toMatchObject({ load_ok: false, pass: false, reasons: [{ kind: 'refused' }] })
  })
})

it('a fault is told with its run', async () => {
  const machine = createBareMachine(engineByName('interpreter'))
  const wrong = internal([BPF_LDX_MEM(BPF_DW, 0, 1, 0), EXIT], 0)
  const answer = await askInternal(machine, { ...wrong, runs: [...wrong.runs, ...wrong.runs] })
  expect(answer).toMatchObject({ load_ok: true, pass: false, reasons: [{ kind: 'run-error' }, { kind: 'run-error' }] })
  expect(answer.differs?.[1]).toMatch(/^run 1: retval: FAULT_/)
})

describe('a kernel, which verifies,', () => {
  const kernel = createEmulatedKernel(engineByName('interpreter'))

  it('runs internal programs as filters and on packets', () => {
    const filter = internal([BPF_ST_MEM(BPF_DW, 10, -8, 9), BPF_LDX_MEM(BPF_DW, 0, 10, -8), EXIT], 9)
    const withMemory = internal(COUNT_AT_END, 3, 'memory')
    expect(askInternalOf(kernel, withMemory)).toMatchObject({ load_ok: true, retval: 3 })
    const answer = askInternalOf(kernel, filter)
    expect(answer.load_ok).toBe(true)
    expect(answer).not.toHaveProperty('unsupported')
  })

  it('gives no verdict on what its verifier refuses', () => {
    const { load_ok, unsupported } = askInternalOf(kernel, internal([BPF_MOV64_REG(0, 9), EXIT], 0))
    expect([load_ok, unsupported]).toEqual([false, ['programs that its verifier refuses: R9 !read_ok']])
  })

  it('is not asked for long programs, nor for tail calls', () => {
    const long = internal(new Array<Insn>(40_001).fill(BPF_MOV64_IMM(0, 0)), 0)
    expect(askInternalOf(kernel, long).unsupported).toEqual(['verifying more than 40000 instructions in good time'])
    expect(askTailCallsOf(kernel, tailCalls(0, 1, 'none'))).not.toHaveProperty('load_ok')
  })
})
