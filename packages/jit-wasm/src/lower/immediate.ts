import { type Insn, type InstructionRow, subprogTarget } from '@bpfoundry/isa'
import { OP } from '../binary/opcode.ts'
import type { Lower } from '../function-writer.ts'
import { CPU_LOCAL } from '../module-layout.ts'

/** Kind `ld_imm64`: a number of two slots; of a function its slot. @see RFC 9669, section 5.4 */
export function lowerImmediate(row: InstructionRow): Lower {
  if (row.operation !== 'func') {
    return (f, { dst, imm }, pc) => {
      f.code.i64Const(imm, (f.program.insns[pc + 1] as Insn).imm)
      f.set(64, dst)
    }
  }
  return (f, insn, pc) => {
    f.code.i64Const(subprogTarget(insn, pc) as number, 0)
    f.set(64, insn.dst)
  }
}

/** r1 = r2 + address of the CPU block: where this CPU keeps its variables. */
export const lowerPerCpuAddress: Lower = (f, { dst, src }) => {
  f.get(64, src)
  f.code.localGet(CPU_LOCAL)
  f.code.op(OP['i64.extend_i32_u'])
  f.code.op(OP['i64.add'])
  f.set(64, dst)
}
