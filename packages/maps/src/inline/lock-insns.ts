/** Lock words (lock-word.ts of @bpfoundry/guest-memory) taken, given back and read by instructions. */
import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_ALU64_IMM,
  BPF_ATOMIC_OP,
  BPF_CMPXCHG,
  BPF_JEQ,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JMP32_IMM,
  BPF_JMP32_REG,
  BPF_JNE,
  BPF_JSET,
  BPF_LDX_MEM,
  BPF_LOAD_ACQ,
  BPF_MOV32_REG,
  BPF_MOV64_IMM,
  BPF_REG_0,
  BPF_STORE_REL,
  BPF_SUB,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { jump, label, type Steps } from './insn-sequence.ts'

/** Tries before the helper, which can wait properly, is called. */
const TRIES = 100

/** register = the word at `base + offset`, with everything that was written before it was. */
export function loadAcquire(register: number, base: number, offset = 0): Insn {
  return BPF_ATOMIC_OP(BPF_W, BPF_LOAD_ACQ, register, base, offset)
}

/** The word at `base + offset` = register, everything written before being seen first. */
export function storeRelease(base: number, register: number, offset = 0): Insn {
  return BPF_ATOMIC_OP(BPF_W, BPF_STORE_REL, base, register, offset)
}

/**
 * Takes the lock at `lock`, or goes to `contended`. r0 and the three free registers are used up.
 *
 * @param name tells the locks of a sequence apart
 */
export function takeLock(
  name: string,
  lock: number,
  [tries, seen, taken]: readonly [number, number, number],
  contended: string,
): Steps {
  return [
    BPF_MOV64_IMM(tries, TRIES),
    label(`${name} try`),
    loadAcquire(BPF_REG_0, lock),
    jump(BPF_JMP32_IMM(BPF_JSET, BPF_REG_0, 1, 0), `${name} busy`),
    BPF_MOV32_REG(seen, BPF_REG_0),
    BPF_MOV32_REG(taken, BPF_REG_0),
    BPF_ALU32_IMM(BPF_ADD, taken, 1),
    BPF_ATOMIC_OP(BPF_W, BPF_CMPXCHG, lock, taken, 0),
    jump(BPF_JMP32_REG(BPF_JEQ, BPF_REG_0, seen, 0), `${name} taken`),
    label(`${name} busy`),
    BPF_ALU64_IMM(BPF_SUB, tries, 1),
    jump(BPF_JMP_IMM(BPF_JNE, tries, 0, 0), `${name} try`),
    jump(BPF_JMP_A(0), contended),
    label(`${name} taken`),
  ]
}

/** Gives the lock at `lock` back; `t` is used up. */
export function releaseLock(lock: number, t: number): Insn[] {
  return [BPF_LDX_MEM(BPF_W, t, lock, 0), BPF_ALU32_IMM(BPF_ADD, t, 1), storeRelease(lock, t)]
}
