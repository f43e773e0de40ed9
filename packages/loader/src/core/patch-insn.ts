import { BPF_ALU, BPF_ALU64, BPF_CALL, BPF_DW, BPF_IMM, BPF_JMP, BPF_LD, BPF_LDX, type Insn } from '@bpfoundry/isa'
import type { CoreOutcome } from './core-relocator.ts'
import { badRelocation } from './type-space.ts'

/** What the verifier refuses where it comes to it: a helper that there is not. @see bpf_core_poison_insn of libbpf */
const POISON: Insn = { opcode: BPF_JMP | BPF_CALL, dst: 0, src: 0, off: 0, imm: 0xbad2310 }

const LD_IMM64 = BPF_LD | BPF_IMM | BPF_DW
const EMPTY: Insn = { opcode: 0, dst: 0, src: 0, off: 0, imm: 0 }

const USES_REGISTER = 0x08
const SIZE_BITS = 0x18
const MOST_OFFSET = 0x7fff

/** BPF_W, BPF_H, BPF_B, BPF_DW by number of bytes. */
const SIZE_OF: ReadonlyMap<number, number> = new Map([
  [4, 0x00],
  [2, 0x08],
  [1, 0x10],
  [8, 0x18],
])

/**
 * An instruction, and the slot after it where that is its second half, after a relocation.
 *
 * @throws LoaderError LOADER_RELOCATION for an instruction that does not hold what the compiler must have put there
 */
export function patchInsn(insn: Insn, second: Insn | undefined, outcome: CoreOutcome): readonly Insn[] {
  const insnClass = insn.opcode & 0x07
  if (insnClass === BPF_ALU || insnClass === BPF_ALU64) return [patchImmediate(insn, outcome)]
  if (insn.opcode === LD_IMM64 && second !== undefined) return patchWideImmediate(insn, second, outcome)
  if (insnClass >= BPF_LDX && insnClass < BPF_ALU) return [patchOffset(insn, outcome)]
  throw badRelocation('CO-RE relocation of an instruction that takes none', opcodeText(insn))
}

function patchImmediate(insn: Insn, { was, is }: CoreOutcome): Insn {
  if ((insn.opcode & USES_REGISTER) !== 0) throw badRelocation('CO-RE relocation of a register', opcodeText(insn))
  if (is === undefined) return POISON
  expectValue(BigInt.asUintN(64, BigInt(insn.imm)), was)
  return { ...insn, imm: Number(BigInt.asIntN(32, is.value)) }
}

function patchWideImmediate(insn: Insn, second: Insn, { was, is }: CoreOutcome): readonly Insn[] {
  const isPlain = insn.src === 0 && insn.off === 0 && second.opcode === 0 && second.dst + second.src + second.off === 0
  if (!isPlain) throw badRelocation('CO-RE relocation of a load that names something else', opcodeText(insn))
  if (is === undefined) return [POISON, POISON]
  expectValue((BigInt(second.imm >>> 0) << 32n) | BigInt(insn.imm >>> 0), was)
  const low = Number(BigInt.asIntN(32, is.value))
  return [
    { ...insn, imm: low },
    { ...EMPTY, imm: Number(BigInt.asIntN(32, is.value >> 32n)) },
  ]
}

function patchOffset(insn: Insn, { was, is, forbidsAccess }: CoreOutcome): Insn {
  if (is === undefined) return POISON
  expectValue(BigInt.asUintN(64, BigInt(insn.off)), was)
  if (is.value > MOST_OFFSET) throw badRelocation('a field lies too far in its struct', `${is.value}`)
  if (forbidsAccess) return POISON
  const off = Number(is.value)
  const [old, now] = [was.access?.sizeBytes, is.access?.sizeBytes]
  if (now === undefined || old === now) return { ...insn, off }
  const size = SIZE_OF.get(now)
  if (size === undefined || SIZE_OF.get(old ?? 0) !== (insn.opcode & SIZE_BITS)) {
    throw badRelocation('a field has a size that no load takes', `${now} bytes`)
  }
  return { ...insn, opcode: (insn.opcode & ~SIZE_BITS) | size, off }
}

function expectValue(found: bigint, { value, isCertain }: CoreOutcome['was']): void {
  const expected = BigInt.asUintN(64, value)
  if (!isCertain || found === expected) return
  throw badRelocation(`an instruction does not hold what CO-RE relocates: ${expected} is expected`, `${found}`)
}

function opcodeText({ opcode }: Insn): string {
  return `opcode 0x${opcode.toString(16)}`
}
