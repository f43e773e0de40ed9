import { BPF_REG_6, BPF_REG_9 } from '@bpfoundry/isa'
import { JitNfpError } from '../jit-nfp-error.ts'
import { isFunctionCall } from './insn-kinds.ts'
import type { InsnRecord } from './insn-record.ts'

/** A function of the program; the first one is where it starts. */
export interface NfpFunction {
  /** Stack that it takes, what it saves at its start included; bytes. */
  readonly stackBytes: number
  /** It writes R6..R9, which its caller keeps there. */
  readonly savesRegisters: boolean
}

/** A return address is one 32-bit word. */
const RETURN_ADDRESS_BYTES = 4
/** R6 to R9, 64 bits each. */
const SAVED_REGISTERS_BYTES = 32
/** Frames of calls come in these steps. */
const FRAME_STEP_BYTES = 64

/** Bytes that a frame takes when it calls another function. */
export function frameBytes(stackBytes: number): number {
  return Math.ceil(stackBytes / FRAME_STEP_BYTES) * FRAME_STEP_BYTES
}

/**
 * Second phase: numbers the functions and tells what each keeps on its stack.
 *
 * @param depths stack depth of each function as the verifier found it
 * @throws JitNfpError JIT_NFP_FUNCTIONS
 * @see nfp_assign_subprog_idx_and_regs, nfp_bpf_finalize in nfp/bpf/verifier.c
 */
export function splitFunctions(records: readonly InsnRecord[], depths: readonly number[]): NfpFunction[] {
  const saves: boolean[] = [false]
  for (const record of records) {
    if (record.startsFunction) saves.push(false)
    record.functionIndex = saves.length - 1
    if (record.dst >= BPF_REG_6 && record.dst <= BPF_REG_9) saves[record.functionIndex] = true
  }
  if (saves.length !== depths.length) {
    throw new JitNfpError({
      code: 'JIT_NFP_FUNCTIONS',
      message: 'there is not one stack depth a function',
      got: depths.length,
      expected: saves.length,
    })
  }
  return saves.map((savesRegisters, index) => {
    const kept = index === 0 ? 0 : RETURN_ADDRESS_BYTES + (savesRegisters ? SAVED_REGISTERS_BYTES : 0)
    return { stackBytes: (depths[index] ?? 0) + kept, savesRegisters }
  })
}

/**
 * Stack of the deepest chain of calls.
 *
 * @throws JitNfpError JIT_NFP_FUNCTIONS for functions that call themselves
 * @see nfp_bpf_get_stack_usage in nfp/bpf/verifier.c
 */
export function stackUsage(records: readonly InsnRecord[], functions: readonly NfpFunction[]): number {
  const callees = functions.map(() => new Set<number>())
  for (const record of records) {
    if (isFunctionCall(record) && record.target) callees[record.functionIndex]?.add(record.target.functionIndex)
  }
  const known: (number | 'open' | undefined)[] = []
  const depthOf = (index: number): number => {
    const before = known[index]
    if (before === 'open') throw new JitNfpError({ code: 'JIT_NFP_FUNCTIONS', message: 'a function calls itself' })
    if (before !== undefined) return before
    known[index] = 'open'
    const below = Math.max(0, ...[...(callees[index] ?? [])].map(depthOf))
    const depth = frameBytes(functions[index]?.stackBytes ?? 0) + below
    known[index] = depth
    return depth
  }
  return depthOf(0)
}
