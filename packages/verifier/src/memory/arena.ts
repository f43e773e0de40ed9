/**
 * Arenas: memory of 4 GiB at most that the program shares with user space. What lies there is found by the lower half of an
 * address, any address: no access to it can do harm, so that nothing of it is checked, and nothing that is loaded is known.
 *
 * @see check_mem_access, adjust_reg_min_max_vals, do_misc_fixups in kernel/bpf/verifier.c
 */
import { BPF_ALU64, type Insn } from '@bpfoundry/isa'
import { unsupported } from '../report/refusal.ts'
import { pointerTo, type RegisterState, UNKNOWN_SCALAR } from '../state/register-state.ts'
import { PTR_TO_ARENA } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import { type Access, loaded } from './access.ts'

const CODE = 'VERIFIER_ARENA'

/** `imm` of a cast: from the program's address space of arenas to that of the kernel, and back. */
const TO_KERNEL = 1
const TO_USER = 1 << 16

/** `dst = addr_space_cast(src, ...)` */
export function castAddressSpace(v: Verification, { dst, src, imm }: Insn): void {
  if (imm !== TO_KERNEL && imm !== TO_USER) {
    v.refuse(CODE, 'EINVAL', 'addr_space_cast insn can only convert between address space 1 and 0')
  }
  if (v.arena === undefined) {
    const message = 'addr_space_cast insn can only be used in a program that has an associated arena'
    v.refuse(CODE, 'EINVAL', message)
  }
  v.facts.record(v.pc, src, v.read(src))
  v.checkWritable(dst)
  v.write(dst, imm === TO_KERNEL ? pointerTo(PTR_TO_ARENA) : UNKNOWN_SCALAR)
}

/** Bits of what an operation on two operands was seen with. */
const WITH_ARENA = 1
const WITHOUT = 2

/**
 * Arithmetic of programs with an arena: with a pointer into it, on either side, the result is one, and counts by its lower
 * half. True where it was that.
 */
export function computeInArena(v: Verification, insn: Insn, operand: RegisterState, target: RegisterState): boolean {
  if (v.arena === undefined) return false
  const isArena = operand.type === PTR_TO_ARENA || target.type === PTR_TO_ARENA
  noteWidth(v, insn, isArena ? WITH_ARENA : WITHOUT)
  if (isArena) v.write(insn.dst, pointerTo(PTR_TO_ARENA))
  return isArena
}

/** What becomes an instruction of 32 bits can't serve other numbers, too. */
function noteWidth(v: Verification, { opcode }: Insn, seen: number): void {
  const { pc } = v
  const { arenaOperands } = v.notes
  if ((opcode & 0x07) !== BPF_ALU64) return
  arenaOperands[pc] = (arenaOperands[pc] as number) | seen
  if (arenaOperands[pc] !== (WITH_ARENA | WITHOUT)) return
  throw v.noted(unsupported('one instruction for addresses of an arena and for other numbers is'))
}

/** The instruction computes by lower halves. @param noted of `arenaOperands` */
export function countsByHalves(noted: number | undefined): boolean {
  return noted === WITH_ARENA
}

/** A load or store anywhere in the arena. */
export function accessArena(v: Verification, { isWrite, valueNumber, sizeBytes, signExtends }: Access): void {
  if (isWrite || valueNumber < 0) return
  if (signExtends && !v.profile.extendsArenaLoads) {
    v.refuse(CODE, 'EOPNOTSUPP', 'sign extending loads from arena are not supported yet')
  }
  v.write(valueNumber, loaded(UNKNOWN_SCALAR, sizeBytes, signExtends))
}
