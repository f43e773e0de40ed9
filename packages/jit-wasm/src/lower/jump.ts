/**
 * What conditional jumps ask: each leaves an i32 on the stack, not 0 when the jump is taken.
 *
 * @see RFC 9669, section 4.3
 */
import type { InstructionRow, Operation } from '@bpfoundry/isa'
import { OP } from '../binary/opcode.ts'
import type { Bits, Lower } from '../function-writer.ts'

// biome-ignore format: table
const COMPARISON: Partial<Record<Operation, readonly [number, number]>> = {
  jeq:  [OP['i32.eq'],   OP['i64.eq']],
  jne:  [OP['i32.ne'],   OP['i64.ne']],
  jgt:  [OP['i32.gt_u'], OP['i64.gt_u']],
  jge:  [OP['i32.ge_u'], OP['i64.ge_u']],
  jlt:  [OP['i32.lt_u'], OP['i64.lt_u']],
  jle:  [OP['i32.le_u'], OP['i64.le_u']],
  jsgt: [OP['i32.gt_s'], OP['i64.gt_s']],
  jsge: [OP['i32.ge_s'], OP['i64.ge_s']],
  jslt: [OP['i32.lt_s'], OP['i64.lt_s']],
  jsle: [OP['i32.le_s'], OP['i64.le_s']],
  // What is not 0 needs no comparison in 32 bits.
  jset: [OP['i32.and'],  OP['i64.and']],
}

/** Kind `jump`. */
export function lowerComparison(row: InstructionRow): Lower {
  const bits = row.bits as Bits
  const opcode = COMPARISON[row.operation]?.[bits === 32 ? 0 : 1] as number
  const isZero = row.operation === 'jeq' && row.src !== 'r' ? (bits === 32 ? OP['i32.eqz'] : OP['i64.eqz']) : undefined
  const test64 = row.operation === 'jset' && bits === 64
  return (f, insn) => {
    f.get(bits, insn.dst)
    if (isZero !== undefined && insn.imm === 0) f.code.op(isZero)
    else {
      f.operand(row, bits, insn)
      f.code.op(opcode)
    }
    if (test64) {
      f.code.i64Const(0)
      f.code.op(OP['i64.ne'])
    }
  }
}

/**
 * Kind `may_goto`: taken when no turn is left, else one less is.
 *
 * ```
 *   taken = loops == 0;  loops = loops - 1 + taken
 * ```
 */
export const lowerMayGoto: Lower = (f) => {
  const { code } = f
  const loops = f.scratch('loops')
  const taken = f.scratch('count')
  code.localGet(loops)
  code.op(OP['i32.eqz'])
  code.localTee(taken)
  code.localGet(loops)
  code.i32Const(1)
  code.op(OP['i32.sub'])
  code.localGet(taken)
  code.op(OP['i32.add'])
  code.localSet(loops)
}
