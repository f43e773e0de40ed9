/**
 * Registers that may still be read, for each slot: a backward analysis over the whole program.
 *
 *     live(pc) = uses(pc) ∪ (∪ live(successors) \ definitions(pc))
 *
 * A register that is not live can't change what happens from here on, so states need not agree on it. A call of a helper
 * reads the arguments of its prototype and defines r0 to r5; a BPF-to-BPF call reads r1 to r5; exit reads r0. Within the
 * callee, r6 to r9 belong to the callee: the caller's are compared by the caller's own live set at the call.
 */
import {
  BPF_ABS,
  BPF_ALU,
  BPF_ALU64,
  BPF_ATOMIC,
  BPF_CALL,
  BPF_CMPXCHG,
  BPF_END,
  BPF_EXIT,
  BPF_FETCH,
  BPF_IND,
  BPF_JA,
  BPF_JMP,
  BPF_JMP32,
  BPF_LD,
  BPF_LDX,
  BPF_LOAD_ACQ,
  BPF_MOV,
  BPF_NEG,
  BPF_PSEUDO_KFUNC_CALL,
  BPF_ST,
  BPF_STX,
  type Insn,
} from '@bpfoundry/isa'
import { type HelperScope, helperPrototype } from '@bpfoundry/kernel-abi'
import { calledFunction } from '../kernel-types/kernel-function.ts'
import type { KernelBtf, VerifierOptions, VerifierProgram } from '../verifier-api.ts'
import { slotAfter, slotJumpedTo } from './control-flow.ts'
import { helperScope } from './helper-scope.ts'

/** Sets of registers, one bit each. */
interface Effect {
  readonly uses: number
  readonly defines: number
}

const ALL_ARGUMENTS = 0b111110
const CALLER_SAVED = 0b111111
const MAX_ARGUMENTS = 5
const ALL_REGISTERS = 0x3ff

function bit(register: number): number {
  return 1 << register
}

function aluEffect(insn: Insn): Effect {
  const operation = insn.opcode & 0xf0
  const defines = bit(insn.dst)
  const usesSource = (insn.opcode & 0x08) !== 0 && operation !== BPF_END ? bit(insn.src) : 0
  if (operation === BPF_MOV) return { uses: usesSource, defines }
  if (operation === BPF_NEG || operation === BPF_END) return { uses: defines, defines }
  return { uses: usesSource | defines, defines }
}

function atomicEffect(insn: Insn): Effect {
  if (insn.imm === BPF_LOAD_ACQ) return { uses: bit(insn.src), defines: bit(insn.dst) }
  const uses = bit(insn.dst) | bit(insn.src)
  if (insn.imm === BPF_CMPXCHG) return { uses: uses | bit(0), defines: bit(0) }
  return { uses, defines: (insn.imm & BPF_FETCH) !== 0 ? bit(insn.src) : 0 }
}

/** What decides which helpers there are to call. */
interface Caller {
  readonly program: VerifierProgram
  readonly scope: HelperScope
  readonly kernelBtf: KernelBtf | undefined
}

function callEffect(caller: Caller, insn: Insn): Effect {
  const count = argumentCount(caller, insn)
  return { uses: count === undefined ? ALL_ARGUMENTS : (bit(count) - 1) << 1, defines: CALLER_SAVED }
}

/** Arguments that the call takes; undefined where nothing tells. */
function argumentCount({ program, scope, kernelBtf }: Caller, insn: Insn): number | undefined {
  const { src, imm } = insn
  if (src === 0) return helperPrototype(program.type, imm, scope)?.args.length
  if (src !== BPF_PSEUDO_KFUNC_CALL) return undefined
  const fn = calledFunction(program, kernelBtf, insn)
  return fn?.traits === undefined ? undefined : Math.min(fn.prototype.parameters.length, MAX_ARGUMENTS)
}

function jumpEffect(caller: Caller, insn: Insn): Effect {
  const operation = insn.opcode & 0xf0
  if (operation === BPF_EXIT) return { uses: bit(0), defines: 0 }
  if (operation === BPF_CALL) return callEffect(caller, insn)
  if (operation === BPF_JA || operation > 0xd0) return { uses: 0, defines: 0 }
  return { uses: bit(insn.dst) | ((insn.opcode & 0x08) !== 0 ? bit(insn.src) : 0), defines: 0 }
}

function loadEffect(insn: Insn): Effect {
  const mode = insn.opcode & 0xe0
  // A load past the end leaves the function at once: nothing is taken to be dead before it.
  if (mode === BPF_ABS || mode === BPF_IND) return { uses: ALL_REGISTERS, defines: 0 }
  return { uses: 0, defines: insn.opcode === 0 ? 0 : bit(insn.dst) }
}

// biome-ignore format: table
const EFFECTS: ReadonlyMap<number, (caller: Caller, insn: Insn) => Effect> = new Map([
  [BPF_LD,    (_caller: Caller, insn: Insn) => loadEffect(insn)],
  [BPF_LDX,   (_caller: Caller, insn: Insn) => ({ uses: bit(insn.src), defines: bit(insn.dst) })],
  [BPF_ST,    (_caller: Caller, insn: Insn) => ({ uses: bit(insn.dst), defines: 0 })],
  [BPF_STX,   (_caller: Caller, insn: Insn) =>
    (insn.opcode & 0xe0) === BPF_ATOMIC ? atomicEffect(insn) : { uses: bit(insn.dst) | bit(insn.src), defines: 0 }],
  [BPF_ALU,   (_caller: Caller, insn: Insn) => aluEffect(insn)],
  [BPF_ALU64, (_caller: Caller, insn: Insn) => aluEffect(insn)],
  [BPF_JMP,   jumpEffect],
  [BPF_JMP32, jumpEffect],
])

/** Bits 0 to 9 of element pc: r0 to r9 that may be read from slot pc on, before they are written. */
export function liveRegisters(program: VerifierProgram, options: VerifierOptions): Uint16Array {
  const { insns } = program
  const caller = { program, scope: helperScope(program, options), kernelBtf: options.kernelBtf }
  const live = new Uint16Array(insns.length)
  const effects = insns.map((insn) => EFFECTS.get(insn.opcode & 0x07)?.(caller, insn) ?? { uses: 0, defines: 0 })
  const none = insns.length
  const after = Int32Array.from(insns, (insn, pc) => slotAfter(insn, pc) ?? none)
  const jumpedTo = Int32Array.from(insns, (insn, pc) => slotJumpedTo(insn, pc) ?? none)
  let changed = true
  while (changed) {
    changed = false
    for (let pc = insns.length - 1; pc >= 0; pc--) {
      const { uses, defines } = effects[pc] as Effect
      const behind = (live[after[pc] as number] ?? 0) | (live[jumpedTo[pc] as number] ?? 0)
      const before = (uses | (behind & ~defines)) & ALL_REGISTERS
      if (before !== live[pc]) {
        live[pc] = before
        changed = true
      }
    }
  }
  return live
}
